"""Odd values at every leaf: what the chart renders of them, the API server takes.

`python -m tests.cluster.test_sweep` renders without a cluster, and prints the same table without the last column.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from jsonschema_rs import validator_for

from harness.cluster import Cluster
from harness.helm import HelmError, Render
from harness.inprocess import NOTES, InProcess
from harness.kubectl import Kubectl
from harness.paths import ROOT
from tests.chart.test_schema_coverage import BASE, LEAVES, SCHEMA, at, put
from tests.chart.validation import effective
from tests.cluster.conftest import Measured
from tests.support import objects, split

Way = tuple[str | int, ...]

ODD: tuple[Any, ...] = (
    *(-1, 0.5, 70_000, 2**31, True),
    *(" ", "-", "0", "1a", "1.5Gi", "150%", "A", "a_b", "a.b", "a b", "a/b", "é", "..", "/", "x" * 64, "x" * 254),
)
"""What something in Kubernetes takes for a name, a number, a quantity or a path, and something else does not."""

KEYS: tuple[Way, ...] = (
    ("modelGroups", "full"),
    ("externalProviders", "outside"),
    ("onwards", "clientKeys", "team"),
    ("configMaps", "templates"),
    ("configMaps", "templates", "number"),
    ("commonLabels", "team"),
    ("commonAnnotations", "owner"),
    ("modelGroups", "full", "podLabels", "tier"),
    ("modelGroups", "full", "nodeSelector", "gpu"),
    ("modelGroups", "full", "resources", "limits", "cpu"),
)
"""Entries of maps whose keys the user chooses; the keys are odd in turn."""

ELSEWHERE = re.compile(
    r"(routes|externalProviders|httpRoute|serviceMonitor|prometheus|prometheusRule|global)\b.*|dashboards\.namespace"
    r"|.*\.(reasoningTranslation|responseHeaders|allowedAliases|clientKeys\.\w+\.\w+|extraArgs|args|command)\b.*"
)
"""Leaves that the API server does not judge: of the gateway, of engines, and of what the tests' cluster lacks."""

EXPECTED: dict[str, str] = {
    r"onwards\.service\.nodePort": "the range of node ports is a setting of the API server",
    r".*\.(service|loadBalancer)\.(clusterIP|externalIPs|healthCheckNodePort|loadBalancer[CS]|session|trafficD).*": (
        "Kubernetes' own fields, passed on as they are"
    ),
    r"extraObjects\b.*|.*\.(podSpec|containers|resourceClaims)\b.*": "Kubernetes' own fields, passed on as they are",
}
"""Leaves whose odd values only the API server refuses, and why the chart does not."""

PROCESSES = 4


def base() -> dict[str, Any]:
    """Values that set nearly every leaf, and that the API server takes."""
    without = ("routes", "httpRoute", "serviceMonitor", "prometheusRule")
    # As JSON, because parts of it are one object.
    values: dict[str, Any] = json.loads(json.dumps({key: value for key, value in BASE.items() if key not in without}))
    values["dashboards"]["namespace"] = ""
    values["onwards"]["autoscaling"]["metrics"] = []
    values["modelGroups"] = {"full": values["modelGroups"]["full"]}
    values["externalProviders"] = {"outside": values["externalProviders"]["outside"]}
    group, onwards = values["modelGroups"]["full"], values["onwards"]
    for each in (group, values["externalProviders"]["outside"]):
        del each["reasoningTranslation"]
    for service in (group["service"], onwards["service"], onwards["loadBalancer"]):
        del service["clusterIPs"]  # only one Service can have them
    return values


def scalars(value: Any, way: Way = ()) -> Iterator[Way]:
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from scalars(below, (*way, key))
    else:
        yield way


@dataclass
class Swept:
    """The documents of odd values, each once, and what was asked for and refused, by the first key of the leaf."""

    documents: dict[str, tuple[Way, Any]] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, way: Way, what: str) -> None:
        self.counts[str(way[0]), what] += 1


def odd_values() -> Iterator[tuple[Way, Any, dict[str, Any]]]:
    """The leaf, its odd value, and the values with it."""
    given = base()
    leaves = dict.fromkeys((*scalars(given), *(path for path, _ in LEAVES.values())))
    for way in (each for each in leaves if not ELSEWHERE.fullmatch(dotted(each))):
        for odd in ODD:
            values = deepcopy(given)
            put(values, way, odd)
            yield way, odd, values
    for way in KEYS:
        for odd in (each for each in ODD if isinstance(each, str)):
            values = deepcopy(given)
            owner = at(values, way[:-1])
            owner[odd] = owner.pop(way[-1])
            yield way, odd, values


def sweep() -> Swept:
    """Render every odd value; a document that several values share belongs to the first, those of the base to none."""
    schema, swept, valid = validator_for(SCHEMA), Swept(), []
    swept.documents.update(dict.fromkeys(rendered(base()) or (), ((), None)))
    for way, odd, values in odd_values():
        swept.count(way, "values")
        if schema.is_valid(effective(values)):
            valid.append((way, odd, values))
        else:
            swept.count(way, "refused by the schema")
    # Helm's library cannot be forked, and renders on one core.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        answers = pool.map(rendered, (values for _, _, values in valid), chunksize=50)
        for (way, odd, _), documents in zip(valid, answers, strict=True):
            swept.count(way, "refused by the templates" if documents is None else "rendered")
            for document in documents or ():
                swept.documents.setdefault(document, (way, odd))
    return swept


@cache
def library() -> InProcess:
    return InProcess()


def rendered(values: dict[str, Any]) -> list[str] | None:
    """The documents, or None where the templates refuse the values."""
    try:
        files = library().render(Render(ROOT, release="t", values=[values], skip_schema=True))
    except HelmError:
        return None
    return [document for name, text in files.items() if not name.endswith(NOTES) for document in split(text)]


def refused(kubectl: Kubectl, documents: list[str], directory: Path) -> dict[int, str]:
    """What the API server says to the documents that it refuses, by their number; nothing is stored."""
    for number, document in enumerate(documents):
        for each in objects(document):
            place = directory / str(number % PROCESSES)
            place.mkdir(exist_ok=True)
            (place / f"{number}.json").write_text(json.dumps(each))

    def create(place: Path) -> str:
        words = ("create", "--dry-run=server", "--validate=strict", "--output=name", "--filename", place)
        return kubectl.run(*words, check=False).stderr

    with ThreadPoolExecutor(PROCESSES) as pool:
        said = list(pool.map(create, sorted(directory.iterdir())))
    found: dict[int, str] = {}
    for text in said:
        # The message of one file goes on until the next one is named; warnings name none.
        for message in re.split(r"(?m)^(?=.*/\d+\.json)", re.sub(r"(?m)^Warning: .*\n?", "", text)):
            named = re.search(r"/(\d+)\.json\W*(?s:(.*))", message)
            if named:
                found[int(named[1])] = " ".join(named[2].split())
            else:
                assert not message.strip(), message
    return found


def table(swept: Swept) -> Iterator[str]:
    for part in sorted({part for part, _ in swept.counts}):
        yield f"{part}: " + ", ".join(f"{number} {what}" for (of, what), number in swept.counts.items() if of == part)


def dotted(way: Way) -> str:
    return ".".join(str(part) for part in way)


def test_what_is_rendered_of_odd_values_is_taken_by_the_api_server(
    cluster: Cluster, namespace: str, measured: Measured
) -> None:
    swept = sweep()
    documents = list(swept.documents)
    with tempfile.TemporaryDirectory(prefix="sweep-") as directory:
        found = refused(Kubectl(cluster.kubeconfig, namespace=namespace), documents, Path(directory))
    unexplained = []
    for number, message in found.items():
        way, odd = swept.documents[documents[number]]
        swept.count(way or ("base",), "documents refused by the API server")
        if not any(re.fullmatch(leaf, dotted(way)) for leaf in EXPECTED):
            unexplained.append(f"{dotted(way)}: {odd!r}: {message}")
    for line in table(swept):
        measured("counts", line)
    measured("documents", f"{len(documents)}, refused by the API server {len(found)}")
    assert unexplained == []


if __name__ == "__main__":
    print(*table(sweep()), sep="\n")
