"""Every supported Helm version renders the same objects, and reports the same mistakes at the same paths.

The reference is Helm's library in this process, which the other tests use.

To list the mistakes, each with each Helm: `pytest -v tests/chart/test_helms.py -k mistake`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.helm import Helm, HelmError
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from harness.tools import tool
from tests.chart.cases import ACCEPTED
from tests.chart.mistakes import HINTED, REFUSED, Mistake, nested, pointer
from tests.support import Values

HELMS = ("helm", "helm3", "helm-floor")


@pytest.fixture(scope="module")
def library() -> Helm:
    from harness.inprocess import InProcess  # only here: a process that has loaded it cannot be forked

    return InProcess()


def objects(text: str) -> dict[tuple[str, str], Object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in Manifests.parse(text)}


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_they_render_the_same_objects(library: Helm, values: Values, binary: str) -> None:
    layers = [values] if values else []
    rendered, expected = (objects(each.template(ROOT, values=layers)) for each in (Helm(tool(binary)), library))
    assert rendered
    assert rendered == expected


Fault = tuple[str, str]
"""An error of the schema: its path as a JSON pointer, and its reason."""


def newer(stderr: str) -> list[Fault]:
    """The errors in stderr of Helm since 3.18: `at '/a/b': reason`."""
    return [(at, why) for at, why in re.findall(r"at '([^']*)': (.*)", stderr) if why != "validation failed"]


def older(stderr: str) -> list[Fault]:
    """The errors in stderr of older versions: `- a.b: reason`, with `(root)` for the top level."""
    found = re.findall(r"^- (\S+): (.*)", stderr, re.MULTILINE)
    return [("" if at == "(root)" else "/" + at.replace(".", "/"), why) for at, why in found]


def faults(stderr: str, binary: str) -> list[Fault]:
    return older(stderr) if binary == "helm-floor" else newer(stderr)


def forbids(why: str, key: str) -> bool:
    """Whether a reason is that this key is not allowed, in either wording."""
    listed = re.fullmatch(r"additional properties (.*) not allowed", why)
    return why == f"Additional property {key} is not allowed" or bool(listed and f"'{key}'" in listed[1].split(", "))


def packed(mistakes: Mapping[str, Mistake]) -> dict[str, int]:
    """A number for each mistake: those with the same number have different paths, so they fit one values file."""
    numbers: dict[str, int] = {}
    files: list[Any] = []
    for name, mistake in mistakes.items():
        for number in range(len(files) + 1):
            if number == len(files):
                files.append({})
            together = both(files[number], mistake.values)
            if together is not None:
                files[number], numbers[name] = together, number
                break
    return numbers


def both(one: Any, other: Any) -> Any:
    """Two values merged: maps by key, lists by their only item; None if they conflict."""
    if isinstance(one, dict) and isinstance(other, dict):
        shared = {key: both(one[key], other[key]) for key in one.keys() & other.keys()}
        return None if None in shared.values() else {**one, **other, **shared}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) == 1:
        item = both(one[0], other[0])
        return None if item is None else [item]
    return None


NUMBERS = packed(REFUSED)


@cache
def refused(number: int, binary: str) -> list[Fault]:
    """The errors that one Helm reports for all mistakes with a number; it reports them all at once."""
    values: Any = {}
    for name, mistake in REFUSED.items():
        if NUMBERS[name] == number:
            values = both(values, mistake.values)
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(ROOT, values=[values])
    return faults(caught.value.output, binary)


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_reported_at_its_path(name: str, binary: str) -> None:
    mistake, found = REFUSED[name], refused(NUMBERS[name], binary)
    assert any(at == mistake.place and (not mistake.key or forbids(why, mistake.key)) for at, why in found), found


def test_few_files_have_all_mistakes() -> None:
    """Helm is started once for each file, which takes most of the time."""
    assert len({*NUMBERS.values()}) < 10


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("name", ["onwarsd", "modelGroups.a.startupProbe.periodSecond", "onwards.service.port=70000"])
def test_a_mistake_alone_is_refused(name: str, binary: str) -> None:
    mistake = REFUSED[name]
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(ROOT, values=[mistake.values])
    assert {at for at, _ in faults(caught.value.output, binary)} == {mistake.place}


@cache
def hints(binary: str) -> list[Fault]:
    """The errors that one Helm reports for all keys of other charts."""
    values: Any = {}
    for path in HINTED:
        values = both(values, nested(path, "x"))
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(ROOT, values=[values])
    return faults(caught.value.output, binary)


def hint(path: str, binary: str) -> Fault:
    """The error that one Helm must report for the key at this path."""
    why = f'{path} does not match: "{HINTED[path]}"' if binary == "helm-floor" else f"value must be '{HINTED[path]}'"
    return pointer(path), why


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("place", sorted({path.rpartition(".")[0] for path in HINTED}))
def test_keys_of_other_charts_get_a_hint(place: str, binary: str) -> None:
    wanted = {hint(path, binary) for path in HINTED if path.rpartition(".")[0] == place}
    assert wanted - {*hints(binary)} == set()


@pytest.mark.parametrize("binary", HELMS)
def test_a_key_of_another_chart_gets_no_other_error(binary: str) -> None:
    """That a key is not allowed would be less specific, and nothing else is wrong with these values."""
    assert {at for at, _ in hints(binary)} == {pointer(path) for path in HINTED}


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that has this one as a dependency, with a condition."""
    chart = tmp_path_factory.mktemp("parent")
    packaged = Helm().package(ROOT, chart / "charts")
    version = yaml.safe_load((ROOT / "Chart.yaml").read_text())["version"]
    assert packaged.exists()
    dependency = {"name": "inference-stack", "version": version, "condition": "inference-stack.enabled"}
    about = {"apiVersion": "v2", "name": "parent", "version": "0.1.0", "dependencies": [dependency]}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    (chart / "values.yaml").write_text("{}\n")
    return chart


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize(
    ("values", "enabled"),
    [({}, True), ({"inference-stack": {"enabled": True}}, True), ({"inference-stack": {"enabled": False}}, False)],
    ids=["no-condition", "enabled", "disabled"],
)
def test_it_works_as_a_subchart(parent: Path, values: dict[str, Any], enabled: bool, binary: str) -> None:
    own = {**values, "global": {"imageRegistry": "mirror.example", "anything": {"else": 1}}}
    rendered = Manifests.parse(Helm(tool(binary)).template(parent, values=[own]) or "")
    assert bool(list(rendered)) == enabled


@pytest.mark.parametrize("binary", HELMS)
def test_a_parent_may_set_defaults_to_null(parent: Path, binary: str) -> None:
    """Helm 4 leaves a null from a parent in the values, Helm 3 removes the key."""
    own = {"onwards": {"resources": None, "tolerations": None, "image": {"tag": None}}, "commonLabels": None}
    group = {"enabled": True, "modelName": "o/m", "modelAlias": ["m"], "tolerations": None, "service": None}
    values = {"inference-stack": {**own, "modelGroups": {"m": group, "vllm-llama": None}}}
    assert Helm(tool(binary)).template(parent, values=[values])


@pytest.mark.parametrize("binary", HELMS)
def test_a_mistake_in_a_subchart_is_refused(parent: Path, binary: str) -> None:
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(parent, values=[{"inference-stack": {"onwards": {"replicaCounts": 2}}}])
    ((at, why),) = faults(caught.value.output, binary)
    assert at == "/onwards"
    assert forbids(why, "replicaCounts")
