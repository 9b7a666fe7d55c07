"""Links between the repository's files, as the site has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page
from py_mini_racer import MiniRacer

from harness.docs import light, mermaid, share, terminal
from harness.docs.site import BOOST, FROM_ROOT, TAB, tabbed, target
from harness.docs.terminal import Line
from harness.errors import HarnessError
from harness.paths import ROOT

LIGHT = 600_000
"""Bytes, uncompressed."""
PAGES = {**FROM_ROOT, "docs/gpus.md": "gpus.md"}


@pytest.mark.parametrize(
    ("source", "link", "leads"),
    [
        ("README.md", "docs/gpus.md", "gpus.md"),
        ("docs/gpus.md", "../UPGRADING.md", "from-0.4.md"),
        ("docs/gpus.md", "gpus.md", "gpus.md"),
        ("docs/gpus.md", "../examples/laptop.yaml", "https://host/it/blob/main/examples/laptop.yaml"),
        ("README.md", "models/tiny/README.md", "https://host/it/blob/main/models/tiny/README.md"),
    ],
)
def test_a_link_leads_to_a_page_or_to_the_repository(source: str, link: str, leads: str) -> None:
    assert target(source, link, PAGES, "https://host/it/") == leads


def test_no_two_pages_differ_in_case_alone() -> None:
    """Some file systems would have them as one."""
    names = [name.lower() for name in PAGES.values()]
    assert len(set(names)) == len(names)


def test_the_pages_that_search_puts_behind_others_exist() -> None:
    made = {*FROM_ROOT.values(), "examples.md"}
    assert [page for page in BOOST if page not in made and not (ROOT / "docs" / page).is_file()] == []


SITE = MkDocsConfig()
SITE.load_dict({"site_name": "it", "site_url": "https://host/it/", "extra": {"repository": "https://code/it"}})


def page(name: str, text: str) -> Page:
    made = Page(None, File(name, "docs", "site", use_directory_urls=True), SITE)
    made.meta = {}
    made.markdown = share.on_page_markdown(text, made, SITE)
    return made


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("gpus.md", "docs/gpus.md"),
        ("index.md", "README.md"),
        ("from-0.4.md", "UPGRADING.md"),
        ("values.md", "values.yaml"),
    ],
)
def test_a_page_has_links_to_edit_what_it_is_made_of_and_to_report_a_problem(name: str, source: str) -> None:
    text = str(page(name, "# It").markdown)
    assert f"(https://code/it/edit/main/{source})" in text
    assert "(https://code/it/issues/new?title=docs" in text
    assert (ROOT / source).exists()


def test_a_description_is_the_first_prose_of_a_page() -> None:
    badges = "[![CI](https://x/y.svg)](https://x)"
    prose = f"A **chart** with `keys` & [links](x.md) that is long enough {'to be cut ' * 20}"
    found = page("a.md", f"# It\n\n{badges}\n\n```yaml\na: 1\n```\n\nToo short:\n\n{prose}").meta["description"]
    assert found.startswith("A chart with keys &amp; links that is long enough to be")
    assert found.endswith("…")


def test_a_shared_page_has_a_card() -> None:
    shown = share.on_post_page("<head></head>", page("a.md", "# It"), SITE)
    assert '<meta property="og:image" content="https://host/it/card.png">' in shown
    assert share.card("it", "what it is").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path", [*(ROOT / "docs").glob("*.md"), *map(ROOT.joinpath, FROM_ROOT)], ids=lambda path: path.stem
)
def test_a_page_has_one_title(path: Path) -> None:
    fences = re.compile(r"(?ms)^```.*?^```$")
    assert len(re.findall(r"(?m)^# ", fences.sub("", path.read_text()))) == 1


def test_every_diagram_is_drawn_and_every_drawing_has_one() -> None:
    """`python -m harness.docs.mermaid` draws what is missing."""
    wanted = {path for text in mermaid.fences() for path in mermaid.files(text).values()}
    assert wanted
    assert set(mermaid.DIRECTORY.iterdir()) == wanted


@pytest.mark.parametrize(
    "path", sorted([*mermaid.DIRECTORY.iterdir(), *terminal.DIRECTORY.iterdir()]), ids=lambda p: p.name
)
def test_a_drawing_is_light_and_takes_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert len(text) < 60_000
    assert "foreignObject" not in text
    assert not re.search(r"url\(.?http|@import|href=.http", text)


def test_a_fence_becomes_the_drawing_for_light_and_for_dark() -> None:
    text = "  flowchart LR\n  accTitle: It all\n  a --> b\n"
    shown = mermaid.shown(f"Before\n\n```mermaid\n{text}```\n\n```yaml\na: 1\n```\n")
    drawings = "".join(
        f"![It all](diagrams/{mermaid.digest(text)}-{kind}.svg#only-{kind})" for kind in ("light", "dark")
    )
    assert shown == f"Before\n\n{drawings}\n\n```yaml\na: 1\n```\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(directory)))
    return directory


def test_the_site_loads_nothing_from_elsewhere_and_no_mermaid(site: Path) -> None:
    assert not [*site.rglob("*mermaid*")]
    home = (site / "index.html").read_text()
    assert home.count('<img loading="lazy"') == 2
    for path in site.rglob("*.html"):
        text = path.read_text()
        assert 'class="mermaid' not in text, path
        assert not re.search(r"""src=["']?(https?:)?//|<link[^>]+stylesheet[^>]+href=["']?(https?:)?//""", text), path


def test_a_first_visit_of_any_page_is_light(site: Path) -> None:
    """Without what is loaded later: pictures that the reader is not near, and the search's index."""
    for path in (*site.glob("*/index.html"), site / "index.html"):
        text = path.read_text()
        pictures = re.findall(r'<img(?! loading="lazy")[^>]*src="([^"]+)"', text)
        parts = {*pictures, *re.findall(r'(?:src|href|"search")(?:=|: ?)"([^"]+\.(?:js|css))"', text)}
        files = [path.parent / part for part in parts]
        assert any(file.match("workers/search.*.js") for file in files), path
        assert sum(file.stat().st_size for file in (path, *files)) < LIGHT, path


def test_headings_become_tabs_whose_anchors_are_theirs(site: Path) -> None:
    text = "Above\n\n<!-- tabs -->\n\n## A b\n\nit\n\n## C\n\nx\n"
    assert tabbed(text) == 'Above\n\n=== "A b"\n\n    it\n\n\n=== "C"\n\n    x\n'
    shown = (site / "platforms" / "index.html").read_text()
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "docs" / "platforms.md").read_text())
    assert TAB.findall(shown) == [heading.lower().replace(" ", "-") for heading in headings]


BROWSER = """
var hear = {}, sent = [], location = {search: ""}, URLSearchParams = class { has() { return false } }
function addEventListener(event, f) { hear[event] = f }
class XMLHttpRequest { open(method, url) { this.url = url } send() { sent.push(this.url) } }
function ask(url) { const it = new XMLHttpRequest(); it.open("GET", url); it.send() }
"""
"""What a browser has around the script, and how the theme asks."""


def test_the_searchs_index_waits_for_a_search() -> None:
    with MiniRacer() as browser:
        browser.eval(BROWSER + light.INDEX_ON_DEMAND)
        browser.eval('ask("versions.json"); ask("https://host/search/search_index.json"); 0')
        assert browser.eval("sent.join()") == "versions.json"
        browser.eval('hear.pointerdown({target: {closest: () => null}}); hear.keydown({key: "a"}); 0')
        assert browser.eval("sent.join()") == "versions.json"
        browser.eval("hear.focusin({target: {closest: () => true}}); 0")
        assert browser.eval("sent.join()") == "versions.json,https://host/search/search_index.json"


def test_code_is_kept_as_it_is_written() -> None:
    code = '<pre><code>a:\n  <span class="nt">b</span><span class="p">:</span><span class="w"> </span>1\n</code></pre>'
    shown = light.on_post_page(f"<head>\n   </head>\n  <p>\n\n   it</p>\n  {code}\n   <p>")
    assert shown.endswith('</head>\n<p>\nit</p>\n<pre><code>a:\n  <span class="nt">b</span>: 1\n</code></pre>\n<p>')


def test_the_picture_of_a_refusal_is_what_helm_says() -> None:
    """`python -m harness.docs.terminal` draws it again."""
    shown = terminal.picture(terminal.refusal(), "a refusal", "refusal")
    assert (terminal.DIRECTORY / "refusal.svg").read_text() == shown


def test_the_recording_of_the_demo_has_its_steps_and_answers_without_spinners() -> None:
    printed = [
        "nox > it",
        "\x1b[?25l⠋ A step\x1b[2K⠙ A step",
        "\x1b[1A\x1b[2K\x1b[32m✓\x1b[0m A step",
        "",
        "Through the gateway",
    ]
    printed += ["yes", "The tokens come from"]
    lines = [Line(at, text) for at, text in enumerate(printed)]
    assert list(terminal.demo(lines))[1:] == [
        *(Line(2, "\x1b[32m✓\x1b[0m A step"), Line(4, ""), Line(4, "Through the gateway"), Line(5, "yes")),
    ]
    with pytest.raises(HarnessError, match="no complete output"):
        list(terminal.demo(lines[:-1]))


def test_lines_of_a_recording_appear_in_their_order_after_pauses_that_are_not_long() -> None:
    shown = terminal.picture([Line(0, "a"), Line(0.5, "b"), Line(600, "c")], "it", "it")
    assert re.findall(r"#it-line-(\d)\)\"\]\{animation-delay:([\d.]+)s", shown) == [
        ("0", "0.0"),
        ("1", "0.5"),
        ("2", "2.0"),
    ]
    assert [int(line) for line in re.findall(r"<text[^>]*#it-line-(\d)[^>]*>[abc]<", shown)] == [0, 1, 2]
