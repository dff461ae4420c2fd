"""The data behind hover cards, and the cards themselves in a browser."""

import importlib
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page
from pybtex.database import parse_string

from support.small_book import build
from support.visits import DESKTOP, PAGES, PHONE, visit

CARD = "#hover-card"
CITING = "notebooks/multitask-finetuning"
CITATION = ".bibtex-citation a"
DEFINED = "book/conventions"
TERM = "main a:has(> .std-term)"
GLOSSARY = """
# Words

```{{glossary}}
store
  What a {{term}}`sweep` leaves{end}.

sweep
  One function, many points.
```
"""
TOC = "format: jb-book\nroot: words\n"


pytestmark = pytest.mark.usefixtures("extension")


def small_book(folder: Path, end: str = "") -> tuple[Path, str]:
    """A built book whose only page is a glossary, and the warnings."""
    (folder / "_toc.yml").write_text(TOC)
    (folder / "words.md").write_text(GLOSSARY.format(end=end))
    return build(folder, myst_enable_extensions=["deflist", "dollarmath"])


def cards(site: Path) -> dict[str, dict[str, str]]:
    """The cards that a built site offers."""
    text = (site / "_static" / "cards-data.js").read_text()
    found = re.fullmatch(r"window\.bookCards=(.*);\n", text)
    assert found
    return json.loads(found[1])


def entry_card(source: str) -> dict[str, str]:
    """Card of the only entry of a bibliography."""
    (entry,) = parse_string(source, "bibtex").entries.values()
    return importlib.import_module("bookext.cards").entry_card(entry)


def test_terms_have_a_card_at_their_anchor(tmp_path):
    site, warnings = small_book(tmp_path)
    assert warnings == ""
    assert cards(site) == {
        "words.html#term-store": {"title": "store", "text": "What a sweep leaves."},
        "words.html#term-sweep": {
            "title": "sweep",
            "text": "One function, many points.",
        },
    }


def test_a_formula_in_a_definition_is_warned_of(tmp_path):
    _, warnings = small_book(tmp_path, end=" at $t = 1$")
    assert "the definition of 'store' has a formula" in warnings
    assert "write it in letters" in warnings


def test_entries_name_all_of_few_authors_in_plain_letters():
    card = entry_card(r"""@misc{a, author = {Domin{\'e}, C. and van Loan, Charles F.},
        title = {On {R}ules}, year = {2026}, url = {https://example.org/a}}""")
    assert card == {
        "title": "On Rules",
        "text": "C. Dominé and Charles F. van Loan, 2026",
        "link": "https://example.org/a",
    }


def test_entries_prefer_the_doi_and_shorten_long_lists_of_authors():
    names = " and ".join(f"Name{i}, A." for i in range(9))
    card = entry_card(f"@misc{{a, author={{{names}}}, doi={{10.1/x}}, url={{b}}}}")
    assert card["text"].endswith("A. Name5 and others, undated")
    assert card["link"] == "https://doi.org/10.1/x"
    assert "link" not in entry_card("@misc{a, author={A, B}, year={2026}}")


def test_every_term_and_citation_of_the_site_has_a_card(site):
    known = cards(site)
    linked = set()
    for name in PAGES:
        text = (site / f"{name}.html").read_text()
        for address in re.findall(
            r'href="([^"]*#[^"]*)"[^>]*>(?:<span class="xref std std-term)', text
        ) + re.findall(r'bibtex-citation"[^>]*>\[<a [^>]*href="([^"]*)"', text):
            path, _, anchor = address.partition("#")
            page = (site / name).parent / path if path else site / f"{name}.html"
            linked.add(f"{page.resolve().relative_to(site.resolve())}#{anchor}")
    assert len(linked) > 30
    assert linked - known.keys() == set()
    assert [
        card for card in known.values() if not card["title"] or not card["text"]
    ] == []


def is_inside(card: Locator, page: Page) -> bool:
    """Whether the whole card lies in the window."""
    box, window = card.bounding_box(), page.viewport_size
    assert box
    assert window
    return (
        box["x"] >= 0
        and box["y"] >= 0
        and box["x"] + box["width"] <= window["width"]
        and box["y"] + box["height"] <= window["height"]
    )


@pytest.mark.parametrize(("name", "links"), [(CITING, CITATION), (DEFINED, TERM)])
def test_pointing_shows_the_card_and_leaving_hides_it(name, links, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page, card = visited.page, visited.page.locator(CARD)
        link = page.locator(links).first
        assert not page.evaluate("'bookCards' in window")
        link.hover()
        card.wait_for(state="visible")
        assert is_inside(card, page)
        assert link.get_attribute("aria-describedby") == "hover-card"
        card.hover()  # what is in it can be read, selected and followed
        page.wait_for_timeout(400)
        assert card.is_visible()
        page.mouse.move(0, 0)
        card.wait_for(state="hidden")
        assert link.get_attribute("aria-describedby") is None
        assert visited.problems == []


def test_the_card_of_a_citation_says_who_what_and_where(browser, address):
    with visit(browser, address, CITING, DESKTOP, "dark") as visited:
        card = visited.page.locator(CARD)
        visited.page.locator(CITATION).first.hover()
        card.wait_for(state="visible")
        assert (
            "multiple regimes of feature reuse" in card.locator("strong").inner_text()
        )
        assert (
            "Samuel Lippl and Jack W. Lindsey, 2024" in card.locator("p").inner_text()
        )
        source = card.locator("a").get_attribute("href")
        assert source == "https://arxiv.org/abs/2310.02396"


def test_the_keyboard_shows_the_card_passes_it_and_escape_hides_it(browser, address):
    with visit(browser, address, DEFINED, DESKTOP, "light") as visited:
        page, card = visited.page, visited.page.locator(CARD)
        focused = page.locator("main a:has(> .std-term):focus")
        page.locator("main a[href='glossary.html']").first.focus()
        page.keyboard.press("Tab")
        card.wait_for(state="visible")
        assert card.locator("strong").inner_text() == focused.inner_text()
        assert focused.get_attribute("aria-describedby") == "hover-card"
        word = focused.inner_text()
        page.keyboard.press("Escape")
        assert card.is_hidden()
        assert focused.inner_text() == word
        page.keyboard.press("Tab")
        assert focused.count() == 0
        page.keyboard.press("Shift+Tab")
        card.wait_for(state="visible")
        assert card.locator("strong").inner_text() == word
        page.keyboard.press("Tab")
        assert card.is_hidden()


def test_a_tap_follows_the_link(browser, address):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}{DEFINED}.html", wait_until="networkidle")
    page.locator(TERM).first.tap()
    page.wait_for_url("**/glossary.html#term-*")
    context.close()


def test_cards_stay_inside_a_phone(browser, address):
    with visit(browser, address, CITING, PHONE, "light") as visited:
        page, card = visited.page, visited.page.locator(CARD)
        for link in page.locator(CITATION).all()[:4]:
            link.hover()
            card.wait_for(state="visible")
            assert is_inside(card, page)
            page.keyboard.press("Escape")


def test_without_scripts_terms_and_citations_are_links(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{DEFINED}.html")
    page.locator(TERM).first.click()
    page.wait_for_url("**/glossary.html#term-*")
    context.close()


def test_cards_work_on_pages_opened_as_files(site, browser):
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto((site / f"{DEFINED}.html").resolve().as_uri())
    page.locator(TERM).first.hover()
    page.locator(CARD).wait_for(state="visible")
    context.close()
