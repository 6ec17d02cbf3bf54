"""Products of large matrices: a micro-kernel in registers, for the runtime that packs and shares.

The kernel's block of the result stays in registers while it adds products of columns by rows.
"""

from .emit_value import Frame
from .gemm import pointer, splat
from .loops import Gemm
from .text import WIDTHS, Function, Module, ir_type, mangle, vector

RUNTIME = "pb_multiply"
COLUMNS = 2


def shape(dtype: str, vector_bytes: int) -> tuple[int, int]:
    """The rows of the kernel's block and the lanes of a vector; it has two vectors of columns."""
    return (12 if vector_bytes == 64 else 6), vector_bytes * 8 // WIDTHS[dtype]


def emit(frame: Frame, stmt: Gemm, vector_bytes: int) -> None:
    """The product of each pair of matrices of the batch."""
    batch = stmt.out.shape[0]
    if batch == 1:
        _product(frame, stmt, vector_bytes, "0")
        return
    with frame.f.loop(0, batch) as i:
        _product(frame, stmt, vector_bytes, i)


def _product(frame: Frame, stmt: Gemm, vector_bytes: int, i: str) -> None:
    f = frame.f
    rows, lanes = shape(stmt.dtype, vector_bytes)
    (_, m, k), n = stmt.a.shape, stmt.b.shape[2]
    kernel = micro_kernel(f.module, stmt.dtype, rows, lanes)
    a, b, c = (pointer(frame, o, i, stmt.dtype) for o in (stmt.a, stmt.b, stmt.out))
    # The fields of `Product` in native/product.h.
    fields = [
        ("ptr", f"@{kernel}"),
        *[("i64", str(v)) for v in (rows, COLUMNS * lanes, WIDTHS[stmt.dtype] // 8, m, n, k)],
        ("ptr", a), *[("i64", str(s)) for s in stmt.a.strides[1:]],
        ("ptr", b), *[("i64", str(s)) for s in stmt.b.strides[1:]],
        ("ptr", c), ("i64", str(stmt.out.strides[1])),
    ]  # fmt: skip
    table = f.alloca("i64", len(fields))
    for at, (type_, value) in enumerate(fields):
        f.effect(f"store {type_} {value}, ptr {f.gep('i64', table, at)}")
    f.module.declare(RUNTIME, "void", "ptr")
    f.call("void", RUNTIME, ("ptr", table))


def micro_kernel(module: Module, dtype: str, rows: int, lanes: int) -> str:
    """The function that multiplies packed blocks: `MicroKernel` in native/product.h."""
    name = f"pb.micro.{dtype}.{rows}x{lanes}"
    if name in module.pieces:
        return name
    params = [("i64", "k"), ("ptr", "a"), ("ptr", "b"), ("ptr", "c"), ("i64", "cm"), ("i64", "add")]
    f = Function(module, name, params, linkage="internal", attributes="noinline nounwind")
    scalar, type_ = ir_type(dtype), ir_type(dtype, lanes)
    sums = [(type_, "zeroinitializer")] * rows * COLUMNS
    with f.carried_loop(0, "%k", 1, [("ptr", "%a"), ("ptr", "%b"), *sums], runs=True) as loop:
        at_a, at_b, *totals = loop.carry
        right = [f.load(dtype, f.gep(scalar, at_b, v * lanes), lanes) for v in range(COLUMNS)]
        loop.next = [f.gep(scalar, at_a, rows), f.gep(scalar, at_b, COLUMNS * lanes)]
        for r in range(rows):
            left = splat(f, scalar, f.load(dtype, f.gep(scalar, at_a, r)), lanes)
            loop.next += [
                f.intrinsic(f"fma.{mangle(scalar, lanes)}", vector(scalar, lanes), left, b, total)
                for b, total in zip(right, totals[r * COLUMNS :], strict=False)
            ]
    finish(f, dtype, loop.results[2:], rows, lanes, COLUMNS)
    module.add(f)
    return name


def finish(
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
