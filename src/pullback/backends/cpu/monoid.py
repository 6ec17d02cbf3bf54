"""The accumulators of reductions: neutral elements, and how two partial results become one.

A state is a tuple of operands: the value, and for argmax and argmin its position too.
"""

from typing import Any

import numpy as np

from .expr import numpy_dtype
from .scalar import FLOATS, SIGNED, lower
from .text import Function, constant, ir_type, vector

State = tuple[str, ...]
NOWHERE = (1 << 63) - 1


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


def start(op: str, dtype: str, lanes: int) -> State:
    """The state before any element."""
    value = constant(dtype, neutral(op, dtype), lanes)
    return (value, constant("int64", NOWHERE, lanes)) if op.startswith("arg") else (value,)


def types(op: str, dtype: str, lanes: int) -> tuple[str, ...]:
    """The LLVM types of a state."""
    value = ir_type(dtype, lanes)
    return (value, vector("i64", lanes)) if op.startswith("arg") else (value,)


def combine(f: Function, op: str, dtype: str, a: State, b: State, lanes: int) -> State:
    """Both states as one."""
    if not op.startswith("arg"):
        return (lower(f, op, [a[0], b[0]], [dtype, dtype], dtype, lanes, {}),)
    better = _better(f, op, dtype, a, b, lanes)
    mask = vector("i1", lanes)
    return tuple(
        [
            f.line(f"select {mask} {better}, {t} {y}, {t} {x}")
            for t, x, y in zip(types(op, dtype, lanes), a, b, strict=True)
        ]
    )


def _better(f: Function, op: str, dtype: str, a: State, b: State, lanes: int) -> str:
    """Whether b wins: further out, or NaN, or equal and earlier."""
    mask = vector("i1", lanes)

    def test(name: str, x: str, y: str) -> str:
        return lower(f, name, [x, y], [dtype, dtype], "bool", lanes, {})

    def both(kind: str, x: str, y: str) -> str:
        return f.line(f"{kind} {mask} {x}, {y}")

    wins = test("gt" if op == "argmax" else "lt", b[0], a[0])
    equal = test("eq", b[0], a[0])
    if dtype in FLOATS:
        nan_a, nan_b = test("ne", a[0], a[0]), test("ne", b[0], b[0])
        ones = "true" if lanes == 1 else "splat (i1 true)"
        wins = both("or", wins, both("and", nan_b, both("xor", nan_a, ones)))
        equal = both("or", equal, both("and", nan_a, nan_b))
    earlier = f.line(f"icmp slt {vector('i64', lanes)} {b[1]}, {a[1]}")
    return both("or", wins, both("and", equal, earlier))


def across(f: Function, op: str, dtype: str, state: State, lanes: int) -> State:
    """The lanes of a state combined, halves first."""
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
                        for t, x in zip(types(op, dtype, lanes), state, strict=True)
                    ]
                )
            )
        state = combine(f, op, dtype, parts[0], parts[1], half)
        lanes = half
    return state


def _pick(f: Function, type_: str, x: str, order: str, half: int) -> str:
    if half == 1:
        return f.line(f"extractelement {type_} {x}, i64 {order.split()[1]}")
    return f.line(f"shufflevector {type_} {x}, {type_} poison, <{half} x i32> <{order}>")
