"""Every page of the built site, as a reader's browser sees it."""

import hashlib
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

from inductive import paths
from inductive.cli import chapters, git
from inductive.report.figures import COLUMNS
from support.visits import CHAPTERS, DESKTOP, PAGES, PHONE, ROOT, visit


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_whole_and_from_here_alone(name, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page = visited.page
        # Scrolling to the end loads what a browser leaves for later.
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        assert visited.problems == []
        images = page.evaluate(
            "[...document.images].map(i => [i.src, i.alt, i.naturalWidth])"
        )
        assert [src for src, alt, width in images if not alt or not width] == []


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_set(name, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page = visited.page
        unset = page.evaluate(
            "[...document.querySelectorAll('main .math')]"
            ".filter(e => !e.querySelector('mjx-container')).map(e => e.textContent)"
        )
        assert unset == []
        assert page.locator("mjx-merror").count() == 0
        prose = page.evaluate(
            "[...document.querySelectorAll('main :is(p, td, figcaption)')]"
            ".map(e => {const c = e.cloneNode(true);"
            " c.querySelectorAll('code, mjx-container').forEach(x => x.remove());"
            " return c.textContent})"
        )
        assert [text for text in prose if "$$" in text or r"\(" in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_sideways_scrolling_on_a_phone_in_the_dark(name, browser, address):
    with visit(browser, address, name, PHONE, "dark") as visited:
        page = visited.page
        assert visited.problems == []
        # A long page may be shown before the theme's script has run.
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        # A wide equation can be scrolled to its beginning.
        lefts = page.evaluate(
            "[...document.querySelectorAll('main div.math > mjx-container')].map("
            "e => e.getBoundingClientRect().left)"
        )
        assert all(left >= 0 for left in lefts)


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_have_numbers_and_captions(name, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        figures = visited.page.evaluate(
            "[...document.querySelectorAll('main figure')].map(f => ["
            "f.querySelector('.caption-number')?.textContent ?? '',"
            "f.querySelector('.caption-text')?.textContent ?? ''])"
        )
        assert figures
        numbers = [re.fullmatch(r"Fig\. (\d+)\s*", number) for number, _ in figures]
        assert all(numbers)
        found = [int(match[1]) for match in numbers if match]
        assert found == list(range(found[0], found[0] + len(found)))
        assert all(len(text) > 20 for _, text in figures)
        alone = "main .cell_output img:not(figure img)"
        assert visited.page.locator(alone).count() == 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_keep_a_light_plate_in_the_dark(name, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page = visited.page
        switch = page.locator("button.theme-switch-button:visible").first
        for _ in range(3):  # automatic, light, dark
            if page.evaluate("document.documentElement.dataset.theme") == "dark":
                break
            switch.click()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        plates = page.evaluate(
            "[...document.querySelectorAll('main figure img')].map(i => "
            "[getComputedStyle(i).backgroundColor, getComputedStyle(i).filter])"
        )
        assert plates
        assert {tuple(plate) for plate in plates} == {("rgb(255, 255, 255)", "none")}


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_open_and_close_by_keyboard(name, browser, address):
    with visit(browser, address, name, DESKTOP, "light") as visited:
        page = visited.page
        button = page.locator("button.zoom").first
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.locator("dialog.zoom-dialog")
        assert dialog.is_visible()
        assert dialog.locator("img").get_attribute("alt")
        page.keyboard.press("Escape")
        assert not dialog.is_visible()
        assert page.evaluate("document.activeElement.className") == "zoom"


class _Links(HTMLParser):
    """Addresses that a page points at, and the anchors that it offers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("href", "src") and not value.startswith("data:"):
                self.addresses.append(value)
            if value and (name == "id" or (tag == "a" and name == "name")):
                self.anchors.add(value)


def html_pages(site: Path) -> list[Path]:
    """All pages, those made by Sphinx included; templates of the theme are none."""
    return [path for path in site.rglob("*.html") if "_static" not in path.parts]


def test_internal_links_lead_somewhere(site):
    pages = {path: _Links(path.read_text()) for path in html_pages(site)}
    broken = []
    for path, links in pages.items():
        for address in links.addresses:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            file = unquote(parts.path)
            base = (
                site / file.lstrip("/") if file.startswith("/") else path.parent / file
            )
            target = (base if file else path).resolve()
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            known = pages[target].anchors if target in pages else {anchor}
            if not target.is_file() or (anchor not in known and anchor != "top"):
                broken.append(f"{path.relative_to(site)}: {address}")
    assert broken == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_published_tables_can_be_downloaded(name, site):
    run = ROOT / name.replace("notebooks/", "notebooks/results/") / "run.json"
    wanted = json.loads(run.read_text())["hashes"]["published"]
    links = _Links((site / f"{name}.html").read_text()).addresses
    offered = {link.rsplit("/", 1)[-1] for link in links if "_downloads/" in link}
    assert {f"{Path(table).name}.csv" for table in wanted} <= offered


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_figure_offers_its_numbers_pictures_and_provenance(name, site):
    text = (site / f"{name}.html").read_text()
    figures = re.findall(r"<figure .*?</figure>", text, flags=re.S)
    folder = (site / name).parent
    commit = git.ask("rev-parse", "HEAD")[:10] or "not under version control"
    assert figures
    for figure in figures:
        links = _Links(figure).addresses
        files = {
            Path(link).suffix: (folder / unquote(link)).read_bytes()
            for link in links
            if "_downloads/" in link
        }
        told = re.search(r"<details class=.figure-prov.*</details>", figure, flags=re.S)
        assert told
        assert commit in told[0]
        data = next(iter(files.values()))
        assert hashlib.sha256(data).hexdigest() in told[0]
        if "knobs-figure" in figure:  # drawn by the page from stored frames
            assert set(files) == {".nc"}
            continue
        assert list(files) == [".csv", ".png", ".svg"]
        assert files[".png"].startswith(b"\x89PNG")
        assert b"<svg" in files[".svg"]
        table = pd.read_csv(io.BytesIO(files[".csv"]))
        assert len(table)
        assert set(table.columns) == set(COLUMNS)
        assert len(table.dropna(subset=["x", "y"], how="all")) == len(table)


@pytest.mark.parametrize("name", CHAPTERS)
def test_cards_offer_archives_of_results_and_figures(name, site):
    slug = Path(name).name
    links = _Links((site / f"{name}.html").read_text()).addresses
    held = {}
    for kind in ("results", "figures"):
        (link,) = (link for link in links if link.endswith(f"/{slug}-{kind}.zip"))
        with zipfile.ZipFile((site / name).parent / link) as archive:
            held[kind] = {Path(member).name for member in archive.namelist()}
    stores = {path.name for path in paths.results(slug).glob("*.nc")}
    assert stores | {"run.json", "claims.json"} <= held["results"]
    wanted = {path.name for path in chapters.figures(slug).iterdir()}
    pictures = {f"{Path(file).stem}.png" for file in wanted}
    assert held["figures"] == wanted | pictures


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_provenance_of_a_figure_opens_by_keyboard(scheme, browser, address):
    with visit(browser, address, CHAPTERS[0], PHONE, scheme) as visited:
        page = visited.page
        details = page.locator("details.figure-provenance").first
        assert not details.locator("dl").is_visible()
        details.locator("summary").focus()
        page.keyboard.press("Enter")
        assert details.locator("dl").is_visible()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]


def test_links_are_relative_except_on_the_not_found_page(site):
    absolute = [
        f"{path.relative_to(site)}: {address}"
        for path in html_pages(site)
        if path.name != "404.html"  # it is served under any address
        for address in _Links(path.read_text()).addresses
        if address.startswith("/")
    ]
    assert absolute == []
