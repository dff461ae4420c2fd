"""The committed form: idempotent, the same for two runs, free of machine and moment."""

import copy

import nbformat.v4 as v4
import pytest
from nbformat import NotebookNode

from inductive.cli import normalise


def executed(**cell_metadata: object) -> NotebookNode:
    """A notebook as papermill leaves it: ids, times, paths, split streams, stderr."""
    cell = v4.new_code_cell("print('a')\n", execution_count=1, metadata=cell_metadata)
    cell.outputs = [
        v4.new_output("stream", name="stdout", text="a"),
        v4.new_output("stream", name="stdout", text="b\n"),
        v4.new_output("stream", name="stderr", text="a warning\n"),
        v4.new_output("display_data", data={"text/plain": "1"}, metadata={"when": 3}),
        v4.new_output("execute_result", data={"text/plain": "2"}, execution_count=1),
    ]
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# T"), cell])
    notebook.metadata |= {"papermill": {"input_path": "x"}, "widgets": {"a": 1}}
    return notebook


def test_metadata_streams_and_ids_are_put_in_form() -> None:
    notebook = executed(papermill={"duration": 1.5}, tags=["t"], mystnb={"figure": {}})
    result = normalise.normalise(notebook)
    assert set(result.metadata) == {"kernelspec", "language_info"}
    cell = result.cells[1]
    assert cell.metadata == {"tags": ["t"], "mystnb": {"figure": {}}}
    assert cell.outputs[0] == {
        "output_type": "stream",
        "name": "stdout",
        "text": "ab\n",
    }
    assert [output.output_type for output in cell.outputs[1:]] == [
        "display_data",
        "execute_result",
    ]
    assert cell.outputs[1].metadata == {}
    assert normalise.warnings(notebook) == "a warning\n"


def test_normalising_twice_changes_nothing() -> None:
    once = normalise.normalise(executed())
    assert normalise.normalise(once) == once


def test_random_ids_and_times_leave_no_trace() -> None:
    first, second = executed(papermill={"start_time": "a"}), executed()
    assert first.cells[0].id != second.cells[0].id
    assert normalise.normalise(first) == normalise.normalise(second)


def test_input_is_left_as_it_was() -> None:
    notebook = executed()
    before = copy.deepcopy(notebook)
    normalise.normalise(notebook)
    assert notebook == before


def test_error_outputs_are_refused() -> None:
    notebook = executed()
    notebook.cells[1].outputs = [
        v4.new_output("error", ename="ValueError", evalue="bad", traceback=[])
    ]
    with pytest.raises(ValueError, match=r"cell 1 holds an error.*ValueError: bad"):
        normalise.normalise(notebook)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /" + "home/someone/file", "a path"),
        ("see /" + "tmp/x1", "a path"),
        ("C:\\Users", "a path"),
        ("at 2026-01-02 03:04", "a time"),
        ("Sat Nov 21 13:01:05", "a time"),
        ("/" + "workspace/a", "a path"),
        ("<Axes at 0x7f1234567890>", "a memory address"),
    ],
)
def test_traces_of_the_machine_are_found(text: str, what: str) -> None:
    notebook = executed()
    notebook.cells[1].outputs[3].data["text/plain"] = text
    assert normalise.leaks(notebook)[0].startswith(f"cell 1 shows {what}")


@pytest.mark.parametrize(
    "text", ["a/b", "1/2 of it", "https://arxiv.org/abs/1", "2026-01-02", "0x7f"]
)
def test_plain_outputs_are_no_leaks(text: str) -> None:
    notebook = executed()
    notebook.cells[1].outputs[3].data["text/plain"] = text
    assert normalise.leaks(notebook) == []


def test_host_name_is_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalise.socket, "gethostname", lambda: "hoststone")
    notebook = executed()
    notebook.cells[1].outputs[0].text = "on hoststone now"
    assert "the host name" in normalise.leaks(notebook)[0]
