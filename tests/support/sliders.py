"""Small books with a figure of sliders, and what stands in their plots."""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import xarray as xr
from playwright.sync_api import Browser, Page, ViewportSize

from support import small_book

ROOT = Path(__file__).parents[2]
SLUG = "some-paper"
NAME = "fig-some-knobs"
DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
_TOC = f"format: jb-book\nroot: index\nchapters:\n  - file: notebooks/{SLUG}\n"
_INSIDE = """[...document.querySelectorAll('.knobs svg[role] text')].every(t => {
  const a = t.getBoundingClientRect(), b = t.closest('svg').getBoundingClientRect();
  return a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1
    && a.bottom <= b.bottom + 1})"""


def module(name: str) -> ModuleType:
    """A module of the book's extension, which must be on the path."""
    return importlib.import_module(f"bookext.{name}")


def write(book: Path, directive: str, caption: str, store: xr.Dataset | None) -> None:
    """Source of a small book with one chapter, whose page has one figure."""
    results = book / "notebooks" / "results" / SLUG
    results.mkdir(parents=True)
    (book / "notebooks" / f"{SLUG}.md").write_text(
        f"# Some paper\n\nSee {{numref}}`{NAME}`.\n\n"
        f"```{{{directive}}} {SLUG}\n:name: {NAME}\n\n{caption}\n```\n\nAfter it.\n"
    )
    (book / "index.md").write_text("# Home\n")
    (book / "_toc.yml").write_text(_TOC)
    if store is not None:
        store.to_netcdf(results / "frames.nc", engine="h5netcdf")


def build(book: Path, builder: str = "html") -> tuple[Path, str]:
    """Folder of the built pages, and the warnings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INDUCTIVE_ROOT", str(book))
        return small_book.build(
            book,
            builder,
            html_static_path=[str(ROOT / "book" / "_static")],
            html_css_files=["book.css"],
            html_context={"default_mode": "auto"},
            numfig=True,
        )


def page_of(site: Path) -> Path:
    """File of the chapter's page."""
    return site / "notebooks" / f"{SLUG}.html"


@contextmanager
def opened(
    browser: Browser, site: Path, viewport: ViewportSize, scheme: Any = "light"
) -> Iterator[Page]:
    """The page, opened from the disk, which must not complain."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(page_of(site).as_uri())
    page.wait_for_function("!document.querySelector('.knobs input').disabled")
    yield page
    assert problems == []
    context.close()


def places(d: str) -> np.ndarray:
    """Points of a path, in units of the panel."""
    numbers = [float(x) for x in re.findall(r"-?[\d.]+", d)]
    return np.array(numbers).reshape(-1, 2)


def path(html: str, panel: str, kind: str) -> str:
    """The ``d`` of a path in a page that no script has touched."""
    found = re.search(rf'id="{NAME}-{panel}".*?</svg>', html)
    assert found
    d = re.search(rf'class="{kind}" d="([^"]*)"', found[0])
    assert d
    return d[1]


def values(axis: Any, at: np.ndarray) -> np.ndarray:
    """What stands at some places of an axis."""
    share = (at - axis.start) / (axis.end - axis.start)

    def scaled(x, power):
        return np.sign(x) * np.abs(x) ** power if axis.root else x

    low, high = scaled(axis.low, 0.5), scaled(axis.high, 0.5)
    return scaled(low + share * (high - low), 2)


def move(page: Page, knob: str, place: int) -> None:
    """Move a slider."""
    page.locator(f"#{NAME}-{knob}").fill(str(place))


def summary(page: Page) -> str:
    """The shown frame in words."""
    return page.locator(".knobs-summary").inner_text()


def height(page: Page) -> float:
    """Height of the figure."""
    script = "document.querySelector('.knobs').getBoundingClientRect().height"
    return page.evaluate(script)


def fits(page: Page) -> bool:
    """Whether the page does not scroll sideways, and plots hold all their words."""
    width = page.evaluate("document.documentElement.scrollWidth")
    return width <= (page.viewport_size or {})["width"] and page.evaluate(_INSIDE)
