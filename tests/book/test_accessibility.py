"""Axe over every page, in light and dark, and the corrections that it asked for."""

import importlib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from support.visits import CHAPTERS, DESKTOP, PAGES

SCHEMES = ("light", "dark")
# Pages that Sphinx makes are read, too.
ALL = [*PAGES, "search", "genindex", "py-modindex", "404"]
# Token colours and the forms of the library's entries repeat by the thousand: of each kind
# some stay, the rest becomes plain text, so that a long page is read in seconds. Folded
# cells are opened; formulas inherit the colour of their text and hold nothing else.
THIN = """() => {
  document.querySelectorAll("details").forEach((fold) => (fold.open = true));
  document.querySelectorAll("mjx-container").forEach((e) => e.replaceWith("formula"));
  const keep = (selector, count) => {
    const seen = {};
    document.querySelectorAll(selector).forEach((e) => {
      const place = e.closest("table, .admonition, .book-box") ? "box " : "";
      const kind = place + e.className;
      seen[kind] = (seen[kind] || 0) + 1;
      if (seen[kind] > count) e.replaceWith(e.textContent);
    });
  };
  keep("main dl.py > dd dl.py", 3);
  keep("main section > dl.py", 3);
  keep("main .highlight span", 3);
}"""
OPTIONS = {
    "resultTypes": ["violations"],
    "preload": False,
    "rules": {"label-content-name-mismatch": {"enabled": True}},
}
Violation = dict[str, Any]


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe, from its package."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text()


@pytest.fixture(scope="module", params=SCHEMES)
def context(browser: Browser, request) -> Iterator[BrowserContext]:
    """A browser whose reader prefers one of the two schemes."""
    context = browser.new_context(
        viewport={"width": DESKTOP["width"], "height": DESKTOP["height"]},
        color_scheme=request.param,
    )
    yield context
    context.close()


def violations(page: Page, axe: str) -> list[Violation]:
    """What axe says of the page that a browser shows."""
    page.evaluate(THIN)
    page.evaluate(axe)
    return page.evaluate("(options) => axe.run(document, options)", OPTIONS)[
        "violations"
    ]


def told(found: list[Violation]) -> list[str]:
    """The violations that count, one line for each element.

    None is excused: what the theme brings is corrected by `book/_templates`,
    `bookext.accessible` and `book.css`.
    """
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:120]}"
        for violation in found
        if violation["id"] == "color-contrast"
        or violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def open_page(context: BrowserContext, url: str) -> Page:
    """A page in the scheme that the reader prefers, without fading."""
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    page.evaluate("async () => await window.MathJax?.startup?.promise")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    theme = "dark" if dark else "light"
    page.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")
    # Colours are read at once, not half-way through the opening of a folded cell.
    page.add_style_tag(
        content="* {animation: none !important; transition: none !important}"
    )
    return page


@pytest.mark.parametrize("name", ALL)
def test_axe_finds_nothing_serious(name, context, address, axe):
    page = open_page(context, f"{address}{name}.html")
    assert told(violations(page, axe)) == []
    page.close()


def test_axe_finds_nothing_serious_in_a_card(context, address, axe):
    page = open_page(context, f"{address}{CHAPTERS[0]}.html")
    page.locator(".bibtex-citation a").first.hover()
    page.locator("#hover-card").wait_for(state="visible")
    page.evaluate(axe)
    found = page.evaluate("(o) => axe.run('#hover-card', o)", OPTIONS)["violations"]
    assert told(found) == []
    page.close()


def test_axe_sees_what_these_pages_must_not_have(context, address, axe):
    page = open_page(context, f"{address}{PAGES[0]}.html")
    page.evaluate(
        "document.querySelector('main p').innerHTML ="
        ' \'<span style="color: #999; background: #aaa">Pale</span>'
        '<button aria-label="Other">Words</button><img src="">\''
    )
    rules = {line.split(" ")[0] for line in told(violations(page, axe))}
    assert rules == {"color-contrast", "label-content-name-mismatch", "image-alt"}
    page.close()


SIGNATURE = """<dl class="py function"><dt class="sig sig-object py" id="f">
<span class="sig-name">f</span><span class="sig-paren">(</span>
<dl>
<dd><em class="sig-param">x</em>,</dd>
</dl>
<span class="sig-paren">)</span></dt><dd><p>Text.</p></dd></dl>"""


@pytest.mark.parametrize(
    ("written", "corrected"),
    [
        (
            '<div role="list" class="citation-list"><div class="citation" role="doc-biblioentry">',
            '<div class="citation-list"><div class="citation">',
        ),
        (
            '<summary aria-label="Toggle hidden content">Show</summary>',
            "<summary>Show</summary>",
        ),
        (
            SIGNATURE,
            SIGNATURE.replace("<dl>", '<span class="sig-lines">')
            .replace("<dd><em", '<span class="sig-line"><em')
            .replace(",</dd>\n</dl>", ",</span>\n</span>"),
        ),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
    ],
)
def test_markup_is_corrected(written, corrected, repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "book" / "_ext"))
    assert importlib.import_module("bookext.accessible").corrected(written) == corrected
