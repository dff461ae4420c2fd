"""Compiled programs: what compiling took, and calls that wait for the result."""

import time
from collections.abc import Callable
from typing import Any

import jax


def compiled(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """A program for arguments of these shapes, and the seconds that compiling it took.

    Args:
        function: what is compiled.
        arguments: of it.
    """
    began = time.perf_counter()
    program = jax.jit(function).lower(*arguments).compile()
    return program, time.perf_counter() - began


def finished(program: Callable[..., Any], *arguments: Any) -> Any:
    """Result of a call, when it is there.

    Args:
        program: what is called.
        arguments: of it.
    """
    return jax.block_until_ready(program(*arguments))
