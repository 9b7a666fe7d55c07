"""chart-testing (ct), by which the Helm community checks charts: `python -m harness.chart_testing` lints.

Both its commands take every values file of ci/. The chart is named explicitly, so it does not query git; versions are
release-please's to raise, and the maintainers are a team, which has no account to look up.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from harness.errors import HarnessError
from harness.helm import Helm
from harness.paths import ROOT
from harness.progress import step
from harness.run import run
from harness.tools import link, tool
from harness.tools.pins import module_version

MODULE = "github.com/helm/chart-testing/v3"


def lint() -> str:
    """Chart.yaml against chart-testing's schema, YAML's style, `helm lint` and helm-unittest; what ct prints.

    Raises:
        HarnessError: one of them finds something.
    """
    version = module_version(MODULE)
    words: list[str | Path] = [tool("go"), "mod", "download", "-json", f"{MODULE}@{version}"]
    source = Path(json.loads(run(words, cwd=ROOT / "tools").stdout)["Dir"])
    return ct(
        Helm(),
        "lint",
        f"--chart-yaml-schema={source / 'etc' / 'chart_schema.yaml'}",
        "--lint-conf=.yamllint",
        "--check-version-increment=false",
        "--validate-maintainers=false",
        "--helm-lint-extra-args=--strict",
        f"--additional-commands={tool('helm-unittest')} --strict {{{{ .Path }}}}",
    )


def install(helm: Helm, timeout: float) -> str:
    """Install, wait at most `timeout` seconds, `helm test` and uninstall, for each file of ci/; what ct prints.

    Raises:
        HarnessError: one of them fails, with the pods' descriptions and logs.
    """
    return ct(helm, "install", f"--namespace={helm.namespace}", f"--helm-extra-args=--timeout {timeout:.0f}s")


def ct(helm: Helm, command: str, *options: str) -> str:
    path = os.pathsep.join((str(link(["helm", "kubectl"])), str(Path(sys.executable).parent), os.environ["PATH"]))
    words: list[str | Path] = [tool("ct"), command, "--charts=.", *options]
    done = run(words, cwd=ROOT, env={**helm.environment, "PATH": path}, check=False)
    if done.returncode:
        raise HarnessError(f"ct {command} ended with code {done.returncode}:\n{done.stdout}\n{done.stderr}".strip())
    return done.stdout


def main() -> int:
    argparse.ArgumentParser(prog="nox -s ct --", description=__doc__).parse_args()
    try:
        with step("ct lint"):
            output = lint()
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
