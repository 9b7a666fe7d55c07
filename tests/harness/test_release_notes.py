"""What a release says of itself: changes, default values, annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import HarnessError
from harness.paths import ROOT
from harness.release import source, values_diff
from harness.release.changelog import Change, changes, check_title, section
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
"""


def test_changes_of_a_version_come_from_every_section_that_names_it() -> None:
    assert changes(section(CHANGELOG, "1.1.0")) == [
        Change("changed", "gateway: keys are required"),
        Change("added", "model-group: weights of aliases, closes #1"),
        Change("security", "Keys leave the ConfigMap and stay in Secrets."),
    ]
    assert changes(section(CHANGELOG, "1.0.0")) == [Change("fixed", "Something else.")]


@pytest.mark.parametrize("version", ["1.0", "1.2.0", "1.1.0-rc.1"])
def test_a_version_that_the_changelog_does_not_have_is_not_released(version: str) -> None:
    with pytest.raises(HarnessError, match=r"(?s)says nothing of .*Add a section"):
        section(CHANGELOG, version)


def test_an_empty_section_is_none() -> None:
    with pytest.raises(HarnessError, match=r"says nothing of 2\.0\.0"):
        section("## [2.0.0]\n\n## [1.0.0]\n\n- a\n", "2.0.0")


def test_a_change_under_a_heading_of_its_own_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"stands under `Misc`"):
        changes("### Misc\n\n- a\n")


def test_this_charts_changelog_can_be_read() -> None:
    assert changes(section((ROOT / "CHANGELOG.md").read_text(), source.metadata()["version"]))


@pytest.mark.parametrize(
    ("version", "kinds", "prerelease", "security"),
    [("1.0.0", ["added"], "false", "false"), ("1.0.0-rc.1", ["fixed", "security"], "true", "true")],
)
def test_annotations(version: str, kinds: list[str], prerelease: str, security: str) -> None:
    made = for_artifact_hub(version, [Change(kind, "a: b # c") for kind in kinds], ["docker.io/vllm/vllm-openai:v1"])
    assert made["artifacthub.io/prerelease"] == prerelease
    assert made["artifacthub.io/containsSecurityUpdates"] == security
    assert yaml.safe_load(made["artifacthub.io/changes"]) == [{"kind": k, "description": "a: b # c"} for k in kinds]
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


class TestValuesDiff:
    def test_added_removed_and_changed_defaults(self) -> None:
        old = "a: 1\nb: {c: x, d: {}}\nlist: [1]\n"
        new = "# a comment\nlist: [1, 2]\nb: {c: y, d: {e: null}}\n"
        assert values_diff.lines(old, new) == [
            "- a: 1",
            '- b.c: "x"',
            '+ b.c: "y"',
            "- b.d: {}",
            "+ b.d.e: null",
            "- list: [1]",
            "+ list: [1, 2]",
        ]

    def test_comments_and_order_are_no_change(self) -> None:
        assert values_diff.lines("a: 1\nb: 2\n", "# why\nb: 2 # two\na: 1\n") == []

    def test_a_key_with_a_dot_is_one_key(self) -> None:
        assert values_diff.lines("", 'limits: {nvidia.com/gpu: "1"}') == ['+ limits."nvidia.com/gpu": "1"']

    def test_types_count(self) -> None:
        assert values_diff.lines("a: 1", 'a: "1"') == ["- a: 1", '+ a: "1"']

    @pytest.mark.parametrize(
        ("old", "said"),
        [(None, "first release"), ("a: 1", "None since 1.0.0"), ("a: 2", "```diff\n- a: 2\n+ a: 1\n```")],
    )
    def test_markdown(self, old: str | None, said: str) -> None:
        text = values_diff.markdown(old, "a: 1", "1.0.0")
        assert text.startswith(values_diff.HEADING)
        assert said in text


class TestSource:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        """A repository with the releases 0.9.0, 0.10.0-rc.1 and 0.10.0, whose values.yaml names them."""

        def git(*words: str) -> None:
            identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
            run(["git", "-C", tmp_path, *identity, *words])

        git("init", "--quiet")
        for version in ("0.9.0", "0.10.0-rc.1", "0.10.0"):
            (tmp_path / "values.yaml").write_text(f"version: {version}\n")
            git("add", "values.yaml")
            git("commit", "--quiet", "--message", version)
            git("tag", f"v{version}")
        git("tag", "vendor")
        return tmp_path

    @pytest.mark.parametrize(
        ("version", "before"),
        [("0.11.0", "0.10.0"), ("0.10.0", "0.10.0-rc.1"), ("0.10.0-rc.1", "0.9.0"), ("0.9.0", None)],
    )
    def test_the_release_before(self, repository: Path, version: str, before: str | None) -> None:
        assert source.previous(version, repository) == before

    def test_what_was_released_is_known_and_comes_back(self, repository: Path, tmp_path_factory: Any) -> None:
        assert source.released(repository) == ["0.9.0", "0.10.0-rc.1", "0.10.0"]
        assert source.values_of("0.9.0", repository) == "version: 0.9.0"
        out = tmp_path_factory.mktemp("out")
        source.export(out, repository, version="0.9.0")
        assert (out / "values.yaml").read_text() == "version: 0.9.0\n"

    def test_only_what_is_committed_is_released(self, repository: Path, tmp_path_factory: Any) -> None:
        (repository / "values.yaml").write_text("version: changed")
        (repository / "secret.txt").write_text("x")
        out = tmp_path_factory.mktemp("out")
        source.export(out, repository)
        assert [path.name for path in out.iterdir()] == ["values.yaml"]
        assert (out / "values.yaml").read_text() == "version: 0.10.0\n"
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
