"""Products that threads share: tasks of some rows and some panels of columns each."""

from typing import NamedTuple

from . import gemm, parallel
from .emit_value import Frame
from .gemm import Tile, pointer
from .loops import Gemm
from .text import WIDTHS, Function, Module, ir_type

# Multiplications: below the first, waking a thread costs more than it saves.
WORTH_SHARING = 1.5e6
TASK = 1e6
MOST_TASKS = 64


class Cut(NamedTuple):
    """The rows and columns of a task."""

    rows: int
    columns: int


def cut(stmt: Gemm, tile: Tile) -> Cut | None:
    """How a product is shared; None where one thread is enough."""
    (batch, m, k), n = stmt.a.shape, stmt.b.shape[2]
    work = batch * m * n * k
    if work < WORTH_SHARING or stmt.b.strides[2] != 1:
        return None
    tasks = -(-min(MOST_TASKS, int(work / TASK)) // batch)
    panels = -(-n // tile.width)
    across = min(panels, tasks)
    down = -(-tasks // across)
    rows = min(m, -(-m // (down * tile.rows)) * tile.rows)
    return Cut(rows, min(n, -(-panels // across) * tile.width))


# What a task reads from its table, in this order.
FIELDS = (
    *[("i64", name) for name in ("m", "n", "k", "rest", "rows", "columns", "down", "across")],
    *[("ptr", "a"), ("i64", "az"), ("i64", "am"), ("i64", "ak")],
    *[("ptr", "b"), ("i64", "bz"), ("i64", "bk")],
    *[("ptr", "c"), ("i64", "cz"), ("i64", "cm")],
)


def emit(frame: Frame, stmt: Gemm, tile: Tile, part: Cut) -> None:
    """The tasks, handed to the pool of threads."""
    f, size = frame.f, WIDTHS[stmt.dtype] // 8
    (batch, m, k), n = stmt.a.shape, stmt.b.shape[2]
    down, across = -(-m // part.rows), -(-n // part.columns)
    rest = min(n - tile.width, 0) + tile.lanes[-1]
    a, b, c = (pointer(frame, o, "0", stmt.dtype) for o in (stmt.a, stmt.b, stmt.out))
    numbers = [m, n, k, rest, *part, down, across]
    values = [
        *map(str, numbers),
        *[a, *[str(s * size) for s in stmt.a.strides]],
        *[b, *[str(s * size) for s in stmt.b.strides[:2]]],
        *[c, *[str(s * size) for s in stmt.out.strides[:2]]],
    ]
    table = f.alloca("i64", len(FIELDS))
    for at, ((type_, _), value) in enumerate(zip(FIELDS, values, strict=True)):
        f.effect(f"store {type_} {value}, ptr {f.gep('i64', table, at)}")
    name = _tasks(f.module, stmt.dtype, tile, gemm.gathers(stmt, tile, part.rows))
    parallel.share(f, name, table, batch * down * across, 1)


def _tasks(module: Module, dtype: str, tile: Tile, gathers: bool) -> str:
    """The function that does tasks `begin` to `end` of a table's product."""
    kernel, size = gemm.panel(module, dtype, tile), WIDTHS[dtype] // 8
    name = kernel.replace("panel", "gathering" if gathers else "tasks")
    if module.has(name):
        return name
    params = [("ptr", "table"), ("i64", "begin"), ("i64", "end")]
    f = Function(module, name, params, linkage="internal", attributes="noinline nounwind")
    at = {
        field: f.line(f"load {type_}, ptr {f.gep('i64', '%table', k)}")
        for k, (type_, field) in enumerate(FIELDS)
    }
    each = f.line(f"mul i64 {at['down']}, {at['across']}")
    room = f.alloca(ir_type(dtype), gemm.MOST_COPY // size) if gathers else ""
    with f.loop("%begin", "%end") as t:
        z, rest = (f.line(f"{op} i64 {t}, {each}") for op in ("sdiv", "srem"))
        down, across = (f.line(f"{op} i64 {rest}, {at['across']}") for op in ("sdiv", "srem"))
        _task(f, at, tile, dtype, room, (z, down, across))
    f.ret()
    module.add(f)
    return name


def _task(
    f: Function, at: dict[str, str], tile: Tile, dtype: str, room: str, place: tuple[str, str, str]
) -> None:
    """Rows from `down` on, panel after panel from `across` on; the last ones overlap others."""
    z, down, across = place
    kernel, size = gemm.panel(f.module, dtype, tile), WIDTHS[dtype] // 8

    def moved(base: str, *steps: tuple[str, str]) -> str:
        for count, stride in steps:
            base = f.gep("i8", base, f.line(f"mul i64 {count}, {stride}"))
        return base

    top = f.line(f"mul i64 {down}, {at['rows']}")
    top = gemm.at_most(f, top, f.line(f"sub i64 {at['m']}, {at['rows']}"))
    left = f.line(f"mul i64 {across}, {at['columns']}")
    right = gemm.at_most(f, f.line(f"add i64 {left}, {at['columns']}"), at["n"])
    end = f.line(f"sub i64 {at['n']}, {tile.width}")
    a = moved(at["a"], (z, at["az"]), (top, at["am"]))
    b = moved(at["b"], (z, at["bz"]))
    c = moved(at["c"], (z, at["cz"]), (top, at["cm"]))
    with f.loop(left, right, tile.width) as j:
        # A panel wider than the matrix starts at its left edge.
        start = f.line(f"call i64 @llvm.smax.i64(i64 {gemm.at_most(f, j, end)}, i64 0)")
        column = f.line(f"mul i64 {start}, {size}")
        right = f.gep("i8", b, column), at["bk"]
        if room:
            right = gemm.gather(f, dtype, tile, at["k"], *right, room)
        f.call(
            "void", kernel,
            *[("i64", at[name]) for name in ("rows", "k", "rest")],
            *[("ptr", a), ("i64", at["am"]), ("i64", at["ak"])],
            *[("ptr", right[0]), ("i64", right[1])],
            *[("ptr", f.gep("i8", c, column)), ("i64", at["cm"])],
        )  # fmt: skip
