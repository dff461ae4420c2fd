"""Print chapters of the built site to PDF, with a browser, as a reader would print them."""

from collections.abc import Sequence
from pathlib import Path

from inductive import paths
from inductive.cli import chapters, doctor
from inductive.cli.errors import RunError

_FOOTER = """<div style="width: 100%; padding: 0 15mm; font: 8px sans-serif; display: flex;
justify-content: space-between"><span class="title"></span><span><span class="pageNumber">
</span> / <span class="totalPages"></span></span></div>"""
# A root user's Chromium starts without a sandbox only; it opens our own files, nothing else.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def write(slugs: Sequence[str], site: Path, out: Path) -> list[Path]:
    """Print chapters into ``out/<slug>.pdf`` and return these files.

    Args:
        slugs: chapters to print.
        site: folder of the built pages.
        out: folder of the PDFs; made where it does not exist.

    Raises:
        RunError: there is no browser, no playwright to drive it, or a chapter has no page.
    """
    from playwright.sync_api import sync_playwright

    pages = {slug: site / "notebooks" / f"{slug}.html" for slug in slugs}
    missing = [slug for slug, page in pages.items() if not page.is_file()]
    if missing:
        raise RunError(f"no page of {', '.join(missing)} in {site}: run `make book`")
    browser = doctor.browser()
    if browser is None:
        raise RunError(
            "no browser to print with: install Chromium, or set CHROMIUM to the path of one"
        )
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=_ARGUMENTS
        )
        # A wide window: else the theme would lay the pages out as on a phone.
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        for slug, source in pages.items():
            page.goto(source.resolve().as_uri(), wait_until="networkidle")
            page.evaluate("async () => await window.MathJax?.startup?.promise")
            page.pdf(
                path=out / f"{slug}.pdf",
                format="A4",
                margin=dict.fromkeys(("top", "bottom", "left", "right"), "15mm"),
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=_FOOTER,
                tagged=True,
                outline=True,
            )
        chromium.close()
    return [out / f"{slug}.pdf" for slug in slugs]


def of_the_book(slug: str | None) -> list[Path]:
    """Print one chapter, or all, of the site in ``_build/html`` into ``_build/pdf``.

    Raises:
        UsageError: there is no such chapter.
        RunError: as :func:`write`.
    """
    chosen = [slug] if slug else chapters.slugs()
    for one in chosen:
        chapters.source(one)
    return write(chosen, paths.build() / "html", paths.build() / "pdf")
