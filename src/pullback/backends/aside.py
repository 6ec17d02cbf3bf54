"""Calls that may never return, made by a thread that can be given up."""

import atexit
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from .. import _native

# Seconds between two looks at whether to go on.
LOOK = 0.1


class Worker(threading.Thread):
    """A thread that makes calls, one after the other."""

    def __init__(self) -> None:
        super().__init__(name="pullback-aside", daemon=True)
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


def aside(function: Callable[[Any], Any], argument: Any, check: Callable[[], None]) -> Any:
    """function(argument), by another thread. Where `check` raises, the thread is given up.

    What the call holds lives as long as the thread then, which is as long as the process.
    """
    worker = _idle.pop() if _idle else Worker()
    worker.given.put((function, argument))
    try:
        result, error = _result(worker, check)
    except BaseException:
        worker.given.put(None)
        # Should it return when the interpreter ends, it must not take the process with it.
        atexit.register(_native.outlast_threads)
        raise
    _idle.append(worker)
    if error is not None:
        raise error
    return result


def _result(worker: Worker, check: Callable[[], None]) -> tuple[Any, BaseException | None]:
    while True:
        try:
            return worker.done.get(timeout=LOOK)
        except Empty:
            check()
