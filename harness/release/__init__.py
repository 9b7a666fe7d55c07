"""Releasing the chart: packaged, pushed, signed, attested, verified, installed; rehearsed by `nox -s release`.

`python -m harness.release` has one command for each part that the release workflow runs; `--dry-run` runs all of them
against a registry on loopback with a key made on the spot.
"""
