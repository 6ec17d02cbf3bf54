"""The accumulators of reductions: neutral elements, and how two partial results become one.

A state is a tuple of operands: the value, and for argmax and argmin its position too, an integer
of the dtype `place`.
"""

from functools import cache
from typing import Any

import numpy as np

from .elementary import PURE
from .expr import numpy_dtype
from .scalar import FLOATS, SIGNED, lower
from .text import WIDTHS, Function, Module, constant, ir_type, vector

State = tuple[str, ...]


def neutral(op: str, dtype: str) -> Any:
    """The element that changes nothing."""
    if op in ("add", "or", "xor"):
        return 0
    if op == "mul":
        return 1
    if op == "and":
        return True if dtype == "bool" else -1 if dtype in SIGNED else np.iinfo(dtype).max
    least = op in ("max", "argmax")
    if dtype == "bool":
        return not least
    if dtype in FLOATS:
        return -np.inf if least else np.inf
    info = np.iinfo(numpy_dtype(dtype))
    return int(info.min if least else info.max)


def start(op: str, dtype: str, place: str, lanes: int) -> State:
    """The state before any element. It stays the furthest only where all elements are like it: then
    the first one is what is wanted."""
    value = constant(dtype, neutral(op, dtype), lanes)
    return (value, constant(place, 0, lanes)) if op.startswith("arg") else (value,)


def types(op: str, dtype: str, place: str, lanes: int) -> tuple[str, ...]:
    """The LLVM types of a state."""
    value = ir_type(dtype, lanes)
    return (value, ir_type(place, lanes)) if op.startswith("arg") else (value,)


def combine(f: Function, op: str, dtype: str, place: str, a: State, b: State, lanes: int) -> State:
    """Both states as one."""
    if not op.startswith("arg"):
        return (lower(f, op, [a[0], b[0]], [dtype, dtype], dtype, lanes, {}),)
    return _selected(f, _better(f, op, dtype, place, a, b, lanes), op, dtype, place, a, b, lanes)


def absorb(f: Function, op: str, dtype: str, place: str, a: State, b: State, lanes: int) -> State:
    """`combine` where all positions in b are later than those in a. Which zero is the greater is
    left open there: no order of the elements is known to whoever asks for the extremum of all."""
    if op in ("max", "min") and dtype in ("float32", "float64"):
        return (_extremum(f, op, dtype, a[0], b[0], lanes),)
    if not op.startswith("arg"):
        return combine(f, op, dtype, place, a, b, lanes)
    return _selected(f, _further(f, op, dtype, a, b, lanes), op, dtype, place, a, b, lanes)


def _extremum(f: Function, op: str, dtype: str, a: str, b: str, lanes: int) -> str:
    """The further one, NaN where one is: half as many instructions as LLVM's own, which orders
    zeros. Of an unordered pair the processor's instruction gives the second."""
    type_ = ir_type(dtype, lanes)
    mask = vector("i1", lanes)
    wins = f.line(f"fcmp {'ogt' if op == 'max' else 'olt'} {type_} {a}, {b}")
    further = f.line(f"select {mask} {wins}, {type_} {a}, {type_} {b}")
    lost = f.line(f"fcmp uno {type_} {a}, {a}")
    return f.line(f"select {mask} {lost}, {type_} {a}, {type_} {further}")


def _selected(
    f: Function, wins: str, op: str, dtype: str, place: str, a: State, b: State, lanes: int
) -> State:
    mask = vector("i1", lanes)
    pairs = zip(types(op, dtype, place, lanes), a, b, strict=True)
    return tuple([f.line(f"select {mask} {wins}, {t} {y}, {t} {x}") for t, x, y in pairs])


def _further(f: Function, op: str, dtype: str, a: State, b: State, lanes: int) -> str:
    """Whether b wins unless it is equal: further out, or the first NaN."""
    if dtype not in FLOATS:
        name = "gt" if op == "argmax" else "lt"
        return lower(f, name, [b[0], a[0]], [dtype, dtype], "bool", lanes, {})
    type_ = ir_type(dtype, lanes)
    wins = f.line(f"fcmp {'ugt' if op == 'argmax' else 'ult'} {type_} {b[0]}, {a[0]}")
    number = f.line(f"fcmp ord {type_} {a[0]}, {a[0]}")
    return f.line(f"and {vector('i1', lanes)} {wins}, {number}")


def _better(f: Function, op: str, dtype: str, place: str, a: State, b: State, lanes: int) -> str:
    """Whether b wins: further out, or NaN, or equal and earlier."""
    mask = vector("i1", lanes)

    def test(name: str, x: str, y: str) -> str:
        return lower(f, name, [x, y], [dtype, dtype], "bool", lanes, {})

    wins = _further(f, op, dtype, a, b, lanes)
    equal = test("eq", b[0], a[0])
    if dtype in FLOATS:
        nans = f.line(f"and {mask} {test('ne', a[0], a[0])}, {test('ne', b[0], b[0])}")
        equal = f.line(f"or {mask} {equal}, {nans}")
    earlier = f.line(f"icmp slt {ir_type(place, lanes)} {b[1]}, {a[1]}")
    both = f.line(f"and {mask} {equal}, {earlier}")
    return f.line(f"or {mask} {wins}, {both}")


def across(f: Function, op: str, dtype: str, place: str, state: State, lanes: int) -> State:
    """The lanes of a state combined, halves first."""
    if lanes == 1 or op.startswith("arg") or dtype == "bool":
        return _across(f, op, dtype, place, state, lanes)
    name = f"pb.across.{op}.{dtype}x{lanes}"
    if not f.module.has(name):
        f.module.include(_definition(name, op, dtype, lanes))
    return (f.call(ir_type(dtype), name, (ir_type(dtype, lanes), state[0])),)


@cache
def _definition(name: str, op: str, dtype: str, lanes: int) -> Module:
    """A module that defines the function."""
    module = Module()
    f = Function(
        module, name, [(ir_type(dtype, lanes), "x")], ir_type(dtype), f"alwaysinline {PURE}",
        "internal",
    )  # fmt: skip
    f.ret(ir_type(dtype), *_across(f, op, dtype, "", ("%x",), lanes))
    module.add(f)
    return module


def add_functions(module: Module, vector_bytes: int) -> None:
    """The most common ones, on up to four vectors."""
    for dtype in ("float32", "float64", "int32", "int64"):
        most = 4 * vector_bytes * 8 // WIDTHS[dtype]
        for lanes in [1 << k for k in range(1, most.bit_length())]:
            for op in ("add", "max", "min"):
                module.include(_definition(f"pb.across.{op}.{dtype}x{lanes}", op, dtype, lanes))


def _across(f: Function, op: str, dtype: str, place: str, state: State, lanes: int) -> State:
    while lanes > 1:
        half = lanes // 2
        low = ", ".join(f"i32 {k}" for k in range(half))
        high = ", ".join(f"i32 {k}" for k in range(half, lanes))
        parts = []
        for order in (low, high):
            parts.append(
                tuple(
                    [
                        _pick(f, t, x, order, half)
                        for t, x in zip(types(op, dtype, place, lanes), state, strict=True)
                    ]
                )
            )
        state = combine(f, op, dtype, place, parts[0], parts[1], half)
        lanes = half
    return state


def _pick(f: Function, type_: str, x: str, order: str, half: int) -> str:
    if half == 1:
        return f.line(f"extractelement {type_} {x}, i64 {order.split()[1]}")
    return f.line(f"shufflevector {type_} {x}, {type_} poison, <{half} x i32> <{order}>")
