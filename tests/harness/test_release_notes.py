"""The notes of a release: changes, default values, annotations."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.errors import HarnessError
from harness.paths import ROOT
from harness.release import source, values_diff
from harness.release.changelog import changes, check_title, section
from harness.release.package import for_artifact_hub
from harness.run import run

CHANGELOG = """# Changelog

## [1.1.0](https://example.com/compare/v1.0.0...v1.1.0) (2026-12-01)


### ⚠ BREAKING CHANGES

* **gateway:** keys are required

### Added

* **model-group:** weights of `aliases` ([1234abc](https://example.com/commit/1234abc)), closes [#1](https://example.com/1)

## [1.1.0] - unreleased

### Security

- Keys leave the ConfigMap
  and stay in Secrets.

## [1.0.0] - 2026-11-01

### Fixed

- Something else.

## [0.9.0] - 2026-10-01
"""


def test_changes_of_a_version_come_from_every_section_that_names_it() -> None:
    assert changes(section(CHANGELOG, "1.1.0")) == [
        {"kind": "changed", "description": "gateway: keys are required"},
        {"kind": "added", "description": "model-group: weights of aliases, closes #1"},
        {"kind": "security", "description": "Keys leave the ConfigMap and stay in Secrets."},
    ]
    assert changes(section(CHANGELOG, "1.0.0")) == [{"kind": "fixed", "description": "Something else."}]


@pytest.mark.parametrize("version", ["1.0", "1.2.0", "1.1.0-rc.1", "0.9.0"])
def test_a_version_without_a_section_or_with_an_empty_one_is_not_released(version: str) -> None:
    with pytest.raises(HarnessError, match=r"(?s)has no changes of .*Add a section"):
        section(CHANGELOG, version)


def test_a_change_under_a_heading_of_its_own_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"`a` is under `Misc`"):
        changes("### Misc\n\n- a\n")


@pytest.mark.parametrize(
    ("version", "kinds", "prerelease", "security"),
    [("1.0.0", ["added"], "false", "false"), ("1.0.0-rc.1", ["fixed", "security"], "true", "true")],
)
def test_annotations(version: str, kinds: list[str], prerelease: str, security: str) -> None:
    changed = [{"kind": kind, "description": "a: b # c"} for kind in kinds]
    made = for_artifact_hub(version, changed, ["docker.io/vllm/vllm-openai:v1"])
    assert made["artifacthub.io/prerelease"] == prerelease
    assert made["artifacthub.io/containsSecurityUpdates"] == security
    assert yaml.safe_load(made["artifacthub.io/changes"]) == changed
    assert yaml.safe_load(made["artifacthub.io/images"]) == [
        {"name": "vllm/vllm-openai", "image": "docker.io/vllm/vllm-openai:v1"}
    ]


def test_the_charts_own_annotations_are_lists_where_they_must_be() -> None:
    own = source.metadata()["annotations"]
    links = yaml.safe_load(own["artifacthub.io/links"])
    assert all(set(link) == {"name", "url"} for link in links)
    for name in ("UPGRADING.md", "SECURITY.md"):
        assert any(link["url"].endswith(f"/main/{name}") for link in links)
        assert (ROOT / name).exists()


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a: 1", "", "- a: 1"),
        ("a: {b: x}", "a: {b: y}", '- a.b: "x"\n+ a.b: "y"'),
        ("a: {}", "a: {b: null}", "- a: {}\n+ a.b: null"),
        ("a: [1]", "a: [1, 2]", "- a: [1]\n+ a: [1, 2]"),
        ("a: 1", 'a: "1"', '- a: 1\n+ a: "1"'),
        ("", 'limits: {nvidia.com/gpu: "1"}', '+ limits."nvidia.com/gpu": "1"'),
    ],
)
def test_changed_default_values_are_listed(old: str, new: str, lines: str) -> None:
    text = values_diff.markdown(old, new, "1.0.0")
    assert text == f"{values_diff.HEADING}\n\nSince 1.0.0:\n\n```diff\n{lines}\n```\n"


def test_comments_order_and_a_first_release_list_no_default_values() -> None:
    assert "None since 1.0.0" in values_diff.markdown("a: 1\nb: 2\n", "# why\nb: 2 # two\na: 1\n", "1.0.0")
    assert "first release" in values_diff.markdown(None, "a: 1")


class TestSource:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        """A repository with the releases 0.9.0, 0.10.0-rc.1 and 0.10.0, whose values.yaml names them."""
        directory = tmp_path / "repository"

        def git(*words: str) -> None:
            identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
            run(["git", "-C", directory, *identity, *words])

        run(["git", "init", "--quiet", directory])
        for version in ("0.9.0", "0.10.0-rc.1", "0.10.0"):
            (directory / "values.yaml").write_text(f"version: {version}\n")
            git("add", "values.yaml")
            git("commit", "--quiet", "--message", version)
            git("tag", f"v{version}")
        git("tag", "vendor")
        return directory

    @pytest.mark.parametrize(
        ("head", "version", "before"),
        [
            ("0.10.0", "0.11.0", "0.10.0"),
            ("0.10.0", "0.10.0", "0.10.0-rc.1"),
            ("0.10.0-rc.1", "0.10.0-rc.1", "0.9.0"),
            ("0.9.0", "0.9.0", None),
        ],
    )
    def test_the_release_before(self, repository: Path, head: str, version: str, before: str | None) -> None:
        run(["git", "-C", repository, "checkout", "--quiet", f"v{head}"])
        assert source.previous(version, repository) == before

    def test_released_versions_are_listed_and_exported(self, repository: Path, tmp_path: Path) -> None:
        assert source.released(repository) == ["0.9.0", "0.10.0-rc.1", "0.10.0"]
        assert source.values_of("0.9.0", repository) == "version: 0.9.0"
        source.export(tmp_path / "out", repository, version="0.9.0")
        assert (tmp_path / "out" / "values.yaml").read_text() == "version: 0.9.0\n"

    def test_only_what_is_committed_is_released(self, repository: Path, tmp_path: Path) -> None:
        (repository / "values.yaml").write_text("version: changed")
        (repository / "secret.txt").write_text("x")
        source.export(tmp_path / "out", repository)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["values.yaml"]
        assert (tmp_path / "out" / "values.yaml").read_text() == "version: 0.10.0\n"
        assert source.head(repository).changed

    def test_without_git_it_says_what_is_needed(self, tmp_path: Path) -> None:
        with pytest.raises(HarnessError, match=r"(?s)not a git repository.*use a git clone"):
            source.head(tmp_path)


@pytest.mark.parametrize("title", ["feat: a", "fix(model-group)!: b", "chore(deps): update x to v1", "docs: README.md"])
def test_titles_that_the_changelog_is_made_of(title: str) -> None:
    check_title(title)


@pytest.mark.parametrize("title", ["Add a", "feat:a", "feature: a", "feat(): a", "", "Feat: a"])
def test_other_titles_are_refused_with_an_example(title: str) -> None:
    with pytest.raises(HarnessError, match=r"feat\(gateway\)"):
        check_title(title)
