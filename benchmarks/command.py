"""Command lines that measure: the names they take, and the tables of one chapter."""

import argparse
import json
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from measure import Row, child, folder, machine_card, version, write_csv


class Job(NamedTuple):
    """The process that measures one table.

    Attributes:
        script: file name in this folder; it prints the rows.
        arguments: of its command line.
        n_cores: how many it may use.
        quick: further arguments for tiny sizes.
    """

    script: str
    arguments: tuple[str, ...] = ()
    n_cores: int = 1
    quick: tuple[str, ...] = ("--quick",)


def parser(
    description: str | None, noun: str, known: Collection[str]
) -> argparse.ArgumentParser:
    """A command line that takes some of the names, as ``names``.

    Args:
        description: docstring of the script.
        noun: what the names stand for.
        known: all names.
    """
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("names", nargs="*", metavar=noun, help=str([*known]))
    return made


def chosen(names: Sequence[str], noun: str, known: Collection[str]) -> list[str]:
    """The names that were given, or all; ends the process if one of them is unknown.

    Args:
        names: from the command line.
        noun: what they stand for.
        known: all names.
    """
    if unknown := set(names) - set(known):
        sys.exit(f"No such {noun}: {', '.join(unknown)}. Choose from {[*known]}")
    return [*names] or [*known]


def told(names: Sequence[str]) -> Iterator[str]:
    """One name after the other; prints the seconds that were spent on each."""
    for name in names:
        started = time.perf_counter()
        yield name
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)


def loaded_card(absent: Collection[str] = (), further: Collection[str] = ()) -> Row:
    """The machine card, with the load before anything is measured.

    Args:
        absent: packages of the card that take no part.
        further: packages that do, beside those of the card.
    """
    card = {key: value for key, value in machine_card().items() if key not in absent}
    card |= {name: version(name) for name in further}
    return card | {"load_at_start": round(os.getloadavg()[0], 2)}


def write_card(name: str, card: Row) -> None:
    """Write a machine card beside the tables.

    Args:
        name: of the file, without its suffix.
        card: what is written.
    """
    (folder() / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n")


def measure_chapter(
    chapter: str,
    description: str | None,
    jobs: Mapping[str, Job],
    noun: str = "table",
    absent: Collection[str] = (),
    further: Collection[str] = (),
) -> None:
    """Measure the tables of a chapter that the command line names, or all.

    Args:
        chapter: what the names of its files begin with.
        description: docstring of the script.
        jobs: processes, by the names of the tables.
        noun: what the names stand for.
        absent: packages of the machine card that take no part.
        further: packages that do, beside those of the card.
    """
    line = parser(description, noun, jobs)
    line.add_argument("--quick", action="store_true", help="tiny sizes, nothing kept")
    options = line.parse_args()
    names, card = chosen(options.names, noun, jobs), loaded_card(absent, further)
    for name in told(names):
        job = jobs[name]
        arguments = job.arguments + (job.quick if options.quick else ())
        rows = child(job.script, *arguments, n_cores=job.n_cores)
        if options.quick:
            print("\n".join(map(json.dumps, rows)))
        else:
            write_csv(f"{chapter}_{name}.csv", rows)
    if not options.quick:
        write_card(f"{chapter}_machine", card)
