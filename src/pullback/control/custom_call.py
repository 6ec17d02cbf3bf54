"""What calls with derivatives of their own share: running, staging and inlining the function.

A call carries functions, not programs, so eager code may branch on values. Staging turns the
function itself into a program; its rules stay functions until they are needed.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from .. import _native, dtypes, errors
from .._native import ArrayImpl, DeviceArray
from ..core.aval import ShapedArray, same_type, type_name
from ..core.primitive import Primitive, Zero
from ..core.stage import JaxprFunction, StageTrace, stage_hoisted
from ..core.trace import get_aval
from .call import interpret


def define(name: str, slot: str, captured: Callable[..., Any]) -> Primitive:
    """A primitive whose parameter `call` is a flat function.

    `slot` is the parameter that holds its rule, and `captured(rule, values)` the rule of a call
    whose first operands are values that the function captured.
    """
    primitive = Primitive(name, multiple_results=True, higher=True)
    primitive.eager = _run
    primitive.stage = _stage(primitive, slot, captured)
    primitive.inline = _inline
    primitive.def_type(_type)
    primitive.def_value(_value)
    return primitive


def _type(*_avals: ShapedArray, call: JaxprFunction, **_params: Any) -> list[ShapedArray]:
    return call.jaxpr.out_avals


def _value(*args: Any, call: JaxprFunction, **_params: Any) -> list[Any]:
    return interpret(call.jaxpr, *args)


def _run(args: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    try:
        return params["call"](*args)
    except errors.UnexpectedTracerError as error:
        if not hasattr(error, "__notes__"):
            error.add_note(
                "A function with a rule of its own may capture this value, whose derivative the"
                " rule cannot see. Pass the value as an argument"
            )
        raise


def _inline(eqn: Any) -> Any:
    return eqn.params["call"].jaxpr


def _stage(primitive: Primitive, slot: str, captured: Callable[..., Any]) -> Callable[..., Any]:
    """The function becomes a program; what it captured are leading operands."""

    def rule(trace: StageTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        call = params["call"]
        if isinstance(call, JaxprFunction):
            return trace.emit(primitive, args, params)
        jaxpr, consts = stage_hoisted(call, [get_aval(a) for a in args], primitive.name)
        changed = {"call": JaxprFunction(jaxpr)}
        if consts:
            changed["num_consts"] = params["num_consts"] + len(consts)
            changed[slot] = captured(params[slot], consts)
        return trace.emit(primitive, [*consts, *args], {**params, **changed})

    return rule


def check_captured(what: str, nonzero: Sequence[bool]) -> None:
    """Raise if a value that a call captured has a tangent."""
    if any(nonzero):
        raise TypeError(
            f"{what}: the function captures a value that is being differentiated; its rule cannot"
            " see it. Pass the value as an argument"
        )


def check_results(what: str, call: Any, outs: Sequence[Any]) -> None:
    """Raise where a rule's results are not of the types of the function's, if known."""
    if not isinstance(call, JaxprFunction):
        return
    wanted, got = call.jaxpr.out_avals, [get_aval(o) for o in outs]
    if len(wanted) != len(got) or not all(map(same_type, wanted, got)):
        raise TypeError(
            f"{what}: the rule must return a result of the function's type,"
            f" {_type_names(wanted)}, got {_type_names(got)}"
        )


def _type_names(avals: Sequence[ShapedArray]) -> str:
    return ", ".join(map(type_name, avals)) or "no array"


class Rule:
    """A user's rule made flat.

    Two are equal where they stand for one rule of equal calls: then programs that hold them are
    equal too, and compiled once.
    """

    __slots__ = ("key",)

    def __init__(self, *key: Hashable) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is type(self) and isinstance(other, Rule) and self.key == other.key
        )

    def __hash__(self) -> int:
        try:
            return hash(self.key)
        except TypeError:
            return id(self)


class SymbolicZero:
    """A tangent or cotangent that is known to be zero, for rules set with symbolic_zeros=True.

    >>> f = pb.custom_jvp(lambda x, y: x * y)
    >>> def rule(primals, tangents):
    ...     print([type(t).__name__ for t in tangents])
    ...     return f(*primals), tangents[0] * primals[1]
    >>> _ = f.defjvp(rule, symbolic_zeros=True)
    >>> pb.grad(f)(2.0, 3.0)
    ['TapeTracer', 'SymbolicZero']
    Array(3., dtype=float32, weak_type=True)
    """

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the zeros."""
        return self.aval.shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the zeros; float0 for integers."""
        return self.aval.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.aval.ndim

    def __repr__(self) -> str:
        return f"SymbolicZero({self.aval.str_short()})"


def to_symbolic(t: Any) -> Any:
    """What a rule sees of a tangent that may be Zero."""
    return SymbolicZero(t.aval) if type(t) is Zero else t


def from_symbolic(t: Any) -> Any:
    """What a rule returned, with Zero for zeros that it knows and for float0."""
    if type(t) is SymbolicZero:
        return Zero(t.aval)
    return Zero(get_aval(t)) if get_aval(t).dtype == dtypes.float0 else t


def runs_alone(args: Sequence[Any]) -> bool:
    """Whether a call is just its function: on eager arrays nothing asks for its derivative."""
    return _native.is_eager() and all(
        type(a) in (ArrayImpl, DeviceArray) or a is None for a in args
    )
