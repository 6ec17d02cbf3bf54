"""A fork waits while LLVM works in other threads: what they lock stays locked in the child."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from llvmlite.binding import ffi

_changed = threading.Condition()
_workers: list[int] = []
# llvmlite holds it around each call of LLVM, also when an object of LLVM's goes.
_llvm = ffi.lib._lock


@contextmanager
def working() -> Iterator[None]:
    """No other thread forks the process meanwhile."""
    me = threading.get_ident()
    with _changed:
        _workers.append(me)
    try:
        yield
    finally:
        with _changed:
            _workers.remove(me)
            _changed.notify_all()


def _before() -> None:
    _changed.acquire()
    me = threading.get_ident()
    _changed.wait_for(lambda: all(w == me for w in _workers))
    _llvm.__enter__()


def _after() -> None:
    _llvm.__exit__()
    _changed.release()


os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
