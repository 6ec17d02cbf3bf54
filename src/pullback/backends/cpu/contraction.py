"""Contractions of strided arrays: a table of axes for the runtime, and a micro-kernel that suits
the numbers of rows and columns."""

from functools import cache
from math import prod
from typing import NamedTuple

from .emit_value import Frame
from .gemm import pointer
from .loops import Contraction, Operand
from .packed import micro_kernel
from .text import WIDTHS

RUNTIME = "pb_contract"
ROWS = 12
VECTORS = 4


class Block(NamedTuple):
    """The block of the result that a micro-kernel computes: `vectors` of `lanes` in each row."""

    rows: int
    lanes: int
    vectors: int


@cache
def choose(m: int, n: int, size: int, vector_bytes: int) -> tuple[float, Block]:
    """The block that computes m rows of n columns fastest, and its cycles for each term."""
    registers = 32 if vector_bytes == 64 else 16
    widths = [v for v in (16, 32, 64) if v <= vector_bytes]
    blocks = [
        Block(rows, width // size, vectors)
        for width in widths
        for vectors in range(1, VECTORS + 1)
        for rows in range(1, ROWS + 1)
        if rows * vectors + vectors < registers
    ]
    return min([(_cycles(b, m, n, size), b) for b in blocks])


def _cycles(block: Block, m: int, n: int, size: int) -> float:
    """The estimated cycles of a term: multiplications, waiting for them, and reading operands."""
    rows, lanes, vectors = block
    work = rows * vectors * (1.0 if lanes * size == 64 else 0.5)
    reading = (rows + vectors) * 0.1
    return -(-m // rows) * -(-n // (lanes * vectors)) * (max(work, 4.0) + reading)


def transposed(stmt: Contraction) -> Contraction:
    """The same sums with rows and columns exchanged."""
    m, n, k = stmt.counts

    def turned(o: Operand, first: int) -> Operand:
        shape, strides = ((v[0], *v[1 + first :], *v[1 : 1 + first]) for v in (o.shape, o.strides))
        return Operand(o.buffer, o.offset, shape, strides)

    a, b, out = turned(stmt.b, k), turned(stmt.a, m), turned(stmt.out, m)
    return Contraction(stmt.dtype, a, b, out, (n, m, k))


def _time(stmt: Contraction, vector_bytes: int) -> float:
    """The estimated cycles: of terms, and of moving results that are not computed in place."""
    m = stmt.counts[0]
    rows, columns = prod(stmt.out.shape[1 : 1 + m]), prod(stmt.out.shape[1 + m :])
    terms = prod(stmt.a.shape[1 + m :])
    cycles = choose(rows, columns, WIDTHS[stmt.dtype] // 8, vector_bytes)[0]
    in_place = stmt.counts[1] > 0 and stmt.out.strides[-1] == 1
    return cycles * terms + (0 if in_place else 2 * rows * columns)


def emit(frame: Frame, stmt: Contraction, vector_bytes: int) -> None:
    """Hand the operands to the runtime."""
    stmt = min(stmt, transposed(stmt), key=lambda s: _time(s, vector_bytes))
    f, size = frame.f, WIDTHS[stmt.dtype] // 8
    a, b, out = stmt.a, stmt.b, stmt.out
    m, n, k = stmt.counts
    shape = prod(out.shape[1 : 1 + m]), prod(out.shape[1 + m :])
    rows, lanes, vectors = choose(*shape, size, vector_bytes)[1]
    kernel = micro_kernel(f.module, stmt.dtype, rows, lanes, vectors)
    axes = [
        *zip(a.shape[1 : 1 + m], a.strides[1 : 1 + m], out.strides[1 : 1 + m], strict=True),
        *zip(b.shape[1 + k :], b.strides[1 + k :], out.strides[1 + m :], strict=True),
        *zip(a.shape[1 + m :], a.strides[1 + m :], b.strides[1 : 1 + k], strict=True),
    ]
    # The fields of `Contraction` in native/contraction.h, and after them its axes.
    fields = [
        ("ptr", f"@{kernel}"),
        *[("i64", str(v)) for v in (rows, lanes * vectors, size)],
        *[("ptr", pointer(frame, o, "0", stmt.dtype)) for o in (a, b, out)],
        *[("i64", str(v)) for v in (out.shape[0], a.strides[0], b.strides[0], out.strides[0])],
        *[("i64", str(v)) for v in (m, n, k)],
    ]
    numbers = [("i64", str(v)) for axis in axes for v in axis]
    table = f.alloca("i64", len(fields) + 1 + len(numbers))
    fields += [("ptr", f.gep("i64", table, len(fields) + 1)), *numbers]
    for at, (type_, value) in enumerate(fields):
        f.effect(f"store {type_} {value}, ptr {f.gep('i64', table, at)}")
    f.module.declare(RUNTIME, "void", "ptr")
    f.call("void", RUNTIME, ("ptr", table))
