"""Calls that wait for other processes, and end with an error where one of these is gone."""

import time
from collections.abc import Callable
from typing import Any

from ..lazy import LazyModule
from . import processes
from .aside import LOOK, aside

runtime: Any = LazyModule("jaxlib._jax")

# The seconds that a result may take when a process that it needs is lost: what that one had sent
# by then may still arrive.
GRACE = 2.0


def require(others: frozenset[int]) -> None:
    """Raise where one of these processes is there no more."""
    error = processes.gone(others)
    if error is not None:
        raise error


def watched(function: Callable[[Any], Any], argument: Any, others: frozenset[int]) -> Any:
    """function(argument), for which these processes are needed. DistributedError if one is gone.

    The runtime has no way to stop a program that waits for another process.
    """
    try:
        return aside(function, argument, _Patience(others).check)
    except runtime.JaxRuntimeError as error:
        _explain(error, others)
        raise


class _Patience:
    """How long one waits for others."""

    def __init__(self, others: frozenset[int]) -> None:
        self.others = others
        self.until: float | None = None

    def check(self) -> None:
        """Raise where one is gone, and what it had done has had its time to come."""
        error = processes.gone(self.others)
        if error is None:
            return
        now = time.monotonic()
        if self.until is None:
            self.until = now + processes.patience(self.others, GRACE)
        if now > self.until:
            raise error


def _explain(error: BaseException, others: frozenset[int]) -> None:
    """Raise what is behind an error of the runtime, if a process is gone. Word takes a moment."""
    until = time.monotonic() + GRACE
    while time.monotonic() < until:
        found = processes.gone(others)
        if found is not None:
            raise found from error
        time.sleep(LOOK / 10)
