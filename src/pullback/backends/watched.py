"""Calls that wait for other processes, and end with an error where one of these is gone."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from ..lazy import LazyModule
from . import processes

runtime: Any = LazyModule("jaxlib._jax")

# Seconds between two looks at who is still there, and those that a result may take when a process
# that it needed is lost: what that one had sent by then may still arrive.
LOOK, GRACE = 0.1, 2.0


class Worker(threading.Thread):
    """A thread that makes calls which may never return."""

    def __init__(self) -> None:
        super().__init__(name="pullback-watched", daemon=True)
        self.given: SimpleQueue[Any] = SimpleQueue()
        self.done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self.start()

    def run(self) -> None:
        """Make the calls that are given, until None is."""
        while (given := self.given.get()) is not None:
            function, argument = given
            try:
                self.done.put((function(argument), None))
            except BaseException as error:
                self.done.put((None, error))


_idle: list[Worker] = []


def require(others: frozenset[int]) -> None:
    """Raise where one of these processes is there no more."""
    error = processes.gone(others)
    if error is not None:
        raise error


def watched(function: Callable[[Any], Any], argument: Any, others: frozenset[int]) -> Any:
    """function(argument), for which these processes are needed. DistributedError if one is gone.

    The call is made by another thread, which is abandoned then: the runtime has no way to stop it.
    """
    worker = _idle.pop() if _idle else Worker()
    worker.given.put((function, argument))
    result = error = None
    try:
        result, error = _result(worker, others)
    except BaseException:
        worker.given.put(None)
        raise
    _idle.append(worker)
    if error is None:
        return result
    if isinstance(error, runtime.JaxRuntimeError):
        _explain(error, others)
    raise error


def _result(worker: Worker, others: frozenset[int]) -> tuple[Any, BaseException | None]:
    until = None
    while True:
        try:
            return worker.done.get(timeout=LOOK)
        except Empty:
            error = processes.gone(others)
        if error is not None:
            until = until or time.monotonic() + processes.patience(others, GRACE)
            if time.monotonic() > until:
                raise error


def _explain(error: BaseException, others: frozenset[int]) -> None:
    """Raise what is behind an error of the runtime, if a process is gone. Word takes a moment."""
    until = time.monotonic() + GRACE
    while time.monotonic() < until:
        found = processes.gone(others)
        if found is not None:
            raise found from error
        time.sleep(LOOK / 10)
