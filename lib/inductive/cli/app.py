"""The commands, their words and their exit codes: 0 done, 1 failed, 2 called wrongly.

Every command imports what it needs when it runs, so that ``inductive book`` can answer "nothing
changed" without starting jax, papermill or Sphinx.
"""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from inductive import paths
from inductive.cli import chapters
from inductive.cli.errors import RunError, UsageError

app = typer.Typer(
    help="Run, validate and fork the chapters of the book.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_out = Console(soft_wrap=True)
# Tables keep their columns in logs and pipes, where the width is not known.
_tables = Console(width=max(_out.width, 120))

Slug = Annotated[
    str, typer.Argument(help="Chapter, for example transitive-inference-exceptions.")
]
OptionalSlug = Annotated[str | None, typer.Argument(help="Chapter; all when left out.")]


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """Register ``function`` as a command that turns our errors into messages and exit codes."""

    @app.command(function.__name__)
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except (UsageError, paths.NotACheckoutError) as error:
            typer.echo(f"inductive: {error}", err=True)
            raise typer.Exit(2) from error
        except RunError as error:
            typer.echo(f"inductive: {error}", err=True)
            raise typer.Exit(1) from error

    return guarded


@_command
def run(
    slug: Slug,
    profile: Annotated[str, typer.Option(help="paper or smoke.")] = "paper",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="name=value; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Output folder; default _build/runs/<slug>/<profile>."),
    ] = None,
    commit: Annotated[
        bool,
        typer.Option("--commit", help="Replace the committed notebook and claims."),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Compute the sweeps that frozen stores hold."),
    ] = False,
) -> None:
    """Execute one chapter, print its scorecard and compare it with the committed run."""
    from inductive.cli import compare, execute, pages
    from inductive.report.scorecard import Published, Scorecard

    request = execute.Request.checked(
        slug, profile, parameter or [], out, commit, fresh
    )
    before = compare.committed(slug)  # which --commit replaces
    _out.print(f"Running {slug} ({profile} profile) …")
    claims = execute.run(request)
    _out.print(str(Scorecard(claims["claims"])), markup=False, highlight=False)
    _out.print(f"{Published(claims)}")
    told = compare.told(slug, request.profile, request.values, before, claims)
    _out.print(told, markup=False, highlight=False)
    if commit:
        pages.write()
        typer.echo(f"Committed products replaced: {chapters.notebook(slug)}")
    else:
        typer.echo(f"Notebook and claims: {request.out}")


@_command
def book() -> None:
    """Execute the chapters that are missing or changed, then build the site."""
    from inductive.cli import site

    for slug in chapters.slugs():
        if reasons := chapters.changes(slug):
            _out.print(f"{slug}: {', '.join(reasons)}; executing")
            if not site.execute(slug):
                raise RunError(f"{slug} failed; see above")
    if site.is_current():
        _out.print("Nothing changed since the last build.")
    else:
        with _out.status("Building the site, about half a minute …"):
            site.refresh()
    typer.echo(f"The book: {paths.build() / 'html' / 'index.html'} (or `make serve`)")


@_command
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of this machine; 0 takes a free one.")
    ] = 8000,
) -> None:
    """Show the site and rebuild what changes while you write; Ctrl-C stops."""
    from inductive.cli import serve as serving

    serving.serve(port)


@_command
def validate(slug: OptionalSlug = None) -> None:
    """Execute committed notebooks again with nbval, compare, and recheck their verdicts."""
    from inductive.cli import validate as validation

    for chosen in [slug] if slug else chapters.slugs():
        _out.print(f"Validating {chosen} …")
        validation.committed(chosen)
        _out.print(f"{chosen}: valid")


@_command
def audit(
    slug: OptionalSlug = None,
    points: Annotated[
        int, typer.Option(min=1, help="Random points of each store.")
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw of points.")] = 0,
    everything: Annotated[
        bool, typer.Option("--all", help="Also points that cost more than 10 s each.")
    ] = False,
    renew: Annotated[
        bool,
        typer.Option("--renew", help="Record that today's code gives what is stored."),
    ] = False,
) -> None:
    """Compute random points of frozen stores again and compare them with what is stored."""
    from inductive.cli import audits

    chosen = [slug] if slug else chapters.slugs()
    stores = [path for one in chosen for path in audits.stores(one)]
    failed = []
    for path in stores:
        report = audits.audit(path, points, seed, everything=everything)
        _out.print(audits.told(path, report), markup=False, highlight=False)
        if report.offences or (report.needs and os.environ.get("STRICT") == "1"):
            failed.append(path.name)
        elif renew and not report.needs:
            audits.renew(path, report, seed)
    if not stores:
        _out.print("No stored sweeps.")
    if failed:
        raise RunError(f"not shown to be what today's code gives: {', '.join(failed)}")


@_command
def status(
    write: Annotated[
        bool, typer.Option("--write", help="Write status, coverage and README table.")
    ] = False,
) -> None:
    """Show each chapter's state and verdicts."""
    from inductive.cli import pages

    table = Table(
        "chapter", "state", "reproduced", "partly", "not reproduced", "not tested"
    )
    for slug in chapters.slugs():
        numbers = [str(number) for number in pages.verdicts(slug).values()]
        table.add_row(slug, pages.state(slug), *numbers)
    _tables.print(table)
    if write:
        for path in pages.write():
            typer.echo(f"written: {path.relative_to(paths.root())}")


@_command
def new(
    slug: Annotated[str, typer.Argument(help="Name of the new chapter.")],
    origin: Annotated[
        str | None,
        typer.Option("--from", help="Chapter to fork; default: the template."),
    ] = None,
) -> None:
    """Start a chapter: script, experiments module, test and table-of-contents entry."""
    from inductive.cli import scaffold

    for path in scaffold.new(slug, origin):
        typer.echo(f"written: {path.relative_to(paths.root())}")
    _out.print(f"Run it: inductive run {slug} --profile smoke")
    _out.print(f"Keep a run for the book and its pages: inductive run {slug} --commit")


@_command
def release(
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Also chapters that are not fresh.")
    ] = False,
) -> None:
    """Write archives of this commit, with checksums and a manifest, for a deposit."""
    from inductive.cli import release as releases

    made = releases.make(allow_stale=allow_stale)
    for path in made:
        size = path.stat().st_size / 1e6
        typer.echo(f"written: {path.relative_to(paths.root())} ({size:.2f} MB)")
    if not any(path.name.endswith("-site.tar.gz") for path in made):
        typer.echo("The site is left out: `make book` has not built it at this commit.")


@_command
def pdf(slug: OptionalSlug = None) -> None:
    """Print chapters of the built site into _build/pdf, with a browser."""
    from inductive.cli import pdf as printing

    for path in printing.of_the_book(slug):
        typer.echo(f"written: {path.relative_to(paths.root())}")


@_command
def primitives(
    model: Annotated[str, typer.Option(help="Directory, owner/name of the hub, GGUF.")],
    compare: Annotated[
        str | None, typer.Option(help="A second model, such as one that reasons.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder; default _build/primitives/<model>.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few short traces: does it run through?")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="name=value; may be repeated."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Traces at once.")] = 16,
    dtype: Annotated[
        str | None, typer.Option(help="float32 (on a CPU), bfloat16 (else), float16.")
    ] = None,
) -> None:
    """Look for algorithmic primitives in a model of your own; a stopped run goes on."""
    from inductive.cli import primitives as reading

    place = out or paths.build() / "primitives" / Path(model).name
    request = reading.Request(
        model, compare, place, batch, dtype, tuple(parameter or ()), quick
    )
    table = Table("what", "value", "beside", title="Algorithmic primitives")
    for line in reading.run(request, typer.echo):
        table.add_row(*line)
    _tables.print(table)
    typer.echo(f"Tables and arrays: {place}")


@_command
def doctor() -> None:
    """Show versions, devices and disk, and what is missing and how to get it."""
    from inductive.cli import doctor as examination

    table = Table("what", "found", "remedy")
    for finding in examination.examine():
        table.add_row(finding.what, finding.found, finding.remedy)
    _tables.print(table)
