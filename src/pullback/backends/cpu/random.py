"""Random keys and the threefry2x32 hash (Salmon et al., "Parallel random numbers: as easy as 1, 2,
3", 2011) as scalar expressions, so that numbers are made where they are used.

A key is one integer whose lowest bits are its first word: of 64 bits, or of 128.
"""

from typing import Any

from ...core.ir import JaxprEqn
from . import index as ix
from .build import Builder
from .expr import Node
from .values import Indices, Value, storage

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def unwrap(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """words[..., k] = key >> 32 k."""
    (keys,) = ins
    whole = _integer(keys.dtype)

    def at(idx: Indices) -> Node:
        key = b.op("convert_element_type", whole, keys.at(idx[:-1]))
        places = b.op("convert_element_type", whole, b.graph.iota(ix.scale(idx[-1], 32), "uint64"))
        return b.op(
            "convert_element_type", "uint32", b.op("shift_right_logical", whole, key, places)
        )

    return Value(eqn.outvars[0].aval.shape, "uint32", at)


def wrap(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """key = words[..., 0] | words[..., 1] << 32 | ..."""
    (words,) = ins
    stored = storage(eqn.outvars[0].aval)
    whole = _integer(stored)

    def at(idx: Indices) -> Node:
        key: Any = None
        for k in range(words.shape[-1]):
            word = b.op("convert_element_type", whole, words.at((*idx, ix.constant(k))))
            if k:
                by = b.op("convert_element_type", whole, b.graph.const(32 * k, "uint64"))
                word = b.op("shift_left", whole, word, by)
            key = word if key is None else b.op("or", whole, key, word)
        return b.op("convert_element_type", stored, key)

    return Value(eqn.outvars[0].aval.shape, stored, at)


def _integer(stored: str) -> str:
    """The dtype in which the words of a key are put together and taken apart."""
    return "uint64" if stored == "int64" else stored


def threefry(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """Both words of the hash, which share their work where a nest makes both."""
    shape = eqn.outvars[0].aval.shape

    def words(idx: Indices) -> tuple[Node, Node]:
        k0, k1, x0, x1 = [v.at(idx) if v.shape == shape else v.at(()) for v in ins]
        return _hash(b, k0, k1, x0, x1)

    values = [Value(shape, "uint32", lambda idx, k=k: words(idx)[k]) for k in (0, 1)]
    pairs = zip(eqn.outvars, values, strict=True)
    return [b.write(x, b.destination(v)) for v, x in pairs]


def _hash(b: Builder, k0: Node, k1: Node, x0: Node, x1: Node) -> tuple[Node, Node]:
    def number(n: int) -> Node:
        return b.graph.const(n, "uint32")

    def op(name: str, x: Node, y: Node) -> Node:
        return b.op(name, "uint32", x, y)

    keys = (k0, k1, op("xor", op("xor", k0, k1), number(PARITY)))
    x0, x1 = op("add", x0, k0), op("add", x1, k1)
    for group in range(5):
        for by in ROTATIONS[group % 2]:
            x0 = op("add", x0, x1)
            x1 = op("xor", op("rotate_left", x1, number(by)), x0)
        x0 = op("add", x0, keys[(group + 1) % 3])
        x1 = op("add", op("add", x1, keys[(group + 2) % 3]), number(group + 1))
    return x0, x1


LAZY = {"random_unwrap": unwrap, "random_wrap": wrap}
EAGER = {"threefry2x32": threefry}
MOVES = ("random_unwrap", "random_wrap")
