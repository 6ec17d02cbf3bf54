"""Questions about values and about the transformations in force."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from weakref import ref

import numpy as np

from ... import dtypes, errors
from ..._native import ArrayImpl, DeviceArray
from ...core.stage import StageTrace
from ...core.trace import Trace, Tracer, current_trace, eager, use
from ...transforms.batch import BatchTrace
from ...transforms.flat import is_value

array_types = {ArrayImpl, DeviceArray, np.ndarray, *[d.type for d in dtypes.KINDS]}


def valid_jaxtype(x: Any) -> bool:
    """Whether a value is an array, a traced value, a NumPy array or a number.

    >>> from pullback.extend.core import valid_jaxtype
    >>> valid_jaxtype(1.0), valid_jaxtype("text")
    (True, False)
    """
    return is_value(x)


def concrete_or_error(force: Callable[[Any], Any] | None, val: Any, context: str = "") -> Any:
    """`force(val)`; ConcretizationTypeError where the value is not known while tracing.

    >>> from pullback.extend.core import concrete_or_error
    >>> concrete_or_error(int, np.float32(3.0), "The size must be known.")
    3
    """
    value = val.concrete() if isinstance(val, Tracer) else val
    if value is None and val is not None:
        _refuse(val, context)
    return value if force is None else force(value)


def _refuse(val: Tracer, context: str) -> NoReturn:
    raise errors.ConcretizationTypeError(
        f"The value of {val.describe()} is not known while tracing. {context}"
    )


class OpaqueTraceState:
    """What is being traced where this was made; equal while it is the same."""

    __slots__ = ("_trace",)

    def __init__(self, trace: Trace) -> None:
        self._trace = ref(trace)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpaqueTraceState) and self._trace == other._trace

    def __hash__(self) -> int:
        return hash(self._trace)


def get_opaque_trace_state(convention: Any = None) -> OpaqueTraceState:
    """What is being traced now, to compare with what is traced at another time.

    >>> from pullback.extend.core import get_opaque_trace_state
    >>> before = get_opaque_trace_state()
    >>> before == get_opaque_trace_state()
    True
    """
    return OpaqueTraceState(current_trace())


def find_top_trace(_: Any) -> Trace:
    """The interpreter of the operations that are applied now.

    >>> from pullback.extend.core import find_top_trace
    >>> type(find_top_trace([])).__name__
    'EvalTrace'
    """
    return current_trace()


@contextmanager
def take_current_trace() -> Iterator[Trace]:
    """A context in which operations are computed at once; the interpreter before it.

    >>> from pullback.extend.core import take_current_trace
    >>> with take_current_trace() as before:
    ...     type(before).__name__
    'EvalTrace'
    """
    before = current_trace()
    with use(eager):
        yield before


def _traces() -> Iterator[Trace]:
    trace: Trace | None = current_trace()
    while trace is not None:
        yield trace
        trace = trace.parent


def unsafe_am_i_under_a_jit_DO_NOT_USE() -> bool:
    """Whether a program is being written.

    >>> from pullback.extend.core import unsafe_am_i_under_a_jit_DO_NOT_USE as staging
    >>> staging(), pb.jit(lambda: staging())()
    (False, Array(True, dtype=bool))
    """
    return any(isinstance(t, StageTrace) for t in _traces())


def unsafe_am_i_under_a_vmap_DO_NOT_USE() -> bool:
    """Whether a batch is being mapped.

    >>> from pullback.extend.core import unsafe_am_i_under_a_vmap_DO_NOT_USE as mapping
    >>> mapping()
    False
    """
    return any(isinstance(t, BatchTrace) for t in _traces())


def unsafe_get_axis_names_DO_NOT_USE() -> list[Any]:
    """The names of the axes being mapped.

    >>> from pullback.extend.core import unsafe_get_axis_names_DO_NOT_USE as names
    >>> mapped = pb.vmap(lambda x: print(names()) or x, axis_name="i")
    >>> mapped(pnp.arange(2))
    ['i']
    Array([0, 1], dtype=int32)
    """
    found = [t.axis_name for t in _traces() if isinstance(t, BatchTrace)]
    return [name for name in found[::-1] if name is not None]


def nonempty_axis_env_DO_NOT_USE() -> bool:
    """Whether an axis that has a name is being mapped.

    >>> from pullback.extend.core import nonempty_axis_env_DO_NOT_USE
    >>> nonempty_axis_env_DO_NOT_USE()
    False
    """
    return bool(unsafe_get_axis_names_DO_NOT_USE())
