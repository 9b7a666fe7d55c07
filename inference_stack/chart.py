"""What Helm renders of the chart: that of this plugin, of this checkout, or another one that the user names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from inference_stack.documents import Object, load_all
from inference_stack.errors import StackError
from inference_stack.programs import helm, run

PUBLISHED = "oci://ghcr.io/doublewordai/inference-stack"
HERE = Path(os.path.realpath(__file__)).parents[1]
"""The checkout, or the archive that Python runs this from."""


def default_chart() -> str:
    """The chart beside the plugin, else this checkout, else the published one."""
    if (HERE / "Chart.yaml").is_file():
        return str(HERE)
    beside = sorted(HERE.parent.glob("inference-stack-[0-9]*.tgz"))
    return str(beside[-1]) if beside else PUBLISHED


def version() -> str:
    """This tool's version: that of the chart it comes with; empty where it comes with none."""
    if (HERE / "Chart.yaml").is_file():
        found = re.search(r"(?m)^version: *(\S+)", (HERE / "Chart.yaml").read_text())
        return found[1] if found else ""
    return Path(default_chart()).name[len("inference-stack-") : -len(".tgz")] if HERE.is_file() else ""


def rendered(
    release: str,
    namespace: str,
    options: Sequence[str],
    chart: str = "",
    kubernetes: str = "",
    apis: Sequence[str] = (),
) -> list[Object]:
    """The objects that an installation would make, those of `helm test` left out; `options` are Helm's own.

    Raises:
        StackError: the chart refuses the values; in its own words.
    """
    words = ["template", release, chart or default_chart(), f"--namespace={namespace}", *options]
    words += [f"--kube-version={kubernetes}"] if kubernetes else []
    words += [f"--api-versions={each}" for each in apis]
    done = run(helm(), words)
    if done.returncode:
        raise RefusedError(done.stderr.strip(), "Nothing was checked: fix the values and try again.")
    return objects(done.stdout)


def installed(release: str, namespace: str, options: Sequence[str] = ()) -> list[Object]:
    """The objects of an installed release.

    Raises:
        StackError: there is no such release.
    """
    done = run(helm(), ["get", "manifest", release, f"--namespace={namespace}", *options])
    if done.returncode:
        hint = "Name its namespace with -n, or give values with -f to check them before an installation."
        raise StackError(f"Helm does not find the release {release}: {done.stderr.strip()}", hint)
    return objects(done.stdout)


def objects(text: str) -> list[Object]:
    """The objects of manifests, without those of `helm test`."""
    found = [each for each in load_all(text) if isinstance(each, dict) and each.get("kind")]
    items = [item for each in found for item in (each["items"] if each["kind"] == "List" else [each])]
    hooks = [str((each["metadata"].get("annotations") or {}).get("helm.sh/hook", "")) for each in items]
    return [each for each, hook in zip(items, hooks) if "test" not in hook]


class RefusedError(StackError):
    """The chart refuses the values."""
