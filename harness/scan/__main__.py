"""`nox -s scan`: scan the defaults and every example; a finding without a waiver fails."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from harness.errors import HarnessError
from harness.helm import Helm
from harness.manifests import Manifests, pod_templates
from harness.paths import ROOT, examples
from harness.progress import console, step
from harness.scan import Finding, checkov, kube_score, restricted
from harness.scan.waivers import WAIVERS, waived

NAMESPACE = "inference"


def renders() -> dict[str, Manifests]:
    """The defaults and every example, as the API server gets them: in the namespace that Helm puts them into.

    But for `openshift`, which leaves the users that scanners ask for to OpenShift's admission.
    """
    helm = Helm(namespace=NAMESPACE)
    texts = {"defaults": helm.template(ROOT)}
    texts |= {path.stem: helm.template(ROOT, values=[path]) for path in examples() if path.stem != "openshift"}
    return {name: Manifests(map(known, map(placed, Manifests.parse(text)))) for name, text in texts.items()}


def placed(each: dict[str, Any]) -> dict[str, Any]:
    return {**each, "metadata": {"namespace": NAMESPACE, **each["metadata"]}}


def known(each: dict[str, Any]) -> dict[str, Any]:
    """A LeaderWorkerSet, which scanners do not know, as a Deployment of its leaders.

    The workers differ from those by what they lack, ports and probes, and by their hooks.
    """
    if each["kind"] != "LeaderWorkerSet":
        return each
    leader, _ = pod_templates(each)
    labels = {**leader["metadata"]["labels"], "leaderworkerset.sigs.k8s.io/worker-index": "0"}
    template = {**leader, "metadata": {**leader["metadata"], "labels": labels}}
    spec = {"replicas": each["spec"]["replicas"], "selector": {"matchLabels": labels}, "template": template}
    return {**each, "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


def scanned(of: Mapping[str, Manifests]) -> dict[str, set[Finding]]:
    """What all scanners find in each render."""
    with step("checkov"):
        found = checkov.scan(of)
    with step("kube-score, restricted"):
        for name, manifests in of.items():
            found[name] |= kube_score.scan(manifests) | restricted.scan(manifests)
    return found


def check(findings: Mapping[str, set[Finding]]) -> Counter[str]:
    """How often each waived rule is broken.

    Raises:
        HarnessError: there are findings without a waiver, or a waived rule that nothing breaks.
    """
    if new := [f"{name}: {each}" for name, found in findings.items() for each in sorted(found) if not waived(each)]:
        raise HarnessError("\n".join(new), "Fix what is rendered. A waiver is for a rule that is wrong for this chart.")
    counts = Counter(f"{each.scanner} {each.rule}" for found in findings.values() for each in found)
    wanted = {f"{name} {rule}" for waiver in WAIVERS for name, rules in waiver.rules.items() for rule in rules}
    if unneeded := sorted(wanted - counts.keys()):
        raise HarnessError(f"Waived, but not broken: {', '.join(unneeded)}", "Remove it from the waivers.")
    return counts


def main() -> int:
    argparse.ArgumentParser(prog="nox -s scan --", description=__doc__).parse_args()
    try:
        counts = check(scanned(renders()))
    except HarnessError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    for rule, count in sorted(counts.items()):
        console.print(f"  waived: {rule}, {count} objects")
    console.print(f"scan: 0 findings, {counts.total()} waived by {len(WAIVERS)} waivers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
