"""Shell lines of the README and the pages that need no cluster, run as they are printed; of the others, what runs them.

The chart of this checkout is behind the address it is published at, and the user's own files have the values that the
page shows above. What would change a cluster is a client's dry run.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path

import pytest
import trustme
import yaml

from harness.manifests import load_all
from harness.paths import ROOT
from harness.run import Completed, run
from harness.tools import tool
from tests.pages import Line, lines

HERE = (
    "helm template",
    "helm inference-stack images",
    "helm inference-stack plan",
    "helm install",
    "helm upgrade",
    "kubectl create",
    "python -m",
)
"""Commands that are run here, `helm upgrade` as the installation of a new release."""

FILTERS = ("base64", "diff", "grep", "openssl", "sort")

ELSEWHERE = {
    ".": "tests/cluster/test_fresh_debian.py",
    "cd": "tests/cluster/test_fresh_debian.py",
    "cosign verify": "harness/release/cosign.py",
    "cosign verify-attestation": "harness/release/cosign.py",
    "curl": "tests/cluster/test_pages.py",
    "gh attestation": "no test: it asks GitHub",
    "git clone": "tests/cluster/test_fresh_debian.py",
    "helm diff": "no test: a plugin of others",
    "helm get": "tests/cluster/test_pages.py",
    "helm inference-stack images --lock": "tests/harness/test_images_of_values.py",
    "helm inference-stack preflight": "tests/cluster/test_preflight.py",
    "helm plugin": "tests/harness/test_plugin.py",
    "helm history": "tests/cluster/test_pages.py",
    "helm pull": "harness/release/publication.py",
    "helm push": "harness/release/publication.py",
    "helm rollback": "tests/cluster/test_pages.py",
    "helm test": "tests/cluster/test_pages.py",
    "helm uninstall": "tests/cluster/test_pages.py",
    "hf": "no test: it asks Hugging Face",
    "kubectl delete": "tests/cluster/test_pages.py",
    "kubectl describe": "tests/cluster/test_pages.py",
    "kubectl get": "tests/cluster/test_pages.py",
    "kubectl label": "tests/cluster/test_pages.py",
    "kubectl logs": "tests/cluster/test_pages.py",
    "kubectl patch": "tests/cluster/test_pages.py",
    "kubectl port-forward": "tests/cluster/test_pages.py",
    "kubectl replace": "tests/cluster/test_pages.py",
    "kubectl rollout": "tests/cluster/test_pages.py",
    "mkdir": "no test: it makes a directory",
    "nox -s": ".ci/run",
    "oc": "no test: OpenShift's client",
    "pipx install": "no test: it changes the machine",
    "pip install": "tests/cluster/test_fresh_debian.py",
    "tar": "tests/harness/test_plugin.py",
    "python3 -m": "tests/cluster/test_fresh_debian.py",
    "xargs": "no test: it copies from registries on the internet",
}
"""Commands that are not run here: the file that runs the same ones on a cluster or a registry, or why nothing does."""

FUNCTIONS = """
set -euo pipefail
helm() {
  local words=() word
  if [[ $1 == inference-stack ]]; then
    HELM_BIN=$HELM PYTHONPATH=$CHART "$PYTHON" -m inference_stack "${@:2}"
    return
  fi
  for word in "$@"; do
    case $word in
      oci://ghcr.io/doublewordai/inference-stack* | inference-stack-\\*.tgz | .) words+=("$CHART") ;;
      upgrade) words+=(install --dry-run=client) ;;
      install) words+=(install --dry-run=client) ;;
      --install | --reset-then-reuse-values) ;;
      *) words+=("$word") ;;
    esac
  done
  command "$HELM" "${words[@]}"
}
kubectl() { command "$KUBECTL" "$@" --dry-run=client --output=yaml; }
python() { command "$PYTHON" "$@"; }
"""


ONE_JOB = (".", "cd", "curl", "hf", "mkdir", "oc", "tar", "xargs")


def kind(words: list[str]) -> str:
    """A command's name in the tables above: the program, and what it is to do where it has several jobs."""
    if words[0] in (*FILTERS, *ONE_JOB):
        return words[0]
    name = " ".join(words[: 3 if words[1] == "inference-stack" else 2])
    return f"{name} --lock" if "--lock" in words else name


def runs_here(line: Line) -> bool:
    kinds = [kind(words) for words in line.commands]
    return kinds[0] in HERE and set(kinds) <= {*HERE, *FILTERS}


def shell(text: str, directory: Path, helm: Path) -> Completed:
    env = {
        "CHART": str(ROOT),
        "HELM": str(helm),
        "KUBECTL": str(tool("kubectl")),
        "PYTHON": sys.executable,
        "KUBECONFIG": os.devnull,
        "PASSWORD": "secret",
    }
    return run(["bash", "-c", f"{FUNCTIONS}\n{text}"], cwd=directory, env=env)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where a user types: an empty directory, but for the chart's own examples."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for name in ("harness", "inference_stack"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def files(line: Line, directory: Path) -> None:
    """The user's own files that a line names: values, certificates, and a bundle of them."""
    authority = trustme.CA()
    for option, name in re.findall(r"(-f|--values|--from-file|--cert|--key)[ =]([\w.-]+)(?= |$)", line.text):
        if option in ("-f", "--values"):
            (directory / name).write_text(yaml.safe_dump(line.values))
        elif option == "--from-file":
            authority.cert_pem.write_to_path(directory / name)
    if "--cert=" in line.text:
        issued = authority.issue_cert("inference.example.com")
        issued.cert_chain_pems[0].write_to_path(directory / "tls.crt")
        issued.private_key_pem.write_to_path(directory / "tls.key")


@pytest.mark.parametrize("line", [each for each in lines() if runs_here(each.values[0])])
def test_it_runs_as_printed(line: Line, directory: Path) -> None:
    files(line, directory)
    printed = shell(line.assigned + line.text, directory, tool("helm")).stdout
    if line.commands[0][:2] == ["kubectl", "create"]:
        (made,) = load_all(printed)
        assert made["metadata"]["name"] in line.commands[0]
        assert all((made.get("data") or {"none": ""}).values())


@pytest.mark.parametrize("line", lines())
def test_what_is_not_run_here_is_run_elsewhere_or_said_why_not(line: Line) -> None:
    known = {*HERE, *FILTERS, *ELSEWHERE}
    assert [words for words in line.commands if kind(words) not in known] == []


def test_what_runs_the_others_is_there_and_pages_have_them() -> None:
    places = [where for where in ELSEWHERE.values() if not where.startswith("no test: ")]
    assert [where for where in places if not (ROOT / where).exists()] == []
    shown = {kind(words) for each in lines() for words in each.values[0].commands}
    assert ELSEWHERE.keys() <= shown
    assert sum(runs_here(each.values[0]) for each in lines()) > 10


@cache
def flags(command: str) -> set[str]:
    """The flags that kubectl takes for a command, and everywhere."""
    told = "".join(run([tool("kubectl"), *words]).stdout for words in ([*command.split(), "--help"], ["options"]))
    return {flag for pair in re.findall(r"(?m)^ +(?:(-\w), )?(--[a-z][a-z-]*)=", told) for flag in pair if flag}


@pytest.mark.parametrize("line", [each for each in lines() if "kubectl" in each.values[0].text])
def test_kubectl_knows_each_command_and_its_flags(line: Line) -> None:
    for _, *names in (words for words in line.commands if words[0] == "kubectl"):
        depth = 3 if names[:2] == ["create", "secret"] else 2 if names[0] in ("create", "rollout") else 1
        given = {word.partition("=")[0] for word in names if word.startswith("-") and word != "-"}
        assert given <= flags(" ".join(names[:depth]))
