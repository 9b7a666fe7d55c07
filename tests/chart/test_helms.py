"""Every Helm that the chart promises to work with renders the same, and refuses the same mistakes at the same places.

The same is what Helm's library renders in this process, by which the other tests render.

A listing of the mistakes, each with each Helm: `pytest -v tests/chart/test_helms.py -k mistake`.
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
    here, there = (objects(each.template(ROOT, values=layers)) for each in (Helm(tool(binary)), library))
    assert here
    assert here == there


Fault = tuple[str, str]
"""Where Helm finds something wrong, as a JSON pointer, and what."""


def newer(said: str) -> list[Fault]:
    """What Helm prints since 3.18: `at '/a/b': reason`."""
    return [(at, why) for at, why in re.findall(r"at '([^']*)': (.*)", said) if why != "validation failed"]


def older(said: str) -> list[Fault]:
    """What Helm printed before: `- a.b: reason`, with `(root)` for the whole."""
    found = re.findall(r"^- (\S+): (.*)", said, re.MULTILINE)
    return [("" if at == "(root)" else "/" + at.replace(".", "/"), why) for at, why in found]


def faults(said: str, binary: str) -> list[Fault]:
    return older(said) if binary == "helm-floor" else newer(said)


def forbids(why: str, key: str) -> bool:
    """Whether a reason is that there is no such key, in either wording."""
    listed = re.fullmatch(r"additional properties (.*) not allowed", why)
    return why == f"Additional property {key} is not allowed" or bool(listed and f"'{key}'" in listed[1].split(", "))


def packed(mistakes: Mapping[str, Mistake]) -> dict[str, int]:
    """A number for each mistake: those of one number are at different places, so one values file can have them all."""
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
    """Two values in one: their maps, and the only items of their lists, laid over each other; None if they differ."""
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
    """What one Helm finds wrong with all mistakes of a number; it names every one of them at once."""
    values: Any = {}
    for name, mistake in REFUSED.items():
        if NUMBERS[name] == number:
            values = both(values, mistake.values)
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(ROOT, values=[values])
    return faults(caught.value.said, binary)


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_refused_where_it_is(name: str, binary: str) -> None:
    mistake, found = REFUSED[name], refused(NUMBERS[name], binary)
    assert any(at == mistake.place and (not mistake.key or forbids(why, mistake.key)) for at, why in found), found


def test_few_files_have_all_mistakes() -> None:
    """A Helm is started for each, which is what takes the time."""
    assert len({*NUMBERS.values()}) < 10


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("name", ["onwarsd", "modelGroups.a.startupProbe.periodSecond", "onwards.service.port=70000"])
def test_a_mistake_alone_is_refused(name: str, binary: str) -> None:
    mistake = REFUSED[name]
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(ROOT, values=[mistake.values])
    assert {at for at, _ in faults(caught.value.said, binary)} == {mistake.place}


@cache
def answered(binary: str) -> list[Fault]:
    """What one Helm says to every word from elsewhere at once."""
    values: Any = {}
    for path in HINTED:
        values = both(values, nested(path, "x"))
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(ROOT, values=[values])
    return faults(caught.value.said, binary)


def answer(path: str, binary: str) -> Fault:
    """What one Helm has to say at the word of this path."""
    said = f'{path} does not match: "{HINTED[path]}"' if binary == "helm-floor" else f"value must be '{HINTED[path]}'"
    return pointer(path), said


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("place", sorted({path.rpartition(".")[0] for path in HINTED}))
def test_words_from_elsewhere_are_answered(place: str, binary: str) -> None:
    wanted = {answer(path, binary) for path in HINTED if path.rpartition(".")[0] == place}
    assert wanted - {*answered(binary)} == set()


@pytest.mark.parametrize("binary", HELMS)
def test_a_word_from_elsewhere_gets_no_other_answer(binary: str) -> None:
    """That a key is not allowed would say less, and nothing else is wrong with these values."""
    assert {at for at, _ in answered(binary)} == {pointer(path) for path in HINTED}


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that has this one as its dependency, with a condition."""
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
def test_it_works_below_a_parent(parent: Path, values: dict[str, Any], enabled: bool, binary: str) -> None:
    given = {**values, "global": {"imageRegistry": "mirror.example", "anything": {"else": 1}}}
    rendered = Manifests.parse(Helm(tool(binary)).template(parent, values=[given]) or "")
    assert bool(list(rendered)) == enabled


@pytest.mark.parametrize("binary", HELMS)
def test_a_parent_may_take_defaults_away(parent: Path, binary: str) -> None:
    """Helm 4 leaves a null from a parent in the values, Helm 3 removes the key."""
    own = {"onwards": {"resources": None, "tolerations": None, "image": {"tag": None}}, "commonLabels": None}
    group = {"enabled": True, "modelName": "o/m", "modelAlias": ["m"], "tolerations": None, "service": None}
    values = {"inference-stack": {**own, "modelGroups": {"m": group, "vllm-llama": None}}}
    assert Helm(tool(binary)).template(parent, values=[values])


@pytest.mark.parametrize("binary", HELMS)
def test_a_mistake_below_a_parent_is_refused(parent: Path, binary: str) -> None:
    with pytest.raises(HelmError) as caught:
        Helm(tool(binary)).template(parent, values=[{"inference-stack": {"onwards": {"replicaCounts": 2}}}])
    ((at, why),) = faults(caught.value.said, binary)
    assert at == "/onwards"
    assert forbids(why, "replicaCounts")
