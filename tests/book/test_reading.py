"""What readers do beside reading: search by keyboard, print, load pages over a slow line."""

import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page

from inductive.cli import doctor, pdf
from inductive.cli.errors import RunError, UsageError
from support.visits import CHAPTERS, DESKTOP, PAGES, visit

WORDS = {
    "dipole": "notebooks/transitive-inference-exceptions",
    "nuclear": "notebooks/gated-linear-networks",
}
LIMIT, LIMIT_WITH_KNOBS = 2_000_000, 2_500_000
TEXT = {".html", ".css", ".js", ".json", ".svg", ".txt", ""}
NOT_PRINTED = [
    ".bd-sidebar-primary",
    ".bd-sidebar-secondary",
    ".header-article",
    ".prev-next-area",
    ".copybtn",
    ".headerlink",
    ".knobs-sliders input",
    ".knobs-presets",
    "details.hide:not([open])",
]


def search_for(word: str, page: Page) -> list[str]:
    """Type a word into the search that is open, and return the pages that are found."""
    field = page.locator("input[name=q]:focus")
    field.wait_for()
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/search.html?q={word}*")
    page.locator("#search-results li a").first.wait_for()
    # The number of results stands there once all of them do.
    page.wait_for_function("!document.querySelector('#search-progress')?.textContent")
    page.wait_for_load_state("networkidle")
    links = page.locator("#search-results li > a").all()
    return [urlsplit(link.get_attribute("href") or "").path for link in links]


@pytest.mark.parametrize(("word", "chapter"), WORDS.items())
def test_a_key_opens_the_search_and_a_word_leads_to_its_chapter(
    word, chapter, browser, address
):
    with visit(browser, address, PAGES[0], DESKTOP, "light") as visited:
        visited.page.keyboard.press("Control+k")
        assert f"{chapter}.html" in search_for(word, visited.page)
        assert visited.problems == []


def test_the_search_is_reached_by_tab(browser, address):
    word, chapter = next(iter(WORDS.items()))
    with visit(browser, address, CHAPTERS[0], DESKTOP, "light") as visited:
        page = visited.page
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.search-button-field')"):
                break
        page.keyboard.press("Enter")
        found = search_for(word, page)
        assert any(path.endswith(f"{chapter}.html") for path in found)
        assert visited.problems == []


def visible(selectors: list[str], page: Page) -> list[str]:
    """Those selectors of which some element shows."""
    return page.evaluate(
        "selectors => selectors.filter(s => [...document.querySelectorAll(s)]"
        ".some(e => e.checkVisibility({visibilityProperty: true})))",
        selectors,
    )


@pytest.mark.parametrize("name", CHAPTERS)
def test_print_has_the_text_alone(name, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page = visited.page
        assert len(visible(NOT_PRINTED, page)) > 4
        page.emulate_media(media="print")
        assert visible(NOT_PRINTED, page) == []
        breaks = page.evaluate(
            "[...document.querySelectorAll('main :is(figure, .cell_input, tr)')]"
            ".map(e => getComputedStyle(e).breakInside)"
        )
        assert set(breaks) == {"avoid"}
        page.locator("main details.hide > summary").first.evaluate(
            "summary => summary.parentElement.open = true"
        )
        assert page.locator("main details.hide[open] pre").first.is_visible()


LUMINANCE = """e => {
  const [r, g, b] = getComputedStyle(e).color.match(/[\\d.]+/g).map((v) => v / 255);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""


@pytest.mark.parametrize("part", ["p", "a.reference", ".highlight span", "h2"])
def test_dark_pages_are_printed_dark_on_white(part, browser, address):
    with visit(browser, address, CHAPTERS[0], DESKTOP, "dark") as visited:
        page = visited.page
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        element = page.locator(f"main article {part}").first
        assert element.evaluate(LUMINANCE) > 0.35
        page.emulate_media(media="print")
        assert element.evaluate(LUMINANCE) < 0.35


def test_a_chapter_is_printed_to_pages_with_its_figures(site, browser, tmp_path):
    path = tmp_path / "chapter.pdf"
    pdf.print_page(browser, site / f"{CHAPTERS[0]}.html", path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert 5 < len(re.findall(rb"/Type\s*/Page\b", data)) < 60
    # Sliders' plots are drawn in lines, not as an image.
    html = (site / f"{CHAPTERS[0]}.html").read_text()
    figures = re.findall(r"<figure (?![^>]*knobs-figure)", html)
    assert len(re.findall(rb"/Subtype\s*/Image", data)) >= len(figures) > 10
    assert re.search(rb"/Type\s*/Font\b", data)
    assert len(data) < 10_000_000


def test_printing_without_a_browser_says_what_to_install(site, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "browser", lambda: None)
    with pytest.raises(RunError, match="install Chromium, or set CHROMIUM"):
        pdf.write([Path(CHAPTERS[0]).name], site, tmp_path)


def test_printing_before_the_site_is_built_says_so(tmp_path):
    with pytest.raises(RunError, match=r"no page of some-paper in .*: run `make book`"):
        pdf.write(["some-paper"], tmp_path, tmp_path)


def test_printing_an_unknown_chapter_lists_the_known_ones():
    with pytest.raises(UsageError, match="no chapter 'no-such': the chapters are"):
        pdf.of_the_book("no-such")


def weight(path: Path) -> int:
    """Bytes that a server sends for one file: text compressed, all else as it is."""
    data = path.read_bytes()
    return len(gzip.compress(data, 6) if path.suffix in TEXT else data)


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_light(name, site, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page = visited.page
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        loaded = page.evaluate(
            "performance.getEntries().filter(e => 'transferSize' in e).map(e => e.name)"
        )
        moves = page.locator(".knobs").count() > 0
    assert len(loaded) < 250  # the browser lists no more
    own = {unquote(urlsplit(url).path) for url in loaded if url.startswith(address)}
    assert len(own) > 10
    total = sum(weight(site / path.lstrip("/")) for path in own)
    assert total <= (LIMIT_WITH_KNOBS if moves else LIMIT)


def test_only_the_page_of_results_loads_the_search_index(site):
    loading = [
        path.name
        for path in site.rglob("*.html")
        if re.search(r"<script[^>]*searchindex", path.read_text())
    ]
    assert loading == ["search.html"]
