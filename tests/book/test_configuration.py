"""The files around the book agree with each other, and a broken page stops the build."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from inductive.cli.errors import RunError
from inductive.cli.site import build

ENVIRONMENTS = ("environment.yml", ".binder/environment.yml")
STEP = re.compile(r"make ([a-z]+)(?: [A-Z]+=\S+)*|bash \.ci/run")


@pytest.fixture(scope="module")
def project(repository) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def lock(repository: Path) -> Sequence[str]:
    """Entries of the lock, one string each, continuation lines joined."""
    text = (repository / "requirements.lock").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def workflows(repository: Path) -> dict[str, dict]:
    folder = repository / ".github" / "workflows"
    return {
        path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")
    }


def steps(repository: Path) -> list[dict]:
    return [
        step
        for content in workflows(repository).values()
        for job in content["jobs"].values()
        for step in job["steps"]
    ]


def test_files_of_the_table_of_contents_exist(repository):
    toc = yaml.safe_load((repository / "_toc.yml").read_text())
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    missing = [
        file
        for file in [toc["root"], *files]
        if not any((repository / f"{file}{end}").is_file() for end in (".md", ".ipynb"))
    ]
    assert missing == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_conda_environment_agrees_with_the_package(name, repository, project):
    path = repository / name
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    # The version of the committed runs, so that a reader gets their numbers.
    assert "python=3.11" in dependencies
    assert "3.11.0" in SpecifierSet(project["requires-python"])
    pip = next(d["pip"] for d in dependencies if isinstance(d, dict))
    assert pip[0] == "--require-hashes"
    target = (path.parent / pip[1].removeprefix("-r ")).resolve()
    assert target == repository / "requirements.lock"


def test_binder_installs_the_library_and_registers_a_kernel(repository, lock):
    script = repository / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    lines = script.read_text().splitlines()
    install, kernel = (line.split() for line in lines if line.startswith("python -m"))
    # Packages come from the lock alone: nothing else is resolved, not even to build.
    assert install[3:] == ["install", "--no-deps", "--no-build-isolation", "-e", "."]
    assert kernel[2:7] == ["ipykernel", "install", "--sys-prefix", "--name", "python3"]
    locked = {entry.split("==")[0] for entry in lock}
    assert {"ipykernel", "hatchling", "editables", "jax"} <= locked


def test_both_environments_are_the_same(repository):
    here, binder = (
        yaml.safe_load((repository / name).read_text()) for name in ENVIRONMENTS
    )
    pip = binder["dependencies"][-1]["pip"]
    pip[:] = [line.replace("../", "") for line in pip]
    assert binder == here


def test_the_page_says_the_second_step_of_conda(repository):
    page = (repository / "book" / "how-to-run.md").read_text()
    step = "pip install --no-deps --no-build-isolation -e ."
    assert step in page
    assert step in (repository / "environment.yml").read_text()


def test_lock_holds_every_dependency_at_an_allowed_version(project, lock):
    locked: dict[str, list[str]] = {}
    for entry in lock:
        name, version = re.split("==| ", entry, maxsplit=2)[:2]
        locked.setdefault(canonicalize_name(name), []).append(version)
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(item for extra in extras for item in extra)]
    unmet = [
        str(requirement)
        for requirement in map(Requirement, wanted)
        if not any(
            version in requirement.specifier
            for version in locked.get(canonicalize_name(requirement.name), [])
        )
    ]
    assert unmet == []


def test_lock_has_hashes_and_names_no_host(repository, lock):
    assert lock
    assert [entry for entry in lock if "--hash=sha256:" not in entry] == []
    text = (repository / "requirements.lock").read_text()
    assert (
        re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text) is None
    )


def test_workflows_call_the_verbs_of_the_makefile_only(repository):
    makefile = (repository / "Makefile").read_text()
    verbs = set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    commands = [step["run"] for step in steps(repository) if "run" in step]
    assert commands
    for command in commands:
        match = STEP.fullmatch(command)
        assert match, command
        assert match[1] is None or match[1] in verbs


def test_actions_are_the_forge_s_own_and_pinned(repository):
    used = [step["uses"] for step in steps(repository) if "uses" in step]
    pinned = re.compile(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})")
    assert [action for action in used if not pinned.fullmatch(action)] == []


def test_continuous_integration_runs_the_tests_and_requires_the_browser(repository):
    script = repository / ".ci" / "run"
    text = script.read_text()
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in text
    assert 'REQUIRE_BROWSER=1 CHAPTER_MINUTES="${CHAPTER_MINUTES:-25}"' in text
    assert text.rstrip().splitlines()[-1].startswith("exec make test")
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_citation_file_names_the_version_of_the_package(repository, project):
    citation = yaml.safe_load((repository / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license"} <= citation.keys()
    assert citation["version"] == project["version"]


def test_library_page_lists_every_public_module(repository):
    page = (repository / "book" / "library.md").read_text()
    listed = set(re.findall(r"automodule:: (\S+)", page))
    package = repository / "lib" / "inductive"
    missing = []
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        # The command line is no library; experiments belong to their chapters, so that a
        # fork needs no line here.
        if parts[1] in ("cli", "experiments") or parts[-1].startswith("_"):
            continue
        name, parent = ".".join(parts), ".".join(parts[:-1])
        exported = f"from {name} import" in (path.parent / "__init__.py").read_text()
        if name not in listed and not (parent in listed and exported):
            missing.append(name)
    assert missing == []


def test_vendored_mathjax_is_whole(repository):
    folder = repository / "book" / "_static" / "mathjax"
    assert (folder / "LICENSE").is_file()
    assert len(list(folder.glob("output/chtml/fonts/woff-v2/*.woff"))) >= 20


@pytest.fixture
def small_book(repository, tmp_path, monkeypatch) -> Path:
    """A book of two pages (the theme needs a menu) with the configuration of this one."""
    shutil.copy(repository / "_config.yml", tmp_path)
    shutil.copytree(
        repository / "book",
        tmp_path / "book",
        ignore=shutil.ignore_patterns("*.md", "mathjax", "__pycache__"),
    )
    (tmp_path / "notebooks").mkdir()
    toc = "format: jb-book\nroot: book/home\nchapters:\n  - file: book/page\n"
    (tmp_path / "_toc.yml").write_text(toc)
    (tmp_path / "book" / "home.md").write_text("# Home\n\nA sentence.\n")
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    return tmp_path


def test_a_sound_page_builds(small_book):
    (small_book / "book" / "page.md").write_text("# Title\n\nA sentence.\n")
    assert (build(small_book / "out") / "book" / "page.html").is_file()


def test_a_broken_page_fails_the_build_every_time(small_book):
    (small_book / "book" / "page.md").write_text("# Title\n\n{ref}`nowhere-at-all`\n")
    for _ in range(2):  # Jupyter Book alone passes over the page the second time
        with pytest.raises(RunError, match="nowhere-at-all"):
            build(small_book / "out")


def test_an_image_without_alt_text_fails_the_build(small_book):
    static = small_book / "book" / "_static"
    picture = next(path.name for path in static.glob("*.png"))
    page = small_book / "book" / "page.md"
    page.write_text(f"# Title\n\n![](_static/{picture})\n")
    sentence = f"page book/page: image .*{picture} has no alt text: say in one sentence"
    with pytest.raises(RunError, match=sentence):
        build(small_book / "out")
    page.write_text(f"# Title\n\n![A picture](_static/{picture})\n")
    assert build(small_book / "out").is_dir()
