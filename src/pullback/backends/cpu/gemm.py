"""Products of small matrices: a panel of columns, block of rows by block of rows in registers.

One function for each dtype and block serves all sizes and strides. Blocks at the lower edge and
panels at the right edge overlap their neighbours; a panel wider than the matrix is masked.
"""

from functools import cache
from typing import NamedTuple

from .emit_value import Emitter, Frame
from .loops import Gemm, Operand
from .text import WIDTHS, Function, Module, ir_type, mangle, vector

# Bytes: larger operands are packed (`contraction.py`), those of fewer multiplications never.
MOST_LEFT = 1 << 20
MOST_PANEL = 1 << 19
SMALL = 128 * 128 * 128
# A transposed right operand is copied to the stack, if it takes at most this many bytes and serves
# at least so many rows.
MOST_COPY = 1 << 16
COPY_SERVES = 8
# Panels of a right operand of more bytes are copied, so that their rows lie side by side, for at
# least so many rows of the left one.
FIRST_CACHE = 1 << 15
PANEL_SERVES = 48
ROWS = 8
COLUMNS = 4
# Blocks of more vectors are hardly faster, and their code takes longer to generate.
VECTORS = 12
SQUARE = 4
# The cycles of reading an operand, beside those of the load itself; how many times as many where a
# panel does not stay in the first cache.
READING = 0.05
BEYOND = 2
# The cycles of a store under a mask, on many processors whose vectors have 32 bytes.
MASKED_STORE = 12


class Tile(NamedTuple):
    """The rows of a block of the result, and the lanes of the vectors that a row consists of."""

    rows: int
    lanes: tuple[int, ...]

    @property
    def width(self) -> int:
        """The columns of a block."""
        return sum(self.lanes)


def choose(stmt: Gemm, vector_bytes: int) -> Tile | None:
    """The block of the least estimated time; None where the operands are packed."""
    (_, m, k), n = stmt.a.shape, stmt.b.shape[2]
    size = WIDTHS[stmt.dtype] // 8
    tile = _best(m, n, k, size, vector_bytes) if _readable(stmt, size) else None
    if tile is None or m * n * k <= SMALL:
        return tile
    # A panel is read for each block of rows, the left operand for each panel.
    panel_stays = k * tile.width * size <= MOST_PANEL or m <= tile.rows
    left_stays = m * k * size <= MOST_LEFT or n <= 2 * tile.width
    return tile if panel_stays and left_stays else None


@cache
def _best(m: int, n: int, k: int, size: int, vector_bytes: int) -> Tile | None:
    masked = MASKED_STORE if vector_bytes == 32 else 0

    def cycles(tile: Tile) -> float:
        return _cycles(tile, m, n, k, size) + (m * masked if n < tile.width else 0)

    return min(_tiles(m, n, size, vector_bytes), key=cycles, default=None)


def _tiles(m: int, n: int, size: int, vector_bytes: int) -> list[Tile]:
    """The blocks that fit into registers, and into m rows and n columns."""
    registers = 32 if vector_bytes == 64 else 16
    return [
        Tile(rows, lanes)
        for lanes in _vectors(n, vector_bytes // size, 16 // size, vector_bytes > 16)
        for rows in range(1, min(m, ROWS) + 1)
        if (rows + 1) * len(lanes) < registers and rows * len(lanes) <= VECTORS
    ]


def add_functions(module: Module, vector_bytes: int) -> None:
    """All functions that products of small matrices may call."""
    for dtype in ("float32", "float64"):
        transposed(module, dtype)
        size = WIDTHS[dtype] // 8
        for tile in _tiles(ROWS, COLUMNS * vector_bytes, size, vector_bytes):
            panel(module, dtype, tile)
            gathered(module, dtype, tile)


def gathers(stmt: Gemm, tile: Tile, rows: int) -> bool:
    """Whether each panel is copied for so many rows of the left operand: rows that are far apart
    fall into few sets of the first cache, and on many pages."""
    _, k, n = stmt.b.shape
    size = WIDTHS[stmt.dtype] // 8
    far = k * n * size > FIRST_CACHE and stmt.b.strides[1] * size > 2 * tile.width * size
    return far and rows >= PANEL_SERVES and n >= tile.width and k * tile.width * size <= MOST_COPY


def _readable(stmt: Gemm, size: int) -> bool:
    """Whether rows of the right operand are consecutive, or worth being made so."""
    _, k, n = stmt.b.shape
    if stmt.b.strides[2] == 1:
        return True
    worth = stmt.a.shape[1] >= COPY_SERVES and k * n * size <= MOST_COPY
    return worth and min(k, n) >= SQUARE


def _vectors(n: int, full: int, least: int, masked: bool) -> list[tuple[int, ...]]:
    """How a row of at most n columns may be cut into vectors, the last perhaps a shorter one.
    Under a mask, which panels of the narrowest vectors alone have not, the last one may reach
    beyond the columns."""
    narrow = least
    tails: list[tuple[int, ...]] = [()]
    while least < full:
        tails.append((least,))
        least *= 2
    cuts = [(full,) * count + tail for count in range(COLUMNS + 1) for tail in tails]

    def least_columns(cut: tuple[int, ...]) -> int:
        return sum(cut[:-1]) + (1 if masked and max(cut) > narrow else cut[-1])

    return [c for c in cuts if c and least_columns(c) <= n]


def _cycles(tile: Tile, m: int, n: int, k: int, size: int) -> float:
    """The estimated cycles of elements of so many bytes: multiplications, loads, decoding or
    latency, and the ends of each block."""
    rows, lanes = tile
    vectors = rows * len(lanes)
    blocks = -(-m // rows) * -(-n // tile.width)
    work = rows * sum([1.0 if v * size == 64 else 0.5 for v in lanes])
    loads = (rows + len(lanes)) / 2
    near = k * tile.width * size <= FIRST_CACHE
    reading = READING * (rows + len(lanes) * (1 if near else BEYOND))
    term = max(work, loads, (vectors + rows + len(lanes) + 4) / 5, 4.0) + reading
    return blocks * (k * term + vectors + 8)


def emit(frame: Frame, stmt: Gemm, tile: Tile) -> None:
    """The product of each pair of matrices of the batch."""
    batch = stmt.out.shape[0]
    if batch == 1:
        _product(frame, stmt, tile, "0")
        return
    with frame.f.loop(0, batch) as i:
        _product(frame, stmt, tile, i)


def _product(frame: Frame, stmt: Gemm, tile: Tile, i: str) -> None:
    f, size = frame.f, WIDTHS[stmt.dtype] // 8
    (_, m, k), n = stmt.a.shape, stmt.b.shape[2]
    a, b, c = (pointer(frame, o, i, stmt.dtype) for o in (stmt.a, stmt.b, stmt.out))
    lead = stmt.b.strides[1]
    if stmt.b.strides[2] != 1:
        b, lead = _rows(f, stmt, b), n
    width = tile.width
    rest = min(n - width, 0) + tile.lanes[-1]
    name = panel(f.module, stmt.dtype, tile)
    room = f.alloca(ir_type(stmt.dtype), k * width) if gathers(stmt, tile, m) else ""

    def columns(j: str) -> None:
        right = f.gep(ir_type(stmt.dtype), b, j), str(lead * size)
        if room:
            right = gather(f, stmt.dtype, tile, str(k), *right, room)
        f.call(
            "void",
            name,
            ("i64", str(m)), ("i64", str(k)), ("i64", str(rest)),
            ("ptr", a), *[("i64", str(s * size)) for s in stmt.a.strides[1:]],
            ("ptr", right[0]), ("i64", right[1]),
            ("ptr", f.gep(ir_type(stmt.dtype), c, j)), ("i64", str(stmt.out.strides[1] * size)),
        )  # fmt: skip

    if n <= width:
        columns("0")
        return
    with f.loop(0, n, width) as j:
        columns(at_most(f, j, str(n - width)))


def pointer(frame: Frame, o: Operand, i: str, dtype: str) -> str:
    """Matrix i of the batch."""
    em = Emitter(frame)
    base = em.address(o.buffer, em.index(o.offset), dtype)
    if i == "0" or o.strides[0] == 0:
        return base
    return em.f.gep(ir_type(dtype), base, em.f.line(f"mul i64 {i}, {o.strides[0]}"))


def at_most(f: Function, value: str, limit: str) -> str:
    return f.line(f"call i64 @llvm.smin.i64(i64 {value}, i64 {limit})")


# The product


def panel(module: Module, dtype: str, tile: Tile) -> str:
    """The function that computes a panel of columns of a product; strides are in bytes."""
    name = f"pb.panel.{dtype}.{tile.rows}x{'.'.join(map(str, tile.lanes))}"
    if module.has(name):
        return name
    params = [
        *[("i64", p) for p in ("m", "k", "rest")],
        *[("ptr", "a"), ("i64", "am"), ("i64", "ak")],
        *[("ptr", "b"), ("i64", "bk"), ("ptr", "c"), ("i64", "cm")],
    ]
    f = Function(module, name, params, linkage="internal", attributes="noinline nounwind")
    writer = _Panel(f, dtype, tile)
    last = f.line(f"sub i64 %m, {tile.rows}")
    with f.carried_loop(0, "%m", tile.rows, (), runs=True) as loop:
        writer.block(at_most(f, loop.index, last))
    f.ret()
    module.add(f)
    return name


class _Panel:
    """Writes the blocks of a panel."""

    def __init__(self, f: Function, dtype: str, tile: Tile) -> None:
        self.f, self.dtype, self.tile = f, dtype, tile
        self.size = WIDTHS[dtype] // 8
        self.am = [_unrelated(f, f.line(f"mul i64 %am, {r}")) for r in range(1, 5)]
        self.mask = ""
        last = tile.lanes[-1]
        if max(tile.lanes) * self.size > 16:
            steps = ", ".join(f"i32 {k}" for k in range(last))
            rest = splat(f, "i32", f.line("trunc i64 %rest to i32"), last)
            self.mask = f.line(f"icmp sgt {vector('i32', last)} {rest}, <{steps}>")
            self.whole = f.line(f"icmp sge i64 %rest, {last}")

    def block(self, i: str) -> None:
        """The rows from i on."""
        f, (rows, lanes) = self.f, self.tile
        types = [ir_type(self.dtype, n) for n in lanes]
        a = f.gep("i8", "%a", f.line(f"mul i64 {i}, %am"))
        carry = [("ptr", a), ("ptr", "%b"), *[(t, "zeroinitializer") for t in types] * rows]
        with f.carried_loop(0, "%k", 1, carry, runs=True) as loop:
            at_a, at_b, *sums = loop.carry
            right = [self.load(at_b, v) for v in range(len(lanes))]
            loop.next = [f.gep("i8", at_a, "%ak"), f.gep("i8", at_b, "%bk")]
            for r in range(rows):
                if r and r % 4 == 0:
                    at_a = f.gep("i8", at_a, self.am[3])
                place = f.gep("i8", at_a, self.am[r % 4 - 1]) if r % 4 else at_a
                loop.next += self.row(f.load(self.dtype, place), right, sums[r * len(lanes) :])
        c = f.gep("i8", "%c", f.line(f"mul i64 {i}, %cm"))
        for k, total in enumerate(loop.results[2:]):
            self.store(total, c, k % len(lanes))
            if (k + 1) % len(lanes) == 0:
                c = f.gep("i8", c, "%cm")

    def row(self, left: str, right: list[str], sums: list[str]) -> list[str]:
        """The sums of a row after one more term."""
        f, scalar = self.f, ir_type(self.dtype)
        wide = {n: splat(f, scalar, left, n) for n in dict.fromkeys(self.tile.lanes)}
        return [
            f.intrinsic(f"fma.{mangle(scalar, n)}", vector(scalar, n), wide[n], b, total)
            for n, b, total in zip(self.tile.lanes, right, sums, strict=False)
        ]

    def place(self, pointer: str, v: int) -> tuple[str, int]:
        """The address and the lanes of vector v of a row."""
        lanes = self.tile.lanes
        return self.f.gep("i8", pointer, sum(lanes[:v]) * self.size), lanes[v]

    def load(self, pointer: str, v: int) -> str:
        """Vector v of a row; what lies beyond the last column is not touched."""
        f, (at, lanes) = self.f, self.place(pointer, v)
        if not self.mask or v < len(self.tile.lanes) - 1:
            return f.load(self.dtype, at, lanes)
        scalar = ir_type(self.dtype)
        return f.line(
            f"call {vector(scalar, lanes)} @llvm.masked.load.{mangle(scalar, lanes)}.p0"
            f"(ptr align {self.size} {at}, {vector('i1', lanes)} {self.mask}, "
            f"{vector(scalar, lanes)} zeroinitializer)"
        )

    def store(self, value: str, pointer: str, v: int) -> None:
        """Vector v of a row of the result."""
        f, (at, lanes) = self.f, self.place(pointer, v)
        if not self.mask or v < len(self.tile.lanes) - 1:
            f.store(self.dtype, value, at, lanes)
            return
        scalar = ir_type(self.dtype)
        # Many processors take as long for one store under a mask as for ten others.
        with f.if_else(self.whole) as (then, otherwise):
            with then:
                f.store(self.dtype, value, at, lanes)
            with otherwise:
                f.effect(
                    f"call void @llvm.masked.store.{mangle(scalar, lanes)}.p0"
                    f"({vector(scalar, lanes)} {value}, ptr align {self.size} {at}, "
                    f"{vector('i1', lanes)} {self.mask})"
                )


def _unrelated(f: Function, value: str) -> str:
    """The same number, of which the compiler knows nothing: it would compute each row's address
    from the one before, and a block would wait for all of them."""
    place = f.alloca("i64", align=8)
    f.effect(f"store volatile i64 {value}, ptr {place}")
    return f.line(f"load volatile i64, ptr {place}")


def splat(f: Function, scalar: str, value: str, lanes: int) -> str:
    """A scalar in every lane."""
    type_ = vector(scalar, lanes)
    one = f.line(f"insertelement {type_} poison, {scalar} {value}, i64 0")
    zeros = f"<{lanes} x i32> zeroinitializer"
    return f.line(f"shufflevector {type_} {one}, {type_} poison, {zeros}")


# Right operands that are copied


def gather(
    f: Function, dtype: str, tile: Tile, k: str, b: str, bk: str, room: str
) -> tuple[str, str]:
    """A copy of a panel and the bytes from row to row of it."""
    name = gathered(f.module, dtype, tile)
    f.call("void", name, ("i64", k), ("ptr", b), ("i64", bk), ("ptr", room))
    return room, str(tile.width * WIDTHS[dtype] // 8)


def gathered(module: Module, dtype: str, tile: Tile) -> str:
    """The function that copies the k rows of a panel; strides of rows in bytes."""
    name = f"pb.gathered.{dtype}.{'.'.join(map(str, tile.lanes))}"
    if module.has(name):
        return name
    params = [("i64", "k"), ("ptr", "b"), ("i64", "bk"), ("ptr", "to")]
    f = Function(module, name, params, linkage="internal", attributes="noinline nounwind")
    scalar = ir_type(dtype)
    with f.carried_loop(0, "%k", 1, [("ptr", "%b"), ("ptr", "%to")]) as loop:
        at, to = loop.carry
        loop.next = [f.gep("i8", at, "%bk"), f.gep(scalar, to, tile.width)]
        for v, lanes in enumerate(tile.lanes):
            value = f.load(dtype, f.gep(scalar, at, sum(tile.lanes[:v])), lanes)
            f.store(dtype, value, f.gep(scalar, to, sum(tile.lanes[:v])), lanes)
    f.ret()
    module.add(f)
    return name


def _rows(f: Function, stmt: Gemm, b: str) -> str:
    """A copy of a transposed operand with consecutive rows, on the stack."""
    _, k, n = stmt.b.shape
    copy = f.alloca(ir_type(stmt.dtype), k * n)
    size = WIDTHS[stmt.dtype] // 8
    f.call(
        "void", transposed(f.module, stmt.dtype),
        ("i64", str(n)), ("i64", str(k)),
        ("ptr", b), ("i64", str(stmt.b.strides[2] * size)),
        ("ptr", copy), ("i64", str(n * size)),
    )  # fmt: skip
    return copy


def transposed(module: Module, dtype: str) -> str:
    """The function that transposes a matrix of m rows by squares; strides of rows in bytes."""
    name = f"pb.transposed.{dtype}"
    if module.has(name):
        return name
    params = [("i64", "m"), ("i64", "n"), ("ptr", "a"), ("i64", "am"), ("ptr", "c"), ("i64", "cm")]
    f = Function(module, name, params, linkage="internal", attributes="noinline nounwind")
    ends = [f.line(f"sub i64 %{p}, {SQUARE}") for p in "mn"]
    with f.carried_loop(0, "%m", SQUARE, (), runs=True) as down:
        i = at_most(f, down.index, ends[0])
        a = f.gep("i8", "%a", f.line(f"mul i64 {i}, %am"))
        c = f.gep(ir_type(dtype), "%c", i)
        with f.carried_loop(0, "%n", SQUARE, (), runs=True) as along:
            j = at_most(f, along.index, ends[1])
            to = f.gep("i8", c, f.line(f"mul i64 {j}, %cm"))
            _square(f, dtype, f.gep(ir_type(dtype), a, j), to)
    f.ret()
    module.add(f)
    return name


def _square(f: Function, dtype: str, a: str, c: str) -> None:
    """One square in registers: pairs of rows are interleaved, then pairs of those."""
    rows = []
    for _ in range(SQUARE):
        rows.append(f.load(dtype, a, SQUARE))
        a = f.gep("i8", a, "%am")
    type_ = ir_type(dtype, SQUARE)

    def mixed(x: str, y: str, order: tuple[int, ...]) -> str:
        lanes = ", ".join(f"i32 {k}" for k in order)
        return f.line(f"shufflevector {type_} {x}, {type_} {y}, <4 x i32> <{lanes}>")

    low, high = (0, 4, 1, 5), (2, 6, 3, 7)
    first, second = ([mixed(rows[k], rows[k + 2], o) for o in (low, high)] for k in (0, 1))
    for x, y in zip(first, second, strict=True):
        for order in (low, high):
            f.store(dtype, mixed(x, y, order), c, SQUARE)
            c = f.gep("i8", c, "%cm")
