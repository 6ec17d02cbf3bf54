"""Contractions of strided arrays: a table of axes for the runtime, and a micro-kernel that suits
the numbers of rows and columns and reads operands where they lie, if they lie evenly."""

from functools import cache
from math import prod
from typing import NamedTuple

from .emit_value import Frame
from .gemm import pointer, splat
from .loops import Contraction, Gemm, Operand
from .text import WIDTHS, Function, Module, ir_type, mangle, vector

RUNTIME = "pb_contract"
# The cycles of packing an element.
PACKING = 0.5
# The cycles of moving a result to its place, where columns are at most so far apart, or farther.
NEAR = 16
MOVING, FAR = 2.0, 8.0
ROWS = 12
VECTORS = 4


class Block(NamedTuple):
    """The block of the result that a micro-kernel computes: `vectors` of `lanes` in each row."""

    rows: int
    lanes: int
    vectors: int


class Side(NamedTuple):
    """The rows, or the columns: how many, and how many follow one another evenly in the operand."""

    count: int
    run: int

    def packing(self, width: int) -> float:
        """The cycles of packing a term of all, where panels are not evenly spaced."""
        return 0.0 if self.run in (0, self.count) or self.run % width == 0 else PACKING * self.count


@cache
def choose(rows: Side, columns: Side, size: int, vector_bytes: int) -> tuple[float, Block]:
    """The block that computes all rows of all columns fastest, and its cycles for each term."""
    return min([(_cycles(b, rows, columns, size), b) for b in _blocks(size, vector_bytes)])


def _blocks(size: int, vector_bytes: int) -> list[Block]:
    """The blocks that fit into registers."""
    registers = 32 if vector_bytes == 64 else 16
    widths = [v for v in (16, 32, 64) if v <= vector_bytes]
    return [
        Block(rows, width // size, vectors)
        for width in widths
        for vectors in range(1, VECTORS + 1)
        for rows in range(1, ROWS + 1)
        if rows * vectors + vectors < registers
    ]


def add_functions(module: Module, vector_bytes: int) -> None:
    """All functions that contractions may hand to the runtime."""
    for dtype in ("float32", "float64"):
        for block in _blocks(WIDTHS[dtype] // 8, vector_bytes):
            micro_kernel(module, dtype, block)


def _cycles(block: Block, rows: Side, columns: Side, size: int) -> float:
    """The estimated cycles of a term: multiplications, waiting for them, and reading operands."""
    height, lanes, vectors = block
    width = lanes * vectors
    work = height * vectors * (1.0 if lanes * size == 64 else 0.5)
    reading = (height + vectors) * 0.1
    blocks = -(-rows.count // height) * -(-columns.count // width)
    # The operand with more vectors is packed again and again.
    packing = rows.packing(height) if rows.count >= columns.count else columns.packing(width)
    return blocks * (max(work, 4.0) + reading) + packing


def _sides(stmt: Contraction) -> tuple[Side, Side]:
    a, b, out = stmt.a, stmt.b, stmt.out
    m, n, _ = stmt.counts
    rows = Side(prod(out.shape[1 : 1 + m]), a.shape[m] if m else 0)
    adjacent = n > 0 and b.strides[-1] == 1
    columns = prod(out.shape[1 + m :])
    return rows, Side(columns, b.shape[-1] if adjacent else 1)


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
    rows, columns = _sides(stmt)
    terms = prod(stmt.a.shape[1 + stmt.counts[0] :])
    cycles = choose(rows, columns, WIDTHS[stmt.dtype] // 8, vector_bytes)[0]
    apart = abs(stmt.out.strides[-1]) if stmt.counts[1] else NEAR + 1
    moving = 0.0 if apart == 1 else MOVING if apart <= NEAR else FAR
    return cycles * terms + moving * rows.count * columns.count


def of_matrices(stmt: Gemm) -> Contraction:
    """A product of matrices as a contraction of one axis each."""
    return Contraction(stmt.dtype, stmt.a, stmt.b, stmt.out, (1, 1, 1))


def emit(frame: Frame, stmt: Contraction, vector_bytes: int) -> None:
    """Hand the operands to the runtime."""
    stmt = min(stmt, transposed(stmt), key=lambda s: _time(s, vector_bytes))
    f, size = frame.f, WIDTHS[stmt.dtype] // 8
    a, b, out = stmt.a, stmt.b, stmt.out
    m, n, k = stmt.counts
    block = choose(*_sides(stmt), size, vector_bytes)[1]
    kernel = micro_kernel(f.module, stmt.dtype, block)
    axes = [
        *zip(a.shape[1 : 1 + m], a.strides[1 : 1 + m], out.strides[1 : 1 + m], strict=True),
        *zip(b.shape[1 + k :], b.strides[1 + k :], out.strides[1 + m :], strict=True),
        *zip(a.shape[1 + m :], a.strides[1 + m :], b.strides[1 : 1 + k], strict=True),
    ]
    # The fields of `Contraction` in native/contraction.h, and after them its axes.
    fields = [
        ("ptr", f"@{kernel}"),
        *[("i64", str(v)) for v in (block.rows, block.lanes * block.vectors, size)],
        *[("ptr", pointer(frame, o, "0", stmt.dtype)) for o in (a, b, out)],
        *[("i64", str(v)) for v in (out.shape[0], a.strides[0], b.strides[0], out.strides[0])],
        *[("i64", str(v)) for v in (m, n, k)],
    ]
    numbers = [("i64", str(v)) for axis in axes for v in axis]
    table = f.alloca("i64", len(fields) + 1 + len(numbers))
    fields += [("ptr", f.gep("i64", table, len(fields) + 1)), *numbers]
    for at, (type_, value) in enumerate(fields):
        f.effect(f"store {type_} {value}, ptr {f.gep('i64', table, at)}")
    f.module.declare(RUNTIME, "i32", "ptr")
    f.check(f.call("i32", RUNTIME, ("ptr", table)))


def micro_kernel(module: Module, dtype: str, block: Block) -> str:
    """The function that multiplies panels as they lie: `PlacedKernel` in native/contraction.h."""
    rows, lanes, vectors = block
    name = f"pb.placed.{dtype}.{rows}x{lanes}x{vectors}"
    if module.has(name):
        return name
    params = [
        *[("i64", "k"), ("ptr", "a"), ("i64", "step"), ("ptr", "ak"), ("ptr", "b"), ("ptr", "bk")],
        *[("ptr", "c"), ("i64", "cm"), ("i64", "add")],
    ]
    f = Function(module, name, params, linkage="internal", attributes="noinline nounwind")
    scalar, type_ = ir_type(dtype), ir_type(dtype, lanes)
    steps = ["0", "%step", *[f.line(f"mul i64 %step, {r}") for r in (2, 3, 4)]]
    sums = [(type_, "zeroinitializer")] * rows * vectors
    with f.carried_loop(0, "%k", 1, sums, runs=True) as loop:
        at_a, at_b = (
            f.gep(scalar, f"%{x}", f.line(f"load i64, ptr {f.gep('i64', f'%{x}k', loop.index)}"))
            for x in "ab"
        )
        right = [f.load(dtype, f.gep(scalar, at_b, v * lanes), lanes) for v in range(vectors)]
        loop.next = []
        for r in range(rows):
            if r and r % 4 == 0:
                at_a = f.gep(scalar, at_a, steps[4])
            left = splat(f, scalar, f.load(dtype, f.gep(scalar, at_a, steps[r % 4])), lanes)
            loop.next += [
                f.intrinsic(f"fma.{mangle(scalar, lanes)}", vector(scalar, lanes), left, b, total)
                for b, total in zip(right, loop.carry[r * vectors :], strict=False)
            ]
    _finish(f, dtype, loop.results, rows, lanes, vectors)
    module.add(f)
    return name


def _finish(
    f: Function, dtype: str, results: list[str], rows: int, lanes: int, vectors: int
) -> None:
    """Store sums as a block of c, or add them to it."""
    type_ = ir_type(dtype, lanes)
    places = _places(f, dtype, rows, lanes, vectors)
    old = f.label("add"), f.label("fresh")
    f.branch(f.line("icmp ne i64 %add, 0"), *old)
    f.place(old[0])
    for value, place in zip(results, places, strict=True):
        f.store(dtype, f.line(f"fadd {type_} {f.load(dtype, place, lanes)}, {value}"), place, lanes)
    f.ret()
    f.place(old[1])
    for value, place in zip(results, places, strict=True):
        f.store(dtype, value, place, lanes)
    f.ret()


def _places(f: Function, dtype: str, rows: int, lanes: int, vectors: int) -> list[str]:
    """The addresses of the vectors of the result."""
    places = []
    row = "%c"
    for _ in range(rows):
        places += [f.gep(ir_type(dtype), row, v * lanes) for v in range(vectors)]
        row = f.gep("i8", row, "%cm")
    return places
