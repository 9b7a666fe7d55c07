"""Running Helm, apart from the user's own configuration, plugins and clusters."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.paths import cache_dir
from harness.run import CommandError, Completed, run
from harness.tools import tool
from harness.tools.pins import KUBERNETES, parse_version

KUBE_VERSION = f"{KUBERNETES[0]}.{KUBERNETES[1]}.0"

Values = Path | Mapping[str, Any]
"""A values file, or the values themselves."""

CHART_PARTS = ("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json", ".helmignore")
CHART_TREES = ("templates", "files", "charts", "crds")

Fingerprint = tuple[tuple[str, int, int], ...]
"""Path, size in bytes and time of change of each file of a chart."""

RENDERS: dict[tuple[Any, ...], str] = {}
"""What this process has rendered, by all that it depends on: rendering is pure."""


@dataclass(frozen=True)
class Render:
    """What is rendered: a chart, and everything that its manifests depend on beside the Helm and the namespace.

    Of `values`, a later one overrides an earlier one, and `sets` (`a.b=c`) override them all. With `skip_schema` they
    are not validated against values.schema.json (Helm 3.16 and newer). With `upgrade` it is rendered as an upgrade of
    a release, not as its installation.
    """

    chart: Path | str
    release: str = "test-release"
    values: Sequence[Values] = ()
    sets: Sequence[str] = ()
    kube_version: str = KUBE_VERSION
    api_versions: Sequence[str] = ()
    skip_schema: bool = False
    upgrade: bool = False

    @property
    def key(self) -> str:
        """The same for the same input, the content of values files included; the chart's own files are not."""
        return json.dumps({**vars(self), "chart": str(self.chart)}, default=Path.read_text)


class HelmError(CommandError):
    """Helm refused or failed; the text is its output."""

    @property
    def output(self) -> str:
        """Helm's own words, without the command line."""
        return self.completed.stderr if self.completed else self.message


class Helm:
    """One Helm, with one cluster and namespace where it needs them.

    `binary` is Helm 4 unless named (`tool("helm3")` and `tool("helm-floor")` are others). Without a kubeconfig it knows
    no cluster at all.
    """

    def __init__(self, binary: Path | None = None, kubeconfig: Path | None = None, namespace: str = "default") -> None:
        self.binary = binary or tool("helm")
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    @cached_property
    def major(self) -> int:
        """The major version, such as 4."""
        return parse_version(self.run("version", "--short").stdout)[0]

    @property
    def environment(self) -> dict[str, str]:
        """The environment that this Helm always gets."""
        homes = {f"HELM_{kind.upper()}_HOME": str(cache_dir("helm", kind)) for kind in ("cache", "config", "data")}
        return {
            **homes,
            "HELM_PLUGINS": str(cache_dir("helm", "data", "plugins")),
            "HELM_REGISTRY_CONFIG": str(cache_dir("helm", "config") / "registry.json"),
            "HELM_DRIVER": "secret",
            "HELM_DEBUG": "false",
            "HELM_KUBECONTEXT": "",
            "HELM_NAMESPACE": self.namespace,
            "KUBECONFIG": str(self.kubeconfig or os.devnull),
        }

    def run(self, *args: str | Path, env: Mapping[str, str] | None = None) -> Completed:
        """Any Helm command; `env` overrides Helm's default environment.

        Raises:
            HelmError: it ended with another code than 0.
        """
        try:
            return run([self.binary, *args], env={**self.environment, **(env or {})})
        except CommandError as error:
            raise HelmError(error.message, error.hint, error.completed) from error

    def template(self, chart: Path | str, **inputs: Any) -> str:
        """The rendered manifests; `inputs` are the other fields of `Render`. The same input is rendered once.

        Raises:
            HelmError: the chart refuses the values.
        """
        render = Render(chart, **inputs)
        key = (self.binary, self.namespace, fingerprint(chart), render.key)
        if key not in RENDERS:
            RENDERS[key] = self._manifests(render)
        return RENDERS[key]

    def notes(self, chart: Path | str, **inputs: Any) -> str:
        """NOTES.txt as an installation prints it; `inputs` are the other fields of `Render`.

        `helm template` leaves the notes out, and Helm 3 contacts a cluster even for a dry run, so Helm 4 is needed. It
        assumes a Kubernetes version of its own here, and takes no other; only InProcess renders those of an upgrade.

        Raises:
            HelmError: the chart refuses the values.
        """
        render = Render(chart, **inputs)
        with _options(render.values, render.sets) as options:
            words = [render.release, render.chart, *options, "--dry-run=client", "--output", "json"]
            return str(json.loads(self.run("install", *words).stdout)["info"].get("notes", ""))

    def _manifests(self, render: Render) -> str:
        flags = ["--kube-version", render.kube_version]
        flags += [word for each in render.api_versions for word in ("--api-versions", each)]
        flags += ["--skip-schema-validation"] if render.skip_schema else []
        flags += ["--is-upgrade"] if render.upgrade else []
        with _options(render.values, render.sets) as options:
            return self.run("template", render.release, render.chart, *options, *flags).stdout

    def lint(self, chart: Path, values: Sequence[Values] = ()) -> str:
        """The output of `helm lint`. It passes on `fail` and unmet `required`: only a render proves that values work.

        Raises:
            HelmError: it found an error or a warning.
        """
        with _options(values) as options:
            return self.run("lint", chart, *options, "--strict", "--kube-version", KUBE_VERSION).stdout

    def package(self, chart: Path, directory: Path, epoch: int | None = None) -> Path:
        """Package the chart into `directory`; the archive's path.

        With `epoch` (seconds since 1970), every file in it gets that time: the same chart is the same bytes then.
        """
        env = {} if epoch is None else {"SOURCE_DATE_EPOCH": str(epoch)}
        output = self.run("package", chart, "--destination", directory, env=env).stdout
        return Path(output.strip().splitlines()[-1].partition("saved it to: ")[2])

    def push(self, package: Path, registry: str, plain_http: bool = True) -> str:
        """Push an archive to `oci://host:port/path`; the digest it has there."""
        done = self.run("push", package, registry, *(["--plain-http"] if plain_http else []))
        found = re.search(r"sha256:[0-9a-f]{64}", done.stdout + done.stderr)
        return found.group() if found else ""

    def pull(self, chart: str, directory: Path, plain_http: bool = False) -> Path:
        """Pull `oci://host/path@sha256:...` into the directory, which is empty; the archive's path.

        It comes from the registry, never from Helm's cache, which stores charts by their digest.

        Raises:
            HelmError: it does not exist, or does not have that digest.
        """
        words = ["pull", chart, "--destination", str(directory), *(["--plain-http"] if plain_http else [])]
        with tempfile.TemporaryDirectory(prefix="helm-cache-") as cache:
            self.run(*words, env={"HELM_CACHE_HOME": cache})
        (archive,) = directory.glob("*.tgz")
        return archive

    def upgrade_install(
        self,
        release: str,
        chart: Path | str,
        *,
        version: str | None = None,
        values: Sequence[Values] = (),
        sets: Sequence[str] = (),
        plain_http: bool = False,
        flags: Sequence[str] = (),
    ) -> str:
        """Install the release, and its namespace if that is missing, or upgrade it; what Helm prints, with the notes.

        It does not wait for the pods. `plain_http` is for `oci://` without TLS, `flags` are further ones, as words.
        """
        more = ["--create-namespace", *flags, *(["--plain-http"] if plain_http else [])]
        more += ["--version", version] if version else []
        with _options(values, sets) as options:
            return self.run("upgrade", "--install", release, chart, *options, *more).stdout

    def uninstall(self, release: str) -> str:
        """Remove a release where it is there, without waiting for its objects."""
        return self.run("uninstall", release, "--ignore-not-found").stdout

    def rollback(self, release: str) -> str:
        """Go back to the revision before, without waiting for the pods."""
        return self.run("rollback", release).stdout

    def releases(self) -> list[dict[str, Any]]:
        """The releases in the namespace, with Helm 4 in every state: name, revision, status, chart, app_version."""
        listed: list[dict[str, Any]] = json.loads(self.run("list", "--output", "json").stdout)
        return listed

    def test(self, release: str) -> str:
        """Run the release's test hooks."""
        return self.run("test", release).stdout


@contextmanager
def _options(values: Sequence[Values], sets: Sequence[str] = ()) -> Iterator[list[str | Path]]:
    """The options `--values` and `--set` for these; values that are no files yet are written into one, as JSON."""
    with tempfile.TemporaryDirectory(prefix="values-") as directory:
        words: list[str | Path] = []
        for number, each in enumerate(values):
            path = each if isinstance(each, Path) else Path(directory) / f"{number}.json"
            if not isinstance(each, Path):
                path.write_text(json.dumps(each, ensure_ascii=False))  # Helm reads no escaped surrogate pairs
            words += ["--values", path]
        yield [*words, *(word for each in sets for word in ("--set", each))]


def fingerprint(chart: Path | str) -> Fingerprint:
    """What a chart's render depends on; nothing for a chart in a registry."""
    if isinstance(chart, str):
        return ()
    if chart.is_file():
        paths = [chart]
    else:
        trees = (p for tree in CHART_TREES for p in sorted((chart / tree).rglob("*")))
        paths = [p for p in (*(chart / part for part in CHART_PARTS), *trees) if p.is_file()]
    states = ((p, p.stat()) for p in paths)
    return tuple((str(path), state.st_size, state.st_mtime_ns) for path, state in states)
