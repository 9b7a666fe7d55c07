"""`nox -s lint [-- CHECK...]`: everything that can be checked without running the chart."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.helm import Helm
from harness.manifests import Manifests
from harness.paths import ROOT, examples
from harness.progress import console, step
from harness.run import run
from harness.tools import tool

MAJORS = ("helm", "helm3")
"""The tools of Helm 4 and Helm 3."""

VARIANTS = {"defaults": [], **{path.stem: [path] for path in examples()}}
"""Values files that the chart is checked with, by name."""

RENDERED = """
extends: relaxed
rules:
  indentation: disable
  line-length: disable
  empty-lines: disable
  key-duplicates: enable
  octal-values: {forbid-implicit-octal: true}
  truthy: {allowed-values: ["true", "false"], check-keys: true}
"""
"""yamllint's rules for rendered manifests: what misleads a reader of YAML 1.1, not how it looks."""


def expect(*words: str | Path, cwd: Path = ROOT) -> str:
    """The output of a checker that must find nothing.

    Raises:
        HarnessError: it found something: all of its output.
    """
    done = run(words, cwd=cwd, check=False)
    if done.returncode:
        raise HarnessError(f"{done.stdout}\n{done.stderr}".strip())
    return done.stdout


def python(module: str, *words: str | Path) -> None:
    expect(sys.executable, "-m", module, *words)


def helm_lint() -> None:
    for name in MAJORS:
        for values in VARIANTS.values():
            Helm(tool(name)).lint(ROOT, values)


def render() -> None:
    """Each render is valid, free of doubles, and YAML that reads the same everywhere; Helm 3 and 4 agree."""
    with tempfile.TemporaryDirectory() as directory:
        for variant, values in VARIANTS.items():
            objects = []
            for name in MAJORS:
                text = Helm(tool(name)).template(ROOT, values=values)
                objects.append(list(Manifests.parse(text)))
                (Path(directory) / f"{name}-{variant}.yaml").write_text(text)
            if objects[0] != objects[1]:
                raise HarnessError(f"Helm 4 and Helm 3 render different objects from {variant}")
        python("yamllint", "--strict", "--config-data", RENDERED, directory)


def yaml() -> None:
    files = ["values.yaml", "Chart.yaml", ".pre-commit-config.yaml", "ci", ".github", "harness", "inference_stack"]
    python("yamllint", "--strict", *files, *examples())


def docs() -> None:
    """The site has no broken link, anchor or page."""
    with tempfile.TemporaryDirectory() as directory:
        python("mkdocs", "build", "--strict", "--site-dir", directory)  # quiet, it would count no warning


def actionlint() -> None:
    expect(tool("actionlint"))


def zizmor() -> None:
    """Also what its careful reader finds, such as a permission without a reason."""
    program = Path(sys.executable).with_name("zizmor")  # a program inside a wheel, no Python module
    expect(program, "--offline", "--pedantic", "--no-progress", "--color=never", ".github/workflows")


def gofmt() -> None:
    root = Path(run([tool("go"), "env", "GOROOT"], env={"GOTOOLCHAIN": "local"}).stdout.strip())
    if unformatted := expect(root / "bin" / "gofmt", "-l", ROOT / "tools"):
        raise HarnessError(f"Not formatted: {unformatted}", "Run: gofmt -w tools")


CHECKS: dict[str, Callable[[], None]] = {
    "ruff": lambda: python("ruff", "check", "--quiet", "."),
    "format": lambda: python("ruff", "format", "--quiet", "--diff", "."),
    "mypy": lambda: python("mypy"),
    "yaml": yaml,
    "docs": docs,
    "generated": lambda: python("harness.generate", "--check"),
    "helm-lint": helm_lint,
    "render": render,
    "actionlint": actionlint,
    "zizmor": zizmor,
    "gofmt": gofmt,
}


def failures(names: list[str]) -> Iterator[tuple[str, HarnessError]]:
    """Run the checks, each whatever the others found."""
    for name in names:
        try:
            with step(name):
                CHECKS[name]()
        except HarnessError as error:
            yield name, error


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s lint --", description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"only these, of: {', '.join(CHECKS)}")
    names = parser.parse_args().checks or list(CHECKS)
    if unknown := sorted(set(names) - set(CHECKS)):
        parser.error(f"unknown: {', '.join(unknown)}; there is {', '.join(CHECKS)}")
    failed = list(failures(names))
    for name, error in failed:
        console.rule(f"{name} failed", style="red", align="left")
        console.print(str(error), markup=False, soft_wrap=True)
    listed = f": {', '.join(name for name, _ in failed)}" if failed else ""
    console.print(f"lint: {len(names) - len(failed)} ok, {len(failed)} failed{listed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
