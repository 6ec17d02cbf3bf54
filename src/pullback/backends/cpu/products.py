"""Products of matrices: equal ones, whatever their buffers, share one function."""

from collections import Counter
from typing import Any

from . import contraction, gemm, loops, panels
from .emit_value import Emitter, Frame
from .index import ZERO
from .loops import Block, Contraction, Gemm, Operand
from .text import Function

Product = Gemm | Contraction
PARAMS = "a", "b", "out"


class Products:
    """Writes the products of one program."""

    def __init__(self, body: Block, vector_bytes: int) -> None:
        self.vector_bytes = vector_bytes
        # By what they have in common: the function, and whether it may fail.
        self.functions: dict[Any, tuple[str, bool]] = {}
        found = [s for s in loops.statements(body) if isinstance(s, (Gemm, Contraction))]
        self.counts = Counter([_key(s) for s in found])

    def write(self, frame: Frame, stmt: Product) -> None:
        """A product: where it stands, or as a call of the function of all that are equal."""
        key = _key(stmt)
        if self.counts[key] > 1:
            self.call(frame, stmt, key)
        else:
            self.here(frame, stmt)
        frame.forget([stmt.out.buffer])

    def here(self, frame: Frame, stmt: Product) -> None:
        """A product: packed, shared by threads, or computed on the spot."""
        if isinstance(stmt, Contraction):
            contraction.emit(frame, stmt, self.vector_bytes)
            return
        tile, part = self.plan(stmt)
        if tile is None:
            contraction.emit(frame, contraction.of_matrices(stmt), self.vector_bytes)
        elif part is not None:
            panels.emit(frame, stmt, tile, part)
        else:
            gemm.emit(frame, stmt, tile)

    def plan(self, stmt: Gemm) -> tuple[gemm.Tile | None, panels.Cut | None]:
        """The tile of a product that is not packed, and the part of it that a task computes."""
        tile = gemm.choose(stmt, self.vector_bytes)
        return tile, None if tile is None else panels.cut(stmt, tile)

    def asks(self, stmt: Product) -> bool:
        """Whether a product is work for the runtime, which may fail."""
        if isinstance(stmt, Contraction):
            return True
        tile, part = self.plan(stmt)
        return tile is None or part is not None

    def call(self, frame: Frame, stmt: Product, key: Any) -> None:
        """A call of the function of products that are equal to this one."""
        if key not in self.functions:
            self.functions[key] = self.function(frame, stmt), self.asks(stmt)
        name, asks = self.functions[key]
        em = Emitter(frame)
        operands = stmt.a, stmt.b, stmt.out
        places = [em.address(o.buffer, em.index(o.offset), stmt.dtype) for o in operands]
        f, args = frame.f, [("ptr", p) for p in places]
        if asks:
            f.check(f.call("i32", name, *args))
        else:
            f.call("void", name, *args)

    def function(self, frame: Frame, stmt: Product) -> str:
        """The function of products that are equal to this one."""
        name = f"product{len(self.functions)}"
        result = ("i32", "0") if self.asks(stmt) else ("void",)
        params = [("ptr", p) for p in PARAMS]
        f = Function(frame.f.module, name, params, result[0], linkage="internal")
        operands = zip(PARAMS, (stmt.a, stmt.b, stmt.out), strict=True)
        a, b, out = [Operand(p, ZERO, o.shape, o.strides) for p, o in operands]
        moved = Gemm(stmt.dtype, a, b, out)
        if isinstance(stmt, Contraction):
            moved = Contraction(stmt.dtype, a, b, out, stmt.counts)
        self.here(Frame(f, {p: f"%{p}" for p in PARAMS}), moved)
        f.ret(*result)
        f.module.add(f)
        return name


def _key(stmt: Product) -> Any:
    """What products have in common that differ in their buffers alone."""
    counts = stmt.counts if isinstance(stmt, Contraction) else ()
    return stmt.dtype, counts, *[(o.shape, o.strides) for o in (stmt.a, stmt.b, stmt.out)]
