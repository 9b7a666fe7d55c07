# /// script
# requires-python = ">=3.11"
# dependencies = ["nox==2026.10.20"]
# ///
"""What people and CI run: `nox -s NAME -- ARGUMENTS` runs one, `nox -s NAME -- --help` is its own help."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"

PYPROJECT = Path("pyproject.toml")


def prepare(session: nox.Session, *groups: str, harness: bool = True) -> None:
    """Install the harness and these dependency groups, once for each state of pyproject.toml.

    Without `harness`, only the groups: the session runs it from the checkout.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - nox itself runs on older ones
        session.error("Python 3.11 or newer is needed: install nox with it, and run that nox.")
    stamp = Path(session.virtualenv.location) / "prepared"
    state = hashlib.sha256(PYPROJECT.read_bytes() + repr(groups).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    wanted = nox.project.dependency_groups(nox.project.load_toml(PYPROJECT), *groups)
    session.install(*(["--editable", "."] if harness else []), *wanted)
    stamp.write_text(state)


def pytest(session: nox.Session, *options: str, paths: tuple[str, ...]) -> None:
    """Run pytest on these paths, or on what is named behind `--` below tests; the report is `.nox/SESSION.xml`."""
    named = [Path(each.partition("::")[0]).resolve() for each in session.posargs]
    tests = Path("tests").resolve()
    arguments = [*options, *session.posargs]
    if not any(path.is_relative_to(tests) and path.exists() for path in named):
        arguments += paths
    prepare(session, "docs", "test", "engines", "release", "plots")
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(".nox/pycache").absolute())}
    session.run("python", "-m", "pytest", f"--junit-xml=.nox/{session.name}.xml", *arguments, env=compiled)


@nox.session
def lint(session: nox.Session) -> None:
    """Helm, YAML, Python, Go and workflow checks; name some to run only those."""
    prepare(session, "lint", "docs", "test", "engines", "release", "plots")
    session.run("python", "-m", "harness.lint", *session.posargs)


@nox.session
def test(session: nox.Session) -> None:
    """Tests of what the chart renders, and of the harness; needs no cluster."""
    paths = ("tests/chart", "tests/field", "tests/harness", "tests/properties")
    pytest(session, "--numprocesses=auto", "--dist=loadfile", paths=paths)


@nox.session(default=False)
def scan(session: nox.Session) -> None:
    """Scan the defaults and every example with checkov, kube-score and Pod Security "restricted"."""
    prepare(session, "scan", harness=False)
    session.run("python", "-m", "harness.scan", *session.posargs)


@nox.session(default=False)
def ct(session: nox.Session) -> None:
    """chart-testing: lint with every file of ci/; the tests of `cluster` install them by it."""
    prepare(session, "ct")
    session.run("python", "-m", "harness.chart_testing", *session.posargs)


@nox.session(default=False)
def properties(session: nox.Session) -> None:
    """Thousands of generated values against every rule; `test` does some hundreds of them."""
    pytest(session, "--numprocesses=auto", "--dist=worksteal", "--hypothesis-profile=long", paths=("tests/properties",))


@nox.session(default=False)
def generate(session: nox.Session) -> None:
    """Write every file that is made from others; `-- --check` only compares, names (`-- schema`) choose some."""
    prepare(session, "test")
    session.run("python", "-m", "harness.generate", *session.posargs)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Break the templates in one place each, and count what no test of the chart notices; `-- --sample 12` for some."""
    prepare(session, "test", "engines")
    session.run("python", "-m", "harness.mutants", *session.posargs)


@nox.session(default=False)
def cluster(session: nox.Session) -> None:
    """Tests of the chart installed on a real Kubernetes."""
    pytest(session, paths=("tests/cluster",))


@nox.session(default=False)
def engines(session: nox.Session) -> None:
    """Real engines on CPU in pods of the cluster, as the chart renders them; fetches 5 GB the first time."""
    pytest(session, "-p", "tests.cluster.conftest", paths=("tests/engines",))


@nox.session(default=False)
def operations(session: nox.Session) -> None:
    """Prometheus, KEDA, Argo CD and Flux themselves with the chart in the cluster; builds them the first time."""
    pytest(session, "-p", "tests.cluster.conftest", paths=("tests/operations",))


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """A cluster, the chart on it, and an answer from a model; `-- --down` ends it, `-- --help` is its own help."""
    prepare(session)
    session.run("python", "-m", "harness.demo", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the gateway beside others, and write docs/performance.md; `-- --quick` only shows that it works."""
    prepare(session, "plots")
    session.run("python", "-m", "harness.bench", *session.posargs)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """A release, rehearsed with `-- --dry-run`: pushed, signed, attested, verified, pulled, and tampering refused."""
    prepare(session, "release")
    session.run("python", "-m", "harness.release", *session.posargs)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the site into build/site; `-- 1.2.3` commits it to the branch gh-pages as that version, the newest."""
    prepare(session, "docs", "plots")
    quiet = {"NO_MKDOCS_2_WARNING": "1"}
    if not session.posargs:
        session.run("python", "-m", "mkdocs", "build", "--strict", env=quiet)
        return
    session.run("mike", "deploy", "--update-aliases", *session.posargs, "latest", env=quiet)
    session.run("mike", "set-default", "latest")


@nox.session(default=False)
def outdated(session: nox.Session) -> None:
    """Every pinned version beside the newest on its registry, with its date; fails at nothing."""
    prepare(session)
    session.run("python", "-m", "harness.outdated", *session.posargs)


@nox.session(default=False)
def tools(session: nox.Session) -> None:
    """Find, fetch or build the pinned tools, and link them into .tools/bin."""
    prepare(session)
    session.run("python", "-m", "harness.tools", *session.posargs)


if __name__ == "__main__":
    nox.main()
