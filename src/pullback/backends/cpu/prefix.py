"""Partial results along an axis a vector at a time: within a vector by doubling distances. Only
where the order of the operations does not matter, to the last bit."""

from . import monoid
from .index import Atom
from .loops import Kernel, kernel_reads, kernel_writes
from .scalar import FLOATS, lower
from .text import Function, constant, ir_type

# The same in any order, of all dtypes.
FREE = frozenset({"max", "min", "or", "and", "xor"})


def axis_of(kernel: Kernel) -> list[Atom]:
    """The axis along which partial results may be found a vector at a time, if there is one."""
    written = {b for b, _ in kernel_writes(kernel)}
    read = {b for b, _ in kernel_reads(kernel)}
    plain = len(kernel.reduce) == 1 and not kernel.stores and not kernel.ordered
    free = all(r.prefix and (r.op in FREE or r.dtype not in FLOATS) for r in kernel.reductions)
    return list(kernel.reduce) if plain and free and not written & read else []


def within(f: Function, op: str, dtype: str, x: str, lanes: int) -> str:
    """Each lane's value and those of the lanes before it as one."""
    step, nothing = 1, constant(dtype, monoid.neutral(op, dtype), lanes)
    while step < lanes:
        order = [k - step if k >= step else lanes + k for k in range(lanes)]
        before = _shuffled(f, dtype, x, nothing, order)
        x = lower(f, op, [before, x], [dtype, dtype], dtype, lanes, {})
        step *= 2
    return x


def last(f: Function, dtype: str, x: str, lanes: int) -> str:
    """The last lane's value in every lane."""
    return _shuffled(f, dtype, x, "poison", [lanes - 1] * lanes)


def _shuffled(f: Function, dtype: str, x: str, y: str, order: list[int]) -> str:
    type_, places = ir_type(dtype, len(order)), ", ".join([f"i32 {k}" for k in order])
    return f.line(f"shufflevector {type_} {x}, {type_} {y}, <{len(order)} x i32> <{places}>")
