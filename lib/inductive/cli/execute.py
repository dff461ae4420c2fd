"""Run one chapter: script to notebook, papermill, normalised products."""

import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from inductive import paths
from inductive.cli import chapters, figures, normalise, parameters, validate
from inductive.cli.errors import RunError, UsageError
from inductive.report import figures as shown
from inductive.report import scorecard
from inductive.sweep import fingerprint, frozen

CELL_TIMEOUT = 3600  # seconds
_RECORDED = ("jax", "jaxlib", "numpy", "scipy", "matplotlib", "pandas", "xarray")


@dataclass(frozen=True)
class Request:
    """One run of one chapter, checked before anything starts.

    Attributes:
        slug: the chapter.
        profile: ``"paper"`` or ``"smoke"``.
        values: parameters that differ from their defaults, without the profile.
        out: folder for the notebook, ``claims.json`` and ``run.json``.
        commit: whether the products replace the committed ones.
        fresh: whether sweeps are computed anew though frozen stores hold them.
        committed: the committed claims, whose rules a commit may not move silently.
    """

    slug: str
    profile: str
    values: dict[str, Any]
    out: Path
    commit: bool
    fresh: bool
    committed: dict[str, Any]

    @property
    def kept(self) -> Path:
        """Where the notebook of a run that failed is kept."""
        return self.out / f"{self.slug}.failed.ipynb"

    @classmethod
    def checked(
        cls,
        slug: str,
        profile: str,
        assignments: Sequence[str],
        out: Path | None,
        commit: bool,
        fresh: bool = False,
    ) -> "Request":
        """Request from the words of a command.

        Raises:
            UsageError: unknown chapter or parameter, bad value, or a commit of other than the
                paper profile with default parameters.
        """
        known = parameters.declared(chapters.source(slug).read_text())
        profile = known["profile"].parse(profile)
        values = parameters.parse(assignments, known)
        if "profile" in values:
            raise UsageError("give the profile as --profile, not as -p profile=...")
        if commit and (profile != "paper" or values):
            raise UsageError(
                "--commit takes the paper profile with default parameters: "
                "leave out --profile smoke and -p"
            )
        committed = chapters.read_json(slug, "claims.json") or {"claims": []}
        folder = _checked_folder(out or paths.runs(slug) / profile)
        return cls(slug, profile, values, folder, commit, fresh, committed)


def _checked_folder(out: Path) -> Path:
    out = out.resolve()
    if out.is_relative_to(paths.notebooks()):
        raise UsageError(
            "--out may not lie in notebooks/: --commit replaces committed products"
        )
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    return out


def run(request: Request) -> dict[str, Any]:
    """Execute a chapter and write its products; the content of ``claims.json``.

    Raises:
        RunError: a cell failed (the half-executed notebook is kept), the outputs show traces of
            the machine, or a committed threshold changed without a reason.
    """
    request.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        with _environment(request, folder):
            executed = _execute(request)
        data = figures.collect(executed, request.slug, Path(folder))
    seconds = time.perf_counter() - started
    if stderr := normalise.warnings(executed):
        print(f"The chapter wrote to stderr:\n{stderr}", file=sys.stderr)
    notebook = normalise.normalise(executed)
    found = normalise.leaks(notebook)
    if found:
        nbformat.write(executed, request.kept)
        raise RunError(
            f"{found[0]}: remove that output (notebook kept as {request.kept})"
        )
    claims = validate.carried(notebook)
    if claims is None:
        raise RunError(
            f"{request.slug} published no claims: "
            "end the script with a cell `claims.publish()`"
        )
    if claims["slug"] != request.slug:
        raise RunError(
            f"the claims of {request.slug} name the chapter {claims['slug']!r}: "
            f'open the ledger as Ledger("{request.slug}", ...)'
        )
    _write(notebook, claims, request.out, request.slug)
    figures.write(data, request.out / "figures")
    record = _record(request, seconds)
    if request.commit:
        _refuse_moved_rules(request.committed, claims)
        if problems := validate.claim_problems(claims):
            raise RunError(f"{request.slug}: {'; '.join(problems)}")
        _write(notebook, claims, None, request.slug)
        figures.write(data, chapters.figures(request.slug))
        record["hashes"] = chapters.hashes(request.slug)
        chapters.write_json(paths.results(request.slug) / "run.json", record)
    chapters.write_json(request.out / "run.json", record)
    return claims


def _execute(request: Request) -> NotebookNode:
    values = dict(request.values)
    if request.profile != "paper":
        values["profile"] = request.profile
    script = chapters.source(request.slug).read_text()
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "source.ipynb"), Path(folder, "executed.ipynb")
        source = jupytext.reads(script, fmt="py:percent")
        source.metadata |= normalise.METADATA  # papermill asks for the language
        nbformat.write(source, before)
        try:
            papermill.execute_notebook(
                before,
                after,
                parameters=values,
                cwd=str(paths.notebooks()),
                kernel_name="python3",
                progress_bar=sys.stderr.isatty(),
                execution_timeout=CELL_TIMEOUT,
                config=_transport(folder),
            )
        except PapermillExecutionError as error:
            shutil.copyfile(after, request.kept)
            raise RunError(_describe(error, request.kept)) from error
        except (DeadKernelError, CellTimeoutError) as error:
            shutil.copyfile(after if after.is_file() else before, request.kept)
            raise RunError(
                f"the kernel stopped, perhaps for want of memory or after {CELL_TIMEOUT} s "
                f"in one cell ({error}); the half-executed notebook is {request.kept}"
            ) from error
        return nbformat.read(after, as_version=4)


@contextmanager
def _environment(request: Request, folder: str) -> Iterator[None]:
    """Tell the kernel what to do about frozen stores, and where to leave data of figures."""
    asked = {
        frozen.FRESH: "1" if request.fresh else "",
        frozen.FREEZE: "1" if request.commit else "",
        shown.FOLDER: folder,
    }
    before = {name: os.environ.pop(name, None) for name in asked}
    os.environ.update({name: value for name, value in asked.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _transport(folder: str) -> Config:
    """Sockets in ``folder`` rather than ports, which runs side by side could take twice."""
    if os.name == "nt":
        return Config()
    return Config(KernelManager={"transport": "ipc", "ip": str(Path(folder, "kernel"))})


def _describe(error: PapermillExecutionError, kept: Path) -> str:
    trace = "\n".join(error.traceback)
    return (
        f"cell {error.cell_index} failed:\n\n{error.source}\n\n{trace}\n"
        f"The half-executed notebook is {kept}"
    )


def _write(
    notebook: NotebookNode, claims: dict[str, Any], out: Path | None, slug: str
) -> None:
    """Write to ``out``, or over the committed products where it is ``None``."""
    page = chapters.notebook(slug) if out is None else out / f"{slug}.ipynb"
    folder = paths.results(slug) if out is None else out
    chapters.write_text(page, nbformat.writes(notebook) + "\n")
    chapters.write_json(folder / "claims.json", claims)


def _refuse_moved_rules(committed: dict[str, Any], claims: dict[str, Any]) -> None:
    """Refuse claims that dropped out, or whose rule moved without a new recorded reason."""
    now = {record["id"]: record for record in claims["claims"]}
    for before in committed["claims"]:
        name, old = before["id"], scorecard.rule(before)
        if name not in now:
            raise RunError(
                f"claim {name} ({old}) is gone: keep it, with skip() and a reason"
            )
        new, told = scorecard.rule(now[name]), scorecard.changes(now[name])
        past = scorecard.changes(before)
        if not told.startswith(past):
            raise RunError(f"claim {name}: keep its recorded change '{past}'")
        if new != old and told == past:
            raise RunError(
                f"claim {name}: the rule was '{old}' and is now '{new}': "
                "add '; changed old rule: why' to its line"
            )


def _record(request: Request, seconds: float) -> dict[str, Any]:
    script = chapters.source(request.slug).read_text()
    versions = {name: metadata.version(name) for name in _RECORDED}
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    known = parameters.declared(script).values()
    defaults = {knob.name: knob.default for knob in known if knob.name != "profile"}
    kilobytes = peak / 1024 if sys.platform == "darwin" else peak
    return {
        "slug": request.slug,
        "title": chapters.title(request.slug),
        "profile": request.profile,
        "parameters": defaults | request.values,
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds, 1),
        "peak_memory_mb": round(kilobytes / 1024),
        "device": os.environ.get("JAX_PLATFORMS", "") or _device(),
        "versions": {"python": platform.python_version()} | versions,
        "hashes": chapters.hashes(request.slug),
        "fingerprint": fingerprint.of_imports(script),
    }


def _device() -> str:
    import jax  # started only after the chapter's own process has ended

    return jax.default_backend()
