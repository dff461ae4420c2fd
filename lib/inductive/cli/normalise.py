"""Executed notebooks in their committed form: what was computed, and nothing of where or when."""

import getpass
import hashlib
import re
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
_KEPT_CELL_METADATA = ("tags", "mystnb", "editable")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LEAKS = {
    "a path": re.compile(
        r"(?<![\w:/.])/(?:home|Users|root|tmp|var|private|usr|opt|mnt|srv|data|workspace)/\w+"
        r"|(?<!\w)[A-Z]:\\\w+"
    ),
    "a time": re.compile(r"\b\d{1,2}:\d\d:\d\d\b|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d"),
    "a memory address": re.compile(r"\b0x[0-9a-f]{8,}\b"),
}


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Copy of ``notebook`` that is the same for two runs of one chapter on one machine.

    Times, paths, widget state and tool metadata are dropped, cell ids follow from position and
    source, chunks of one stream are joined, stderr is left out. Applying it twice changes nothing.

    Raises:
        ValueError: a cell holds an error output.
    """
    result = NotebookNode(nbformat=4, nbformat_minor=5, metadata=METADATA)
    result.cells = [_cell(index, cell) for index, cell in enumerate(notebook.cells)]
    return result


def _cell(index: int, cell: NotebookNode) -> NotebookNode:
    source = cell.source.rstrip("\n")
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    kept = {k: v for k, v in cell.metadata.items() if k in _KEPT_CELL_METADATA}
    if not kept.get("tags"):
        kept.pop("tags", None)
    result = NotebookNode(
        cell_type=cell.cell_type,
        id=f"{index:03d}-{digest}",
        metadata=NotebookNode(kept),
        source=source,
    )
    if cell.cell_type == "code":
        result.execution_count = cell.execution_count
        result.outputs = _outputs(index, cell.outputs)
    return result


def _outputs(index: int, outputs: list[NotebookNode]) -> list[NotebookNode]:
    result: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "error":
            raise ValueError(
                f"cell {index} holds an error ({output.ename}: {output.evalue})"
            )
        if output.output_type == "stream":
            _append_stream(result, output)
        else:
            result.append(_rich_output(output))
    return result


def _append_stream(result: list[NotebookNode], output: NotebookNode) -> None:
    if output.name == "stderr":
        return
    last = result[-1] if result else None
    if last is not None and last.output_type == "stream" and last.name == output.name:
        last.text += output.text
    else:
        result.append(
            NotebookNode(output_type="stream", name=output.name, text=output.text)
        )


def _rich_output(output: NotebookNode) -> NotebookNode:
    fields: dict[str, Any] = {
        "output_type": output.output_type,
        "data": output.data,
        "metadata": NotebookNode(),
    }
    if output.output_type == "execute_result":
        fields["execution_count"] = output.execution_count
    return NotebookNode(fields)


def warnings(notebook: NotebookNode) -> str:
    """What the notebook's cells wrote to stderr, which the committed form leaves out."""
    texts = [
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]
    return _ANSI.sub("", "".join(texts))


def leaks(notebook: NotebookNode) -> list[str]:
    """Traces of the machine or the moment: paths, times, addresses, host and user names."""
    private = {"the host name": socket.gethostname(), "the user name": _user()}
    patterns = _LEAKS | {
        what: re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        for what, name in private.items()
        if len(name) > 3 and name != "root"  # shorter ones, and root, are plain words
    }
    places = {Path.cwd(), Path.home(), Path(sys.prefix), Path(tempfile.gettempdir())}
    inside = "|".join(re.escape(f"{place}/") for place in sorted(places - {Path("/")}))
    patterns["a path of this machine"] = re.compile(inside)
    return [
        f"cell {index} shows {what}: {match[0]}"
        for index, text in _texts(notebook)
        for what, pattern in patterns.items()
        if (match := pattern.search(text))
    ]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return ""


def _texts(notebook: NotebookNode) -> list[tuple[int, str]]:
    found = []
    for index, cell in enumerate(notebook.cells):
        found.append((index, cell.source))
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                found.append((index, output.text))
            else:
                found += [
                    (index, str(value))
                    for media, value in output.data.items()
                    if media not in ("image/png", "image/jpeg")
                ]
    return found
