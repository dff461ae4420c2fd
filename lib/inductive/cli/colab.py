"""Start notebooks for Colab: each installs the locked environment and runs one chapter there.

Chapters themselves hold no installation cells, so that they read and run the same everywhere.
"""

import re
from pathlib import Path
from typing import Any

import nbformat
import yaml

from inductive import paths
from inductive.cli import chapters

_INTRODUCTION = """# {title}, on Colab

Run all cells: they fetch the book, install its locked packages beside Colab's own (about two
minutes), run the chapter and show its figures and its scorecard.
The packages compute on Colab's processors, not on its GPU, so the profile is `smoke`: fewer
seeds and smaller sizes. Choose `paper` for the run that the book shows."""

_FORM = """#@title What to run
address = "{address}"  #@param {{type:"string"}}
commit = ""  #@param {{type:"string"}}
profile = "smoke"  #@param ["smoke", "paper"]"""

_DEFINITIONS = '''#@title How it is installed and run
import json, os, pathlib, subprocess, sys
from base64 import b64decode

SLUG, RUN, UV, PYTHON = "{slug}", "{run}", "{uv}", "3.11"
NOTEBOOK = f"book/_colab/{{SLUG}}.ipynb"


def call(*words, **options):
    """Output of a command; stops with what it says when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{{' '.join(words)}} failed: {{done.stderr.strip()}}")
    return done.stdout


def fetch(address, commit, folder="book"):
    """Clone the book, at the commit asked for or the newest that has this notebook's run."""
    if not address:
        sys.exit("Fill in the address of the book's repository in the form above.")
    if not pathlib.Path(folder).is_dir():
        call("git", "clone", "--quiet", address, folder)
    for found in call("git", "-C", folder, "rev-list", "origin/HEAD").split():
        show = ["git", "-C", folder, "show", f"{{found}}:{{NOTEBOOK}}"]
        if commit or RUN in subprocess.run(show, capture_output=True, text=True).stdout:
            break
    else:
        sys.exit(f"No commit of {{address}} has this notebook: fill in one in the form.")
    call("git", "-C", folder, "checkout", "--quiet", commit or found)
    return call("git", "-C", folder, "rev-parse", "HEAD").strip()


def install(folder="book"):
    """The locked packages and the library, in an environment beside Colab's own."""
    call(sys.executable, "-m", "pip", "install", "--quiet", f"uv=={{UV}}")
    uv = [sys.executable, "-m", "uv"]
    call(*uv, "venv", "--quiet", "--clear", "--python", PYTHON, ".venv", cwd=folder)
    pip = [*uv, "pip", "install", "--quiet"]
    call(*pip, "--require-hashes", "-r", "requirements.lock", cwd=folder)
    call(*pip, "--no-deps", "--no-build-isolation", "-e", ".", cwd=folder)
    kernel = ["-m", "ipykernel", "install", "--sys-prefix", "--name", "python3"]
    call(".venv/bin/python", *kernel, cwd=folder)


def run(profile, folder="book"):
    """Run the chapter; its scorecard and the PNG images of its figures."""
    words = [".venv/bin/inductive", "run", SLUG, "--profile", profile]
    inline = {{k: v for k, v in os.environ.items() if k != "MPLBACKEND"}}
    told = call(*words, cwd=folder, env=inline)
    made = pathlib.Path(folder, "_build", "runs", SLUG, profile, f"{{SLUG}}.ipynb")
    cells = json.loads(made.read_text())["cells"]
    data = [out.get("data", {{}}) for cell in cells for out in cell.get("outputs", [])]
    return told, [b64decode("".join(d["image/png"])) for d in data if "image/png" in d]'''

_STEPS = """#@title Install and run
try:
    import google.colab
except ImportError:
    sys.exit("This notebook is for Colab; elsewhere call `inductive run {slug}`.")
print("The book at commit", fetch(address, commit))
install()
print(f"Running the {{profile}} profile on the processors of Colab ...")
told, images = run(profile)
from IPython.display import Image, display
for image in images:
    display(Image(image))
print(told)"""


def folder() -> Path:
    """Where the start notebooks lie."""
    return paths.book() / "_colab"


def address() -> str:
    """``repository-code`` of ``CITATION.cff``, empty where it names none."""
    path = paths.root() / "CITATION.cff"
    told = yaml.safe_load(path.read_text()) if path.is_file() else {}
    return told.get("repository-code", "")


def notebooks() -> dict[Path, str]:
    """Start notebook of each chapter that was run, by path."""
    return {
        folder() / f"{slug}.ipynb": _notebook(slug)
        for slug in chapters.slugs()
        if (paths.results(slug) / "run.json").is_file()
    }


def _notebook(slug: str) -> str:
    told: dict[str, Any] = {
        "slug": slug,
        "title": chapters.title(slug),
        "address": address(),
        "run": chapters.sha256(paths.results(slug) / "run.json"),
        "uv": _locked("uv"),
    }
    cells = [nbformat.v4.new_markdown_cell(_INTRODUCTION.format(**told))]
    for source in (_FORM, _DEFINITIONS, _STEPS):
        cell = nbformat.v4.new_code_cell(source.format(**told))
        cell.metadata["cellView"] = "form"
        cells.append(cell)
    for number, cell in enumerate(cells):
        cell.id = f"start-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return nbformat.writes(book) + "\n"


def _locked(name: str) -> str:
    """Version of a package in the lock, empty where there is no lock or no such package."""
    path = paths.root() / "requirements.lock"
    text = path.read_text() if path.is_file() else ""
    found = re.search(rf"^{name}==(\S+)", text, re.M)
    return found[1] if found else ""
