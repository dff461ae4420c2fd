"""Filtered tables, the gallery and the links to checks, in a reader's browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from inductive.cli import chapters, pages
from inductive.report.scorecard import VERDICTS

SLUGS = chapters.slugs()
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SHOWN = "main table.filter-table tbody tr:not([hidden])"


def claims(slug: str) -> list[dict]:
    """Claims of a chapter's committed run."""
    record = chapters.read_json(slug, "claims.json")
    assert record is not None
    return record["claims"]


def with_verdict(verdict: str) -> int:
    """Number of claims in the whole book that have a verdict."""
    words = [claim["verdict"] for slug in SLUGS for claim in claims(slug)]
    return words.count(verdict)


@contextmanager
def opened(
    browser: Browser,
    url: str,
    viewport: dict[str, int] = DESKTOP,
    scripts: bool = True,
) -> Iterator[Page]:
    """A page whose scripts have run without an error."""
    context = browser.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        java_script_enabled=scripts,
    )
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url, wait_until="load")
    yield page
    assert problems == []
    context.close()


def visible(page: Page) -> int:
    """Number of rows that a reader can see."""
    return page.evaluate(
        f"[...document.querySelectorAll('{SHOWN}')].filter(r => r.offsetHeight).length"
    )


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_claims_are_filtered_by_keyboard_and_the_address_keeps_it(browser, address):
    total = sum(len(claims(slug)) for slug in SLUGS)
    with opened(browser, f"{address}book/claims.html") as page:
        assert visible(page) == total
        status = page.locator(".table-filters [role=status]")
        assert status.get_attribute("aria-live") == "polite"
        assert status.inner_text() == f"{total} of {total} claims shown"
        page.get_by_label("search", exact=True).focus()
        page.keyboard.type("Descent gated")
        assert asked(page) == {"search": ["Descent gated"]}
        assert 0 < visible(page) < total
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "chapter"
        page.keyboard.press("Tab")
        page.keyboard.type("part")
        both = visible(page)
        assert asked(page) == {"search": ["Descent gated"], "verdict": ["partly"]}
        assert status.inner_text() == f"{both} of {total} claims shown"
        texts = page.locator(SHOWN).all_inner_texts()
        assert both == len(texts) > 0
        assert all(
            re.search("descent", text, re.I) and "partly" in text for text in texts
        )
        page.reload()
        assert visible(page) == both
        assert page.get_by_label("search", exact=True).input_value() == "Descent gated"
        page.keyboard.press("Tab")
        button = page.get_by_role("button", name="Show all")
        button.focus()
        page.keyboard.press("Enter")
        assert (visible(page), asked(page)) == (total, {})
        assert page.evaluate("document.activeElement.name") == "search"


def test_badges_of_the_home_page_lead_to_the_claims_they_count(browser, address):
    with opened(browser, f"{address}book/intro.html") as page:
        found = page.evaluate(
            "[...document.querySelectorAll('.verdict-board td a:has(.verdict)')]"
            ".map(a => [a.href, a.textContent])"
        )
        assert len(found) >= len(SLUGS)
        for link, text in found:
            page.goto(link, wait_until="load")
            assert visible(page) == int(re.findall(r"\d+", text)[0])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_address_shows_the_claims_with_a_verdict(browser, address, verdict):
    query = verdict.replace(" ", "-")
    with opened(browser, f"{address}book/claims.html?verdict={query}") as page:
        offered = page.locator("select[name=verdict] option").all_inner_texts()
        count = with_verdict(verdict)
        # A verdict that no claim has is not offered, and then nothing is left out.
        assert (verdict in offered) == (count > 0)
        assert visible(page) == (count or sum(len(claims(slug)) for slug in SLUGS))


def test_coverage_is_filtered_and_empty_topics_are_hidden(browser, address):
    papers = pages.catalogue()
    wanted = [paper for paper in papers if paper["tier"] == "A"]
    topics = {paper["topic"] for paper in wanted}
    assert 0 < len(topics) < len({paper["topic"] for paper in papers})
    with opened(browser, f"{address}book/coverage.html?tier=a") as page:
        assert visible(page) == len(wanted)
        assert page.locator("main h2:visible").count() == len(topics)
        contents = ".bd-sidebar-secondary .toc-h2:not([hidden])"
        assert page.locator(contents).count() == len(topics)
        page.get_by_label("topic", exact=True).select_option(label="Grokking")
        some = [paper for paper in wanted if paper["topic"] == "grokking"]
        assert visible(page) == len(some) > 0
        assert page.locator("main h2:visible").count() == 1
        assert asked(page) == {"tier": ["a"], "topic": ["grokking"]}
        page.get_by_label("state", exact=True).select_option(label="in the book")
        written = [paper for paper in some if paper["slug"] in SLUGS]
        assert visible(page) == len(written) < len(some)
        page.get_by_role("button", name="Show all").click()
        page.get_by_label("state", exact=True).select_option(label="in the book")
        assert visible(page) == len(SLUGS)


def test_unknown_filters_of_an_address_leave_nothing_out(browser, address):
    with opened(browser, f"{address}book/coverage.html?tier=z&x=y") as page:
        assert visible(page) == len(pages.catalogue())
        assert page.get_by_label("tier", exact=True).input_value() == ""


@pytest.mark.parametrize("name", ["claims", "coverage"])
def test_without_scripts_the_tables_stand_whole(browser, address, name):
    url = f"{address}book/{name}.html?tier=a&verdict=partly"
    with opened(browser, url, scripts=False) as page:
        assert page.locator(".table-filters:visible").count() == 0
        rows = page.locator("main table.filter-table tbody tr")
        assert rows.count() > 100
        assert rows.first.is_visible()
        assert rows.last.is_visible()


@pytest.mark.parametrize("name", ["claims", "coverage"])
def test_on_a_phone_rows_are_cards_that_are_still_a_table(browser, address, name):
    with opened(browser, f"{address}book/{name}.html", PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        boxes = page.evaluate(
            "[...document.querySelectorAll('.pst-scrollable-table-container')]"
            ".map(b => b.scrollWidth - b.clientWidth)"
        )
        assert boxes
        assert max(boxes) <= 1
        cell = page.locator("main table.filter-table tbody td").nth(1)
        label = cell.evaluate("c => getComputedStyle(c, '::before').content")
        assert len(label.replace('"', "")) > 3
        table = page.get_by_role("table").first
        assert table.get_by_role("row").first.get_by_role("columnheader").count() >= 4


@pytest.mark.parametrize("slug", SLUGS)
def test_every_claim_leads_to_its_check(browser, address, slug):
    ids = [claim["id"] for claim in claims(slug)]
    with opened(browser, f"{address}book/claims.html") as page:
        links = page.evaluate(
            "[...document.querySelectorAll('.filter-table td:first-child a')]"
            ".map(a => a.href)"
        )
        own = [urlsplit(link) for link in links if f"/{slug}.html" in link]
        assert [link.fragment for link in own] == [f"check-{name}" for name in ids]
    with opened(browser, f"{address}notebooks/{slug}.html") as page:
        for name in ids:
            cell = page.evaluate(
                f"document.getElementById('check-{name}')?.closest('.cell')?.textContent"
            )
            assert cell, f"{slug}: no cell has the anchor check-{name}"
            assert re.search(rf"claims\.(check|skip)\(\s*\"{name}\"", cell)
        tables = page.evaluate(
            "[...document.querySelectorAll('.scorecard table')].map(t => "
            "[...t.querySelectorAll('td:first-child a')].map(a => a.hash))"
        )
        assert tables == [[f"#check-{name}" for name in ids]] * 2


def test_the_gallery_leads_to_a_figure_of_each_chapter(browser, address):
    with opened(browser, f"{address}book/intro.html") as page:
        found = page.evaluate(
            "[...document.querySelectorAll('.figure-gallery a')].map(a => "
            "[a.href, a.textContent.trim(), a.querySelector('img').alt.length,"
            " a.querySelector('img').loading])"
        )
        links = [link for link, *_ in found]
        assert [Path(urlsplit(link).path).stem for link in links] == SLUGS
        assert [title for _, title, *_ in found] == [chapters.title(s) for s in SLUGS]
        assert all(size > 30 and way == "lazy" for *_, size, way in found)
        # The pictures are links here, not buttons that enlarge them.
        assert page.locator(".figure-gallery button").count() == 0
        for link in links:
            page.goto(link, wait_until="load")
            figure = page.evaluate(
                "document.getElementById(location.hash.slice(1))?.tagName"
            )
            assert figure == "FIGURE"


def test_gallery_keeps_a_light_plate_in_the_dark(browser, address):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}book/intro.html", wait_until="load")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    plates = page.evaluate(
        "[...document.querySelectorAll('.figure-gallery img')].map(i => "
        "[getComputedStyle(i).backgroundColor, getComputedStyle(i).filter])"
    )
    assert {tuple(plate) for plate in plates} == {("rgb(255, 255, 255)", "none")}
    context.close()
