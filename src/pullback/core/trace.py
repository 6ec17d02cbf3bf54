"""Dispatch. The current trace, and it alone, decides what an operation means; arguments do not."""

# `_trace` is hidden from users, whose arrays have a method `trace`; `_getframe` is the fast way.
# pyright: reportPrivateUsage=false

import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any, ClassVar, NoReturn, TypeVar, cast

import numpy as np

from .. import _native, dtypes, errors
from .._native import ArrayImpl, DeviceArray
from .aval import ShapedArray, type_name
from .device import Remote, host, place
from .primitive import Linear, Primitive

PACKAGE = __name__.partition(".")[0]
current_trace = _native.current_trace


class Trace:
    """An interpreter of primitives. `parent` interprets what its rules compute."""

    __slots__ = ("__weakref__", "alive", "parent")

    # What a user calls this interpretation, in messages.
    what = "a transformation"
    # The axes along which values are known to vary or to be the same from device to device.
    manual: tuple[Any, ...] = ()
    # What mutable arrays hold in the program that is being written, where one is.
    cells: Any = None

    def __init__(self, parent: "Trace | None") -> None:
        self.parent = parent
        self.alive = True

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Interpret one operation. The current trace may be another."""
        raise NotImplementedError

    def axis_size(self, name: Any) -> int | None:
        """The size of a named axis that this trace maps over, or None."""
        return None

    def is_same(self, trace: "Trace") -> bool:
        """Whether another trace belongs to the same transformation."""
        return trace is self

    @property
    def main(self) -> "Trace":
        """JAX's name of what tells one transformation from another."""
        return self

    def axes(self) -> tuple[Any, ...]:
        """The named axes that this trace maps over, with their sizes."""
        return ()


@contextmanager
def use(trace: Trace) -> Generator[None]:
    """Make a trace the current one for a block.

    >>> from pullback.extend.core import find_top_trace, set_current_trace
    >>> with set_current_trace(find_top_trace([])):
    ...     pnp.sin(0.0)
    Array(0., dtype=float32, weak_type=True)
    """
    previous = _native.swap_trace(trace)
    try:
        yield
    finally:
        _native.swap_trace(previous)


def axis_size(name: Any) -> int:
    """The size of a mapped axis in scope. NameError if there is none of that name."""
    size = trace_of_axis(name).axis_size(name)
    assert size is not None
    return size


def manual_axes() -> tuple[Any, ...]:
    """The axes of a mesh along which the current program is one device's, which it is to know."""
    found: tuple[Any, ...] = ()
    trace: Trace | None = current_trace()
    while trace is not None:
        found += trace.manual
        trace = trace.parent
    return found


def mapped_axes() -> tuple[Any, ...]:
    """What programs that are being traced may depend on: the axes in scope, inside out."""
    found: list[Any] = []
    trace: Trace | None = current_trace()
    while trace is not None:
        found += trace.axes()
        trace = trace.parent
    return tuple(found)


def trace_of_axis(name: Any) -> Trace:
    """The innermost trace that maps an axis of this name. NameError if there is none."""
    trace: Trace | None = current_trace()
    while trace is not None:
        if trace.axis_size(name) is not None:
            return trace
        trace = trace.parent
    raise NameError(
        f"unbound axis name: {name}. Name the axis where it is mapped, as in"
        f" vmap(f, axis_name={name!r})"
    )


# A user's code, the number of a line in it, and the names of the scopes around.
Line = tuple[CodeType, int, str] | None


class _Scopes(threading.local):
    path: str = ""


_scopes = _Scopes()


@contextmanager
def scope(name: str) -> Generator[None]:
    """Name the operations of a block: the name is part of their lines."""
    previous = _scopes.path
    _scopes.path = f"{previous}/{name}" if previous else name
    try:
        yield
    finally:
        _scopes.path = previous


F = TypeVar("F", bound=FunctionType)
# Whose code is, by its identity, which hashes sooner than its content; and the code, kept for that.
_LIBRARY, _USER, _RUNNER = range(3)
_kinds: dict[int, int] = {}
_known: list[CodeType] = []
# Files and folders of libraries whose callers are meant, not they themselves.
_excluded: list[str] = []


def runs_equations(f: F) -> F:
    """Mark a function that runs the equation in its local `eqn`, which knows a user's line."""
    _know(f.__code__, _RUNNER)
    return f


def exclude(path: str) -> None:
    """Take the code of a file or a folder for no user's own."""
    _excluded.append(path)
    for code in _known:
        if code.co_filename.startswith(path) and _kinds[id(code)] == _USER:
            _kinds[id(code)] = _LIBRARY


def _know(code: CodeType, kind: int) -> int:
    _known.append(code)
    _kinds[id(code)] = kind
    return kind


def _kind(frame: FrameType) -> int:
    module = frame.f_globals.get("__name__", "")
    owned = module.partition(".")[0] not in (PACKAGE, "contextlib", "functools", "numpy", "scipy")
    owned = owned and not frame.f_code.co_filename.startswith(tuple(_excluded))
    return _know(frame.f_code, _USER if owned else _LIBRARY)


def user_line() -> Line:
    """The innermost line outside this library, or that of the equation that runs inside it.

    It is kept cheaply; `show_line` prints it.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        kind = _kinds.get(id(code))
        if kind is None:
            kind = _kind(frame)
        if kind == _USER:
            return code, frame.f_lineno, _scopes.path
        if kind == _RUNNER and frame.f_locals["eqn"].line is not None:
            return frame.f_locals["eqn"].line
        frame = frame.f_back
    return None


def show_line(line: Line) -> str:
    """`file:line (function)` of a kept line, and the scopes it is in."""
    if line is None:
        return "an unknown line"
    code, number, path = line
    place = f"{code.co_filename}:{number} ({code.co_name})"
    return f"{place} in {path}" if path else place


class Tracer:
    """A value under a trace. Operators are installed on it by `pullback.operators`."""

    __slots__ = ("__weakref__", "_trace", "aval", "line")

    # NumPy leaves reflected operators to us.
    __array_priority__ = 1000
    aval: ShapedArray

    def __init__(self, trace: Trace, aval: ShapedArray) -> None:
        self._trace = trace
        self.aval = aval
        self.line: Line = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; static while tracing."""
        return self.aval.shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype; static while tracing."""
        return self.aval.dtype

    @property
    def weak_type(self) -> bool:
        """Whether the dtype yields to another operand's."""
        return self.aval.weak_type

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.aval.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.aval.size

    def concrete(self) -> Any:
        """The array this traced value stands for where it is known (eager `grad`), else None."""
        return None

    def describe(self) -> str:
        """Which value this is, who traces it and the line that made it."""
        made = f", made at {show_line(self.line)}" if self.line else ""
        return f"a value of type {type_name(self.aval)} traced by {self._trace.what}{made}"

    def __bool__(self) -> bool:
        if self.aval.size != 1:
            raise ValueError(
                f"the truth value of {self.describe()} is ambiguous: use x.any() or x.all()"
            )
        return bool(
            self._concrete_or(errors.TracerBoolConversionError, "a condition (bool)", _BOOL_HINT)
        )

    def __index__(self) -> int:
        return self._concrete_or(
            errors.TracerIntegerConversionError, "a Python index", _STATIC_HINT
        ).__index__()

    def __int__(self) -> int:
        return int(self._concrete_or(errors.ConcretizationTypeError, "an int", _STATIC_HINT))

    def __float__(self) -> float:
        return float(self._concrete_or(errors.ConcretizationTypeError, "a float", _NUMBER_HINT))

    def __complex__(self) -> complex:
        return complex(self._concrete_or(errors.ConcretizationTypeError, "a complex", _NUMBER_HINT))

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse(errors.TracerArrayConversionError, "a NumPy array", _ARRAY_HINT)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        value = self.concrete()
        if value is None:
            raise TypeError(
                f"{self.describe()} cannot be formatted as {spec!r}: its value is not known while"
                f" tracing.\nUsed at {show_line(user_line())}.\nWrite debug.print('{{x:{spec}}}',"
                " x=x), or format it without a format."
            )
        return format(value, spec)

    def _concrete_or(self, error: type[errors.TracerError], use_as: str, hint: str) -> Any:
        value = self.concrete()
        if value is None:
            self._refuse(error, use_as, hint)
        return value

    def _refuse(self, error: type[errors.TracerError], use_as: str, hint: str) -> NoReturn:
        raise error(
            f"Attempted to use as {use_as} {self.describe()}; its value is not known while tracing."
            f"\nUsed at {show_line(user_line())}.\n{hint}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.aval})"


_BOOL_HINT = (
    "Write numpy.where(cond, a, b) or lax.cond(cond, f, g, *args) instead of `if`, lax.while_loop"
    " instead of `while`, or mark the argument with jit(f, static_argnames=...)."
)
_STATIC_HINT = (
    "Where a Python integer is needed, mark the argument with jit(f, static_argnames=...);"
    " to index with a traced integer use x[i] on a Pullback array or lax.dynamic_index_in_dim."
)
_NUMBER_HINT = "Use numpy.asarray(x, dtype) or x.astype(dtype) instead of the Python type."
_ARRAY_HINT = "Use pullback.numpy in place of numpy here, or pure_callback to call NumPy code."


def check_alive(x: Tracer) -> None:
    """Raise if the trace of a value has ended: the value leaked out of its transformation."""
    if not x._trace.alive:
        raise errors.UnexpectedTracerError(
            f"A traced value leaked out of its transformation: {x.describe()}, used again at"
            f" {show_line(user_line())} after that transformation had ended.\nReturn the value"
            " from the function instead of storing it in a global, an object or a closure."
        )


EXPECTED = "an array, a NumPy array or a Python number"


def _describe_foreign(x: Any) -> str:
    return f"{x!r} of type {type(x).__name__}"


def as_array(x: Any) -> ArrayImpl:
    """The array on the host of a value that rules accept: array, NumPy array or Python number."""
    if type(x) is ArrayImpl:
        return x
    if type(x) is DeviceArray:
        return host.put(x, False)
    if isinstance(x, (bool, int, float, complex)) and not isinstance(x, np.generic):
        return _from_python(x)
    if isinstance(x, (np.ndarray, np.generic)):
        return ArrayImpl(np.asarray(cast(Any, x)), False)
    if isinstance(x, Tracer):
        check_alive(x)
        raise errors.UnexpectedTracerError(
            f"{x.describe()} was used outside of its transformation, at {show_line(user_line())}."
        )
    if isinstance(x, Linear):
        raise TypeError(
            f"a function that is to be transposed is not linear: the value of an argument, or of"
            f" what was made of it, of type {type_name(x.aval)} is used by an operation"
        )
    raise TypeError(f"Value {_describe_foreign(x)} is not a valid array: give {EXPECTED}")


def _from_python(x: Any) -> ArrayImpl:
    kind = next(t for t in (bool, int, float, complex) if isinstance(x, t))
    dtype = dtypes.default_dtype(kind)
    if kind is int and not dtypes.info(dtype).min <= x <= dtypes.info(dtype).max:
        raise OverflowError(f"Python integer {x} does not fit {dtype.name}: give it a wider dtype")
    return ArrayImpl(np.array(x, dtype), kind is not bool)


def get_aval(x: Any) -> ShapedArray:
    """The type of any value that rules accept."""
    if type(x) is ArrayImpl or isinstance(x, (DeviceArray, Tracer)):
        return x.aval
    return as_array(x).aval


class EvalTrace(Trace):
    """Eager: each operation is its NumPy value, at once, or what its `eager` slot says."""

    __slots__ = ()
    what = "eager evaluation"
    # The default device, where that is not the host.
    device: Remote | None = None
    # Whether it is to see the results of compiled calls.
    watches = False

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute now."""
        if primitive.eager is None:
            return self.compute(primitive, args, params)
        previous = _native.swap_trace(self)
        try:
            return primitive.eager(args, params)
        finally:
            _native.swap_trace(previous)

    def compute(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The value of one operation."""
        return evaluate(primitive, args, params)


class DeviceTrace(EvalTrace):
    """Eager, where the default device is not the host: operands that lie nowhere else go there."""

    __slots__ = ("device",)

    def __init__(self, device: Remote) -> None:
        super().__init__(None)
        self.device = device

    def compute(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The device computes."""
        device = place(args, self.device)
        assert device is not None
        return device.process(primitive, args, params)


def eager_device(args: Iterable[Any]) -> Remote | None:
    """Where operands are computed with at once, under the current eager trace; None: the host."""
    return place(args, current_trace().device)


def evaluate(primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """One operation by its `value` rule. Where NumPy fails, the type rule says why.

    An operand on another device takes the operation there.
    """
    values: list[Any] = []
    weak, bools = primitive.higher, bool(args)
    for a in args:
        if type(a) is ArrayImpl:
            array = a
        elif type(a) is DeviceArray:
            device = place(args)
            assert device is not None
            return device.process(primitive, args, params)
        else:
            array = as_array(a)
        values.append(array._npy)
        weak = weak or array.weak_type
        bools = bools and array.dtype is dtypes.bool_
    try:
        out = primitive.value(*values, **params)
    except (ValueError, TypeError, IndexError):
        primitive.type(*map(get_aval, args), **params)
        raise
    # Many operations do not take bools, of which NumPy makes something.
    weak = weak or bools
    if not primitive.multiple_results:
        return ArrayImpl(
            out, weak and primitive.infer([get_aval(a) for a in args], params).weak_type
        )
    if not weak:
        return [ArrayImpl(o, False) for o in out]
    avals = primitive.infer([get_aval(a) for a in args], params)
    return [ArrayImpl(o, t.weak_type) for o, t in zip(out, avals, strict=True)]


eager = EvalTrace(None)
_native.set_eager_trace(eager)


class KnownTrace(Trace):
    """Computes at once what depends on no traced value; leaves the rest to its parent."""

    __slots__ = ()
    what = "evaluation of known values"

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute, or let the parent interpret."""
        if not any(isinstance(a, Tracer) for a in args):
            return eager.process(primitive, args, params)
        assert self.parent is not None
        return self.parent.process(primitive, args, params)


@contextmanager
def ensure_compile_time_eval() -> Generator[None]:
    """A context in which operations on known values are computed at once, inside `jit` too.

    The results are values, on which Python may branch. Operations on traced values are traced.

    >>> import pullback as pb
    >>> @pb.jit
    ... def f(x):
    ...     with pb.ensure_compile_time_eval():
    ...         n = int(pb.numpy.sum(pb.numpy.arange(4)))
    ...     return x * n
    >>> float(f(2.0))
    12.0
    """
    trace = current_trace()
    with use(trace if isinstance(trace, EvalTrace) else KnownTrace(trace)):
        yield


def eval_context() -> AbstractContextManager[None]:
    """A context in which operations are computed at once, whatever is being traced."""
    return use(eager)
