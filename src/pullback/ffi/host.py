"""What a handler may ask for while it runs: errors, states, memory, tasks.

Handlers know errors, futures and the context of their call by numbers that they do not look into.
"""

import ctypes
import itertools
import threading
from collections.abc import Callable
from ctypes import byref, c_void_p
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from . import structures as s

_numbers = itertools.count(1)
# Errors that were made and not yet taken: the code and the message.
errors: dict[int, tuple[int, bytes]] = {}
futures: dict[int, "Future"] = {}
contexts: dict[int, "Context"] = {}
# What ends a state, by the number of its type.
_deleters: dict[int, int] = {}


@dataclass
class States:
    """The states that handlers keep, by stage; they end with their owner."""

    held: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __del__(self) -> None:
        for number, state in self.held.values():
            if _deleters.get(number):
                ctypes.CFUNCTYPE(None, c_void_p)(_deleters[number])(state)


@dataclass
class Context:
    """A call on its way. `lasting` are the states of all calls of this handler."""

    lasting: States
    own: States = field(default_factory=States)
    memory: dict[int, Any] = field(default_factory=dict)

    def states(self, stage: int) -> dict[int, tuple[int, int]]:
        """Where the states of a stage are."""
        return (self.lasting if stage == s.INSTANTIATE else self.own).held


class Future:
    """A result that a handler gives later."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: int | None = None


def error(code: str, message: str) -> int:
    """The number of a new error."""
    number = next(_numbers)
    errors[number] = (s.CODES.index(code), message.encode())
    return number


def taken(number: int) -> str:
    """What an error says, which is then gone."""
    code, message = errors.pop(number)
    return f"{s.CODES[code]}: {message.decode(errors='replace')}"


def register_type(type_id: Any, deleter: int | None) -> None:
    """Give a type of states its number."""
    if not type_id.type_id:
        type_id.type_id = next(_numbers)
    if deleter:
        _deleters[type_id.type_id] = deleter


def _error_create(a: Any) -> int:
    number = next(_numbers)
    errors[number] = (a.errc, a.message)
    return number


def _error_get_message(a: Any) -> None:
    a.message = errors[a.error][1]


def _error_destroy(a: Any) -> None:
    errors.pop(a.error, None)


def _handler_register(a: Any) -> int:
    return error("UNIMPLEMENTED", "register targets with ffi.register_ffi_target")


def _stream_get(a: Any) -> int:
    return error("UNIMPLEMENTED", "the processor has no streams")


def _type_register(a: Any) -> None:
    register_type(a.type_id[0], a.type_info[0].deleter if a.type_info else None)


def _context_get(a: Any) -> int:
    return error("NOT_FOUND", "no data of users are attached to calls")


def _state_set(a: Any) -> int | None:
    states = contexts[a.ctx].states(a.stage)
    if a.stage in states:
        return error("FAILED_PRECONDITION", "the state is set already")
    states[a.stage] = (a.type_id[0].type_id, a.state)
    return None


def _state_get(a: Any) -> int | None:
    number, state = contexts[a.ctx].states(a.stage).get(a.stage, (0, None))
    if state is None:
        return error("NOT_FOUND", "no state is set")
    if number != a.type_id[0].type_id:
        return error("INVALID_ARGUMENT", "the state is of another type")
    a.state = state
    return None


def _memory_allocate(a: Any) -> None:
    memory = ctypes.create_string_buffer(a.size + a.alignment)
    start = ctypes.addressof(memory)
    a.data = start + -start % max(a.alignment, 1)
    contexts[a.ctx].memory[a.data] = memory


def _memory_free(a: Any) -> None:
    contexts[a.ctx].memory.pop(a.data, None)


def _schedule(a: Any) -> None:
    # Tasks are done where they are given: none of them may wait for another.
    ctypes.CFUNCTYPE(None, c_void_p)(a.task)(a.data)


def _num_threads(a: Any) -> None:
    a.num_threads[0] = 1


def _future_create(a: Any) -> None:
    number = next(_numbers)
    futures[number] = Future()
    a.future = number


def _future_set_available(a: Any) -> None:
    futures[a.future].done.set()


def _future_set_error(a: Any) -> None:
    futures[a.future].error = a.error
    futures[a.future].done.set()


def _run_id(a: Any) -> None:
    a.run_id = a.ctx


def _device_ordinal(a: Any) -> None:
    a.device_ordinal = 0


def _callable(name: str, structure: type[Any]) -> Any:
    """A function of this module as C calls it: a number for an error, or nothing."""
    f: Callable[[Any], Any] = globals()[f"_{name}"]
    return ctypes.CFUNCTYPE(c_void_p, ctypes.POINTER(structure))(lambda a: f(a[0]))


@cache
def api() -> tuple[Any, dict[str, Any]]:
    """The table that handlers are given, and the functions in it, which must stay."""
    major, minor = s.VERSION
    functions = {name: _callable(name, args) for name, args in s.FUNCTIONS.items()}
    version = s.ApiVersion(major_version=major, minor_version=minor)
    places = {name: ctypes.cast(f, c_void_p).value for name, f in functions.items()}
    return s.Api(api_version=version, internal_api=None, **places), functions


def call(handler: Any, frame: Any, context: Context) -> None:
    """Run a handler on a frame. RuntimeError where it says that it went wrong."""
    number = next(_numbers)
    contexts[number] = context
    frame.api, frame.ctx = ctypes.addressof(api()[0]), number
    try:
        found = handler(byref(frame))
        if not found and frame.future:
            future = futures.pop(frame.future)
            future.done.wait()
            found = future.error
    finally:
        del contexts[number]
    if found:
        raise RuntimeError(taken(found))
