"""Every refusal and warning of the chart, as a page.

The tests assert each text of `messages.yaml` word for word: the page shows what the chart prints. `unmentioned` reads
the sentences in the templates, so one without a case is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

import yaml

from harness.docs.cases import FILE, REFUSALS, WARNINGS
from harness.docs.markdown import cell
from harness.errors import HarnessError
from harness.golden import Dumper
from harness.manifests import load
from harness.paths import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.tpl"))
"""The templates with the chart's messages."""
STRING = r'"(?:[^"\\]|\\.)*"'

HEAD = """\
# Messages

Values that cannot work are **refused** before anything is installed, all problems at once, each with its path, the
reason and the YAML that helps. Values that can work but are risky are **warned** of in the notes that `helm install`
and `helm upgrade` print. A refusal ends with the page of docs/ that says more.

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


def title(case: str) -> str:
    """A case's name as a heading."""
    return case.replace("-", " ").capitalize()


def _yaml(values: object) -> str:
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000).strip()
    return re.sub(r"(\w)\1{999,}", r"\1\1\1...", text)


def page() -> str:
    """The complete page.

    Raises:
        HarnessError: a sentence of the templates has no case.
    """
    parts = [HEAD, "## Refusals"]
    parts += [f"### {title(name)}\n\n{_refusal(case.values, case.text)}" for name, case in REFUSALS.items()]
    parts.append("## Warnings")
    for name, case in WARNINGS.items():
        quoted = "\n\n".join(f"> {cell(line)}" for line in case.text.splitlines())
        parts.append(f'### {title(name)}\n\n{quoted}\n\n```yaml title="warned of"\n{_yaml(case.values)}\n```')
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    if missing := unmentioned(text):
        raise HarnessError("No case has:\n" + "\n".join(missing), f"Add one to {FILE.relative_to(ROOT)}")
    return text


def _refusal(values: object, text: str) -> str:
    problem, _, fix = text.partition("\nPlease set:\n")
    path, _, why = problem.partition(": ")
    shown = dedent(fix).strip()
    load(shown)  # what users are to paste must be YAML
    return (
        f"`{path}`: {cell(why)}\n\n"
        f'```yaml title="refused"\n{_yaml(values)}\n```\n\n'
        f'```yaml title="please set"\n{shown}\n```'
    )


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
