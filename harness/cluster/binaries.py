"""The programs a node runs, built from the pinned sources in `tools/node` once for all checkouts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness.cluster.host import require_space
from harness.images.archive import ImageArchive, write_archive
from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools import tool
from harness.tools.golang import digest, go_build
from harness.tools.pins import module_version
from harness.tools.store import make_once

MODULE = ROOT / "tools" / "node"
BUILD_GIB = 7.0  # with Go's caches cold: 4.2 for what it compiles, the rest modules and the programs themselves
MANIFESTS = Path(__file__).parent / "manifests"

COMPONENTS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
    "network-policy",
    "local-volumes",
)
"""Names under which the one program `kube` is different ones."""

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"


@dataclass(frozen=True)
class Program:
    """One main package of the module; `file` is where it lies below the directory of programs."""

    file: str
    package: str
    tags: tuple[str, ...] = ()
    ldflags: str = ""


def coredns_image() -> str:
    return f"registry.k8s.io/coredns/coredns:{module_version('github.com/coredns/coredns', MODULE)}"


def programs() -> list[Program]:
    """All of them, the longest build first: it is the one that a person waits for."""
    containerd = "github.com/containerd/containerd/v2/cmd"
    plugins = "github.com/containernetworking/plugins/plugins"
    without = ("no_btrfs", "no_devmapper", "no_zfs")  # snapshotters that need headers of C libraries
    return [
        Program("kube", "./kube", ldflags=_version_flags()),
        Program("containerd", f"{containerd}/containerd", without),
        Program("containerd-shim-runc-v2", f"{containerd}/containerd-shim-runc-v2", without),
        Program("ctr", f"{containerd}/ctr", without),
        Program("etcd", "go.etcd.io/etcd/server/v3"),
        Program("coredns", "./coredns"),
        Program("crane", "github.com/google/go-containerregistry/cmd/crane"),
        Program("cni/ptp", f"{plugins}/main/ptp"),
        Program("cni/loopback", f"{plugins}/main/loopback"),
        Program("cni/host-local", f"{plugins}/ipam/host-local"),
        Program("pause", "./pause"),
        Program("toolbox", "./toolbox"),
    ]


def _version_flags() -> str:
    """The version that Kubernetes reports; its own build sets it with the same flags."""
    full = module_version("k8s.io/kubernetes", MODULE)
    major, minor = full.removeprefix("v").split(".")[:2]
    values = {
        "gitVersion": full,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(f"-X {package}.{name}={value}" for package in packages for name, value in values.items())


def directory() -> Path:
    """Where the programs are, or will be: named after everything that decides what is built."""
    sources = [path.read_text() for path in sorted(MODULE.glob("*/*.go"))]
    return cache_dir("node") / digest(MODULE, *sources, repr(programs()), *COMPONENTS)


def build() -> Path:
    """The directory of the programs, built if they are not there.

    Raises:
        HarnessError: no Go, no network for the modules, too little disk, or it does not compile.
    """
    target = directory()
    if target.exists():
        return target
    go = tool("go")
    caches = json.loads(run([go, "env", "-json", "GOCACHE", "GOMODCACHE"]).stdout)
    require_space([cache_dir(), *map(Path, caches.values())], BUILD_GIB)
    return make_once(target, "Building Kubernetes for the node (the first time: about 10 minutes on two cores)", _make)


def _make(work: Path, shown: Step) -> None:
    go, todo = tool("go"), programs()
    (work / "cni").mkdir()
    for number, each in enumerate(todo, 1):
        part = f"{number} of {len(todo)}, {each.file}"
        shown.detail(part)
        file = work / each.file
        go_build(go, MODULE, each.package, file, shown, ldflags=each.ldflags, tags=each.tags, prefix=f"{part}: ")
    for component in COMPONENTS:
        (work / component).symlink_to("kube")
    (work / "images").mkdir()
    for reference, name, user in ((PAUSE_IMAGE, "pause", "65535:65535"), (coredns_image(), "coredns", "")):
        path, entrypoint = f"/{name}", [f"/{name}"]
        write_archive(_archive(work, reference), reference, {path: work / name}, entrypoint=entrypoint, user=user)


def node_images() -> list[ImageArchive]:
    """The images no cluster can start without."""
    return [ImageArchive(reference, _archive(directory(), reference)) for reference in (PAUSE_IMAGE, coredns_image())]


def _archive(where: Path, reference: str) -> Path:
    return where / "images" / f"{reference.rpartition('/')[2].replace(':', '-')}.tar"
