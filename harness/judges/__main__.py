"""`python -m harness.judges [--write]`: what the judges find in the defaults and in every example, against the report.

The report only shrinks: a finding that is not in it fails, and one that is in it and not found any more asks for
`--write`, which never adds one. Waived findings are listed apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import generated
from harness.errors import HarnessError
from harness.helm import Helm
from harness.judges import checkov, kube_score, restricted
from harness.judges.finding import Finding
from harness.judges.waivers import WAIVERS, waived
from harness.manifests import Manifests
from harness.paths import ROOT, examples
from harness.progress import console, step

REPORT = Path(__file__).with_name("report.json")
NAMESPACE = "inference"
MEND = "nox -s judges -- --write"

Findings = dict[str, set[Finding]]
Listed = dict[str, dict[str, dict[str, list[str]]]]


def renders() -> dict[str, Manifests]:
    """The defaults and every example, as the API server gets them: in the namespace that Helm puts them into."""
    helm = Helm(namespace=NAMESPACE)
    texts = {"defaults": helm.template(ROOT)}
    texts |= {path.stem: helm.template(ROOT, values=[path]) for path in examples()}
    return {name: Manifests(map(placed, Manifests.parse(text))) for name, text in texts.items()}


def placed(each: dict[str, Any]) -> dict[str, Any]:
    return {**each, "metadata": {"namespace": NAMESPACE, **each["metadata"]}}


def judged(of: Mapping[str, Manifests]) -> Findings:
    """What all judges find in each render."""
    with step("checkov"):
        found = checkov.judge(of)
    with step("kube-score, restricted"):
        for name, manifests in of.items():
            found[name] |= kube_score.judge(manifests) | restricted.judge(manifests)
    return found


def listed(findings: Mapping[str, Iterable[Finding]]) -> Listed:
    """Findings by render, judge and rule, as the report lists them."""
    lists: Listed = {}
    for name, found in findings.items():
        for each in sorted(found):
            lists.setdefault(name, {}).setdefault(each.judge, {}).setdefault(each.rule, []).append(each.thing)
    return lists


def report(findings: Findings) -> dict[str, Listed]:
    """What the report has to say."""
    without = {name: waived(found).keys() for name, found in findings.items()}
    return {
        "findings": listed({name: found - without[name] for name, found in findings.items()}),
        "waived": listed(without),
    }


def flat(lists: Listed) -> set[tuple[str, str, str, str]]:
    return {
        (name, judge, rule, thing)
        for name, judges in lists.items()
        for judge, rules in judges.items()
        for rule, things in rules.items()
        for thing in things
    }


def idle(findings: Findings) -> list[str]:
    """The waived rules that nothing breaks."""
    broken = {(each.judge, each.rule) for found in findings.values() for each in found}
    return [
        f"{judge} {rule}"
        for waiver in WAIVERS
        for judge, rules in waiver.rules.items()
        for rule in rules
        if (judge, rule) not in broken
    ]


def compare(now: dict[str, Listed], before: dict[str, Listed]) -> None:
    """Whether there is nothing new.

    Raises:
        HarnessError: there are findings that were not there before.
    """
    new = sorted(flat(now["findings"]) - flat(before["findings"]))
    if new:
        raise HarnessError(
            "\n".join(f"{name}: {judge} {rule} in {thing}" for name, judge, rule, thing in new),
            "Mend what is rendered. A waiver is for a rule that is wrong here, not for one that is hard to keep.",
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s judges --", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the report, if it has got shorter")
    write = parser.parse_args().write
    try:
        findings = judged(renders())
        now = report(findings)
        before = json.loads(REPORT.read_text())
        compare(now, before)
        if unneeded := idle(findings):
            raise HarnessError(f"Waived, but not broken: {', '.join(unneeded)}", "Take it out of the waivers.")
        text = json.dumps(now, indent=1) + "\n"
        if write:
            REPORT.write_text(text)
        generated.check({REPORT: text}, MEND)
    except HarnessError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    counts = {kind: len(flat(lists)) for kind, lists in now.items()}
    console.print(f"judges: {counts['findings']} findings, {counts['waived']} waived by {len(WAIVERS)} waivers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
