"""A small sweep that says what it computes and takes its time, to be killed and starved."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, Key

from inductive import sweep

AXES = {"width": [3, 5], "rate": [0.1 * k for k in range(1, 11)]}
SEEDS = 8
POINTS = 2 * 10 * SEEDS
BATCH = 4
"""Points a batch; it divides the points of a width, so that no batch has unused places."""

PAUSE = 0.01
"""Seconds that a point of a child takes at least."""

LIMIT = 700
"""Bytes of a file on a disk that is full: less than a batch needs, more than a header."""

_LOG, _PAUSE = "FAULTY_SWEEP_LOG", "FAULTY_SWEEP_PAUSE"
_TESTS = Path(__file__).resolve().parents[1]
_TIMED = ("date", "seconds_per_point")


def descend(
    key: Key[Array, ""], width: int, rate: Float[Array, ""]
) -> dict[str, Array]:
    """Gradient descent on ``|w|^2 / 2``, which gives nan at the largest rate."""
    rate = _told(key, width, rate)
    start = jax.random.normal(key, (width,), jnp.float32)

    def step(w: Float[Array, " width"], k: Int[Array, ""]) -> tuple[Array, Array]:
        w = jnp.where(rate > 0.95, jnp.inf, 1.0) * (1 - rate) * w
        return w, jnp.sum(jnp.sin(w) ** 2)

    end, losses = jax.lax.scan(step, start, jnp.arange(5))
    return {"losses": losses, "largest": jnp.argmax(jnp.abs(end)), "w": end[0]}


def grind(key: Key[Array, ""], width: int, rate: Float[Array, ""]) -> dict[str, Array]:
    """Some milliseconds of work that never comes back to Python."""
    a = rate * jax.random.normal(key, (30 * width, 30 * width), jnp.float32)

    def step(_: Int[Array, ""], v: Array) -> Array:
        return jnp.tanh(a @ v)

    start = jnp.ones(len(a), jnp.float32)
    return {"mean": jnp.mean(jax.lax.fori_loop(0, 1500, step, start))}


FUNCTIONS = {"descend": descend, "grind": grind}


def run(
    store: Path | None,
    how: str,
    name: str = "descend",
    log: Path | None = None,
    **changed: Any,
) -> xr.Dataset:
    """The sweep in this process, in single precision whatever other tests have set.

    Args:
        store: its folder.
        how: ``"map"`` or ``"vmap"``.
        name: one of :data:`FUNCTIONS`.
        log: where it logs its points.
        changed: other arguments of ``sweep.run``.
    """
    given = {
        "f": FUNCTIONS[name],
        "axes": AXES,
        "seeds": SEEDS,
        "static": ("width",),
        "store": store,
        "how": how,
        "batch_size": BATCH,
        "devices": jax.local_devices()[:1],
        "progress": False,
    }
    environment = os.environ if log is None else os.environ | _log_to(log, 0.0)
    with jax.enable_x64(False), mock.patch.dict(os.environ, environment):
        return sweep.run(**given | changed)


@lru_cache
def undisturbed(how: str, name: str = "descend") -> xr.Dataset:
    """What a sweep gives that nothing has stopped."""
    return run(None, how, name)


def assert_same(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Arrays and coordinates bit for bit, attributes but for date and time."""
    assert list(found.variables) == list(expected.variables)
    for name, variable in expected.variables.items():
        other = found.variables[name]
        assert other.dims == variable.dims, name
        assert other.dtype == variable.dtype, name
        assert other.shape == variable.shape, name
        assert other.to_numpy().tobytes() == variable.to_numpy().tobytes(), name
    assert _untimed(found) == _untimed(expected)


def logged(log: Path) -> list[str]:
    """Points that were computed, one line for each time."""
    return log.read_text().splitlines() if log.exists() else []


def start(
    store: Path, how: str, log: Path, name: str = "descend", fault: str = "none:0"
) -> subprocess.Popen[str]:
    """The sweep in a process of its own.

    Args:
        store: its folder.
        how: ``"map"`` or ``"vmap"``.
        log: where it logs its points.
        name: one of :data:`FUNCTIONS`.
        fault: one of :data:`FAULTS` and the number of the batch that it hits.
    """
    path = os.pathsep.join([str(_TESTS), os.environ.get("PYTHONPATH", "")])
    words = [str(store), how, name, *fault.split(":")]
    return subprocess.Popen(
        [sys.executable, "-c", "from support.faulty_sweep import main; main()", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path} | _log_to(log, PAUSE),
    )


def wait_until(child: subprocess.Popen[str], true: Callable[[], object]) -> None:
    """Wait for something that a running child brings about."""
    deadline = time.monotonic() + 120
    while not true():
        assert child.poll() is None, f"ended too soon: {child.communicate()[1]}"
        assert time.monotonic() < deadline, "nothing happened for two minutes"
        time.sleep(0.002)


@contextmanager
def halted(child: subprocess.Popen[str], true: Callable[[], object]) -> Iterator[None]:
    """Stop a child once something is true, and let it go on afterwards."""
    wait_until(child, true)
    child.send_signal(signal.SIGSTOP)
    try:
        assert child.poll() is None, "it was not caught at work"
        yield
    finally:
        child.send_signal(signal.SIGCONT)


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and error output of a child, once it has ended."""
    told = child.communicate(timeout=120)[1]
    return child.returncode, told


def main() -> None:
    """What a child does: ``store how name fault batch``."""
    store, how, name, fault, batch = sys.argv[1:]
    # A shell that runs this in the background would have it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if fault != "none":
        sys.addaudithook(FAULTS[fault](int(batch)).see)
    run(Path(store), how, name)


class _Fault:
    """Strikes when the file of some batch is opened, renamed, or has its new name.

    Python tells an audit hook of all that, so that nothing in the store has to be replaced.
    """

    def __init__(self, batch: int) -> None:
        self._left = batch
        self._renamed = False

    def see(self, event: str, words: tuple[Any, ...]) -> None:
        """Called by Python before it opens or renames a file, and much else."""
        part = event in ("open", "os.rename") and str(words[0]).endswith(".npz.part")
        if event == "open" and part:
            self._left -= 1
            if self._left == 0:
                self.at_open()
        elif event == "os.rename" and part and self._left == 0:
            self.at_rename(Path(words[0]))
            self._renamed = True
        elif event == "open" and self._renamed:
            self.after_rename()

    def at_open(self) -> None:
        """Before there is a file."""

    def at_rename(self, path: Path) -> None:
        """The file is whole, but has not got its name."""

    def after_rename(self) -> None:
        """The file has its name, which may not be on the disk yet."""


class _BeforeFile(_Fault):
    def at_open(self) -> None:
        _die()


class _HalfFile(_Fault):
    def at_rename(self, path: Path) -> None:
        os.truncate(path, path.stat().st_size // 2)
        _die()


class _BeforeRename(_Fault):
    def at_rename(self, path: Path) -> None:
        _die()


class _AfterRename(_Fault):
    def after_rename(self) -> None:
        _die()


class _FullDisk(_Fault):
    def at_open(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, most))


FAULTS: Mapping[str, type[_Fault]] = {
    "before the file": _BeforeFile,
    "half a file": _HalfFile,
    "before the rename": _BeforeRename,
    "after the rename": _AfterRename,
    "full disk": _FullDisk,
}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _log_to(log: Path, pause: float) -> dict[str, str]:
    """Environment in which the sweep logs, and waits at every point."""
    return {_LOG: str(log), _PAUSE: str(pause)}


def _untimed(results: xr.Dataset) -> dict[str, Any]:
    return {name: v for name, v in results.attrs.items() if name not in _TIMED}


def _told(key: Key[Array, ""], width: int, rate: Float[Array, ""]) -> Array:
    """The rate, after the point was logged and its time has passed."""
    same = jax.ShapeDtypeStruct(rate.shape, rate.dtype)
    tell = partial(_tell, width)
    words = jax.random.key_data(key)
    return jax.pure_callback(tell, same, words, rate, vmap_method="sequential")


def _tell(width: int, words: Any, rate: Any) -> np.ndarray:
    if log := os.environ.get(_LOG):
        line = f"{width} {float(rate)!r} {np.asarray(words).tolist()}\n"
        # One write call: a killed process leaves a whole line or none.
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)
        time.sleep(float(os.environ[_PAUSE]))
    return np.asarray(rate)
