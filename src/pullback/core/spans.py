"""What took how long: spans of time, written down while somebody records them."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from time import perf_counter_ns
from typing import Any, NamedTuple

from .aval import type_name
from .primitive import Primitive
from .trace import EvalTrace, eager, get_aval


class Span(NamedTuple):
    """Something that took time: nanoseconds, the thread, and what more there is to say."""

    name: str
    kind: str
    start: int
    end: int
    thread: int
    details: dict[str, Any]


_recording: list[Span] | None = None


def record() -> None:
    """Begin to write spans down."""
    global _recording
    _recording = []


def recorded() -> list[Span] | None:
    """The spans since the beginning; ends it. None where nothing was begun."""
    global _recording
    found, _recording = _recording, None
    return found


def is_recording() -> bool:
    """Whether spans are written down."""
    return _recording is not None


def add(name: str, kind: str, start: int, end: int, details: dict[str, Any]) -> None:
    """Write a span down, if somebody records."""
    if _recording is not None:
        _recording.append(Span(name, kind, start, end, threading.get_ident(), details))


@contextmanager
def span(name: str, kind: str, **details: Any) -> Generator[None]:
    """A block of work as a span."""
    start = perf_counter_ns()
    try:
        yield
    finally:
        add(name, kind, start, perf_counter_ns(), details)


class SpanTrace(EvalTrace):
    """Another eager trace; each operation, and each call of a compiled function, is a span.

    Results are waited for, so that time counts where it is spent.
    """

    __slots__ = ("device", "inner")
    watches = True

    def __init__(self, inner: EvalTrace) -> None:
        super().__init__(None)
        self.inner, self.device = inner, inner.device

    def compute(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The value of one operation."""
        return self.inner.compute(primitive, args, params)

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute, and write down how long it took."""
        start = perf_counter_ns()
        out = super().process(primitive, args, params)
        for x in out if primitive.multiple_results else [out]:
            x.block_until_ready()
        end = perf_counter_ns()
        kind, name = "operation", primitive.name
        if primitive.higher and "name" in params:
            kind, name = "call", f"{name}({params['name']})"
        types = ", ".join([type_name(get_aval(a)) for a in args])
        add(name, kind, start, end, {"operands": types})
        return out


@cache
def timing(inner: EvalTrace | None) -> SpanTrace:
    """The trace that writes down what an eager trace, by default the host's, computes."""
    return SpanTrace(inner or eager)
