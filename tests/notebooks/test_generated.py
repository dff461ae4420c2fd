"""Status, coverage, README table and cover are what ``inductive status --write`` makes."""

from inductive import paths
from inductive.cli import pages


def test_generated_files_are_committed_as_made() -> None:
    for path, content in pages.generate().items():
        made = content.encode() if isinstance(content, str) else content
        name = path.relative_to(paths.root())
        assert path.is_file(), f"{name} is missing: run `inductive status --write`"
        assert path.read_bytes() == made, f"{name}: run `inductive status --write`"


def test_coverage_lists_every_paper_once() -> None:
    papers = pages.catalogue()
    assert len({paper["slug"] for paper in papers}) == len(papers) == 163
    page = pages.coverage_page()
    assert all(page.count(f"/abs/{paper['arxiv']})") >= 1 for paper in papers)
    assert page.count("https://arxiv.org/abs/") == len(papers)
