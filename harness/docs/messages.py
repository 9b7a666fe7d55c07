"""Every refusal of the chart as a page, and every warning as another.

The tests assert each text of `messages.yaml` word for word: the page shows what the chart prints. `unmentioned` reads
the sentences in the templates, so one without a case is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

import yaml

from harness.docs import tables
from harness.docs.cases import FILE, REFUSALS, WARNINGS
from harness.docs.markdown import cell
from harness.docs.values import documented
from harness.errors import HarnessError
from harness.golden import Dumper
from harness.manifests import load
from harness.paths import ROOT

PAGES = ("messages.md", "warnings.md")
"""The pages, of refusals and of warnings."""
TEMPLATES = sorted((ROOT / "templates").rglob("*.tpl"))
"""The templates with the chart's messages."""
STRING = r'"(?:[^"\\]|\\.)*"'

HEAD = """\
# Messages

Values that cannot work are **refused** before anything is installed, all problems at once, each with its path, the
reason and the YAML that helps. Values that can work but are risky are **warned** of in the notes that `helm install`
and `helm upgrade` print: they are on [a page of their own](warnings.md). A refusal ends with the guide of its key and
with its place on this page.

To find a message, search for its words: headings are beginnings of messages, below the key that is at fault.

Before both, Helm holds the values against the chart's schema: an unknown key, a wrong type and a number out of bounds
are refused with their path (`values don't meet the specifications of the schema(s)`, and for example
`at '/modelGroups/chat': additional properties 'modelAlais' not allowed`). Keys of other charts are answered with this
chart's key (`at '/onwards/replicas': value must be 'did you mean replicaCount?'`), other values with what they have to
be (`at '/modelGroups/chat/sharedMemory': value must be 'a quantity such as 16Gi, 500m or 4'`); values that could be
keys are not printed. [Values](values.md) lists the valid keys.

A parent chart that has this one under two aliases is refused if both would have the same names, as `chat` and `embed`
would in a release called `prod-chat-embed`: the objects of chat would have the names of those of embed. Setting
`fullnameOverride` of one of them tells them apart.

Each message is listed with values that cause it; yours will have other names and numbers.
"""

WARNINGS_HEAD = """\
# Warnings

Values that can work but are risky are warned of in the notes that `helm install` and `helm upgrade` print, below
*Please note*. What cannot work is refused: [messages](messages.md).

To find a warning, search for its words: headings are beginnings of warnings, below the key that they are of. Each is
listed with values that cause it; yours will have other names and numbers.
"""

OWN = "modelGroups|externalProviders|routes|configMaps|extraObjects"
"""The maps whose keys the user chooses, as messages name them."""
UNKNOWN = re.compile(r"is not a key of|it has a value of its own in place of keys")
OTHERS = "What is refused of a key that has no heading above is what is refused of others: search for the words."
NO_KEY = "The release"
"""Where messages of no key stand."""
CLAUSE = re.compile(r"; |, so |, because |, and |, which |: | \(|\. |[.?]$")
"""Where a clause ends."""
SHORTEST = 18
"""A shorter beginning of a sentence does not tell it from others."""


def anchor(path: str, why: str = "") -> str:
    """The anchor of a key's messages, by the path and sentence of one, as templates/_helpers/_problem.tpl has it."""
    if UNKNOWN.search(why):
        return "unknown-keys"
    return _key(path).lower().replace(".", "-")


def _key(path: str) -> str:
    """The key of the chart that a path is below, without the name in between: `modelGroups.volumes`."""
    path = re.sub(rf"^({OWN})\.[^.\[]+", r"\1", path)
    return re.sub(r"^([^.\[]+(\.[^.\[]+)?).*$", r"\1", path)


@cache
def _keys() -> dict[str, str]:
    """The keys that messages can be of, by their anchors."""
    shown: dict[str, str] = {}
    for key in documented():
        here = re.sub(r"\.<\w+>", "", key.path)
        if here.count(".") < 2 and "[" not in here:
            shown.setdefault(here.lower().replace(".", "-"), key.path)
    return shown


def heading(sentence: str) -> str:
    """The words that a message begins with, behind its path, as a heading: those of its first clause."""
    ends = (match.start() for match in CLAUSE.finditer(sentence))
    return cell(sentence[: next((end for end in ends if end >= SHORTEST), len(sentence))])


@dataclass(frozen=True)
class Entry:
    """A case on the page: the anchor of its key, its heading, and what stands below it, marked with the case's name."""

    anchor: str
    heading: str
    text: str


def _yaml(values: object) -> str:
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000).strip()
    return re.sub(r"(\w)\1{999,}", r"\1\1\1...", text)


def pages() -> dict[str, str]:
    """Each of `PAGES` by its name.

    Raises:
        HarnessError: a sentence of the templates has no case.
    """
    refused, warned = refusals(), warnings()
    own = {each.anchor for each in refused}
    marks = "\n".join(_mark(each) for each in _keys() if each not in own)
    texts = [
        [HEAD, "## Refusals", *_sections(refused), f"### Other keys\n\n{marks}\n\n{OTHERS}"],
        [WARNINGS_HEAD, "## By key", *_sections(warned)],
    ]
    made = {name: "\n\n".join(part.strip() for part in parts) + "\n" for name, parts in zip(PAGES, texts, strict=True)}
    if missing := unmentioned("\n".join(made.values())):
        raise HarnessError("No case has:\n" + "\n".join(missing), f"Add one to {FILE.relative_to(ROOT)}")
    return made


def anchors(page: str) -> set[str]:
    """What can be linked to on the page: its marks, and its headings of keys."""
    headings = (tables.anchor(found.replace(" ", "-")) for found in re.findall(r"(?m)^### (.+)$", page))
    return {*re.findall(r'<a id="([^"]+)"></a>', page), *headings}


def _mark(name: str) -> str:
    """An address on the page that is no heading."""
    return f'<a id="{name}"></a>'


def _sections(entries: Iterable[Entry]) -> Iterator[str]:
    """The entries by their keys, those of one heading together."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in entries:
        found.setdefault(each.anchor, {}).setdefault(each.heading, []).append(each.text)
    for of, headings in found.items():
        key = _keys().get(of)
        title = f"`{key}`" if key else of.replace("-", " ").capitalize() if of else NO_KEY
        mark = f"{_mark(of)}\n\n" if of not in ("", tables.anchor(title.replace(" ", "-"))) else ""
        yield f"{mark}### {title}"
        if key:
            yield f"The key: [`{key}`](values.md#{tables.anchor(key)})."
        for words, texts in headings.items():
            yield f"#### {words}"
            yield from texts


def refusals() -> list[Entry]:
    """The refusals, in the order of their cases."""
    return [_refusal(name, case.values, case.text) for name, case in REFUSALS.items()]


def _refusal(name: str, values: object, text: str) -> Entry:
    problem, _, fix = text.partition("\nPlease set:\n")
    path, _, why = problem.partition(": ")
    shown = dedent(fix).strip()
    load(shown)  # what users are to paste must be YAML
    body = (
        f"{_mark(name)}`{path}`: {cell(why)}\n\n"
        f'```text title="refused"\n{_yaml(values)}\n```\n\n'
        f'```text title="please set"\n{shown}\n```'
    )
    return Entry(anchor(path, why), heading(why), body)


def warnings() -> list[Entry]:
    """The warnings, in the order of their cases, each under the first of its sentences that no earlier one has."""
    entries: list[Entry] = []
    for name, case in WARNINGS.items():
        lines = [_warning(line) for line in case.text.splitlines()]
        known = {(each.anchor, each.heading) for each in entries}
        of, words = next((line for line in lines if line not in known), lines[0])
        quoted = "\n\n".join(f"> {cell(line)}" for line in case.text.splitlines())
        entries.append(
            Entry(of, words, f'{_mark(name)}\n\n{quoted}\n\n```text title="warned of"\n{_yaml(case.values)}\n```')
        )
    return entries


def _warning(line: str) -> tuple[str, str]:
    """Anchor of the key and heading of a warning; one of the whole release begins with no path."""
    path, colon, why = line.partition(": ")
    of = anchor(path.partition(",")[0])
    return (of, heading(why)) if colon and of in _keys() else ("", heading(line))


def sentences(template: str) -> Iterator[str]:
    """Regular expressions for the sentences of a template's rules, without the path that each begins with.

    A rule prints its sentence behind an empty line, on as many lines as it takes; or it sets `$why` first.
    """
    template = re.sub(r"(?s)\{\{- /\*.*?\*/ -\}\}", "", template)
    for match in re.finditer(rf'\$why = (?:printf )?({STRING})|"why" ({STRING})', template):
        string = (match[1] or match[2])[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        yield re.sub(r"%(?:\[\d+\])?[sdqv]", ".*", re.escape(cell(string)))
    for match in re.finditer(r"\n\n((?:(?!Please set:| *\{\{-).+\n)+)", template):
        _, _, sentence = match[1].strip().replace("\n", " ").partition(": ")
        parts = re.split(r"\{\{.*?\}\}", sentence)
        yield ".*".join(re.escape(cell(part)) for part in parts)


def unmentioned(page: str) -> list[str]:
    """The sentences of the templates that no line of the page has."""
    wanted = [sentence for path in TEMPLATES for sentence in sentences(path.read_text())]
    return [sentence for sentence in wanted if not re.search(sentence, page)]
