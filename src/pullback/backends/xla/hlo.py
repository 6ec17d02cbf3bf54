"""The text of StableHLO: types, constants, attributes, operations and functions. Knows no rule."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from functools import cache
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...core.aval import Shape, ShapedArray
from ...dtypes import DType


def _element_names() -> dict[DType, str]:
    floats = {
        dtypes.BFLOAT16: "bf16",
        **{np.dtype(f"float{n}"): f"f{n}" for n in (16, 32, 64)},
        **{d: "f" + d.name.removeprefix("float").replace("_", "").upper() for d in dtypes.FLOAT8},
    }
    signed = {d: d.name.replace("int", "i") for d in dtypes.SIGNED}
    unsigned = {d: d.name.replace("uint", "ui") for d in dtypes.UNSIGNED}
    complexes = {dtypes.complex64: "complex<f32>", dtypes.complex128: "complex<f64>"}
    return {dtypes.bool_: "i1", **signed, **unsigned, **floats, **complexes}


# A dtype's name in MLIR: f32, bf16, f8E4M3FN, i4, ui8, i1, complex<f32>.
ELEMENTS = _element_names()


class Tensor(NamedTuple):
    """The type of a value in XLA."""

    shape: Shape
    dtype: DType

    def __str__(self) -> str:
        return tensor_text(self.shape, self.dtype)


@cache
def tensor_text(shape: Shape, dtype: DType) -> str:
    """A tensor type: tensor<2x3xf32>."""
    return f"tensor<{''.join(f'{n}x' for n in shape)}{ELEMENTS[dtype]}>"


def tensor(aval: ShapedArray) -> Tensor:
    """How values of a type are held: keys as words, tangents of integers as booleans."""
    if aval.dtype in dtypes.KEY_DTYPES:
        return Tensor((*aval.shape, aval.dtype.itemsize // 4), dtypes.uint32)
    if aval.dtype == dtypes.float0:
        return Tensor(aval.shape, dtypes.bool_)
    return Tensor(aval.shape, aval.dtype)


def held_as(x: np.ndarray) -> np.ndarray:
    """An array as XLA holds it."""
    if x.dtype in dtypes.KEY_DTYPES:
        return np.ascontiguousarray(x).reshape(*x.shape, 1).view(np.uint32)
    return np.zeros(x.shape, bool) if x.dtype == dtypes.float0 else x


class Value(NamedTuple):
    """A value in the text: its name and type."""

    name: str
    type: Tensor

    @property
    def shape(self) -> Shape:
        """The sizes of the axes."""
        return self.type.shape

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.type.shape)


# Attributes


def ints(numbers: Iterable[int]) -> str:
    """A list of 64-bit integers as an attribute."""
    items = ", ".join(map(str, numbers))
    return f"array<i64: {items}>" if items else "array<i64>"


def bools(values: Iterable[bool]) -> str:
    """A list of truth values as an attribute."""
    items = ", ".join(["true" if v else "false" for v in values])
    return f"array<i1: {items}>" if items else "array<i1>"


def int64(number: int) -> str:
    """A 64-bit integer as an attribute."""
    return f"{number} : i64"


def int32(number: int) -> str:
    """A 32-bit integer as an attribute."""
    return f"{number} : i32"


def matrix(rows: Sequence[Sequence[int]]) -> str:
    """Pairs of integers as an attribute."""
    if not rows:
        return "dense<> : tensor<0x2xi64>"
    items = ", ".join([f"[{', '.join(map(str, r))}]" for r in rows])
    return f"dense<[{items}]> : tensor<{len(rows)}x{len(rows[0])}xi64>"


def truth(value: bool) -> str:
    """A truth value as an attribute."""
    return "true" if value else "false"


# Constants


def element(value: Any, dtype: DType) -> str:
    """One element of a dense constant: decimal where that is exact, else its bits."""
    kind = dtypes.kind(dtype)
    if kind == "bool":
        return truth(bool(value))
    if kind in ("signed", "unsigned"):
        return str(int(value))
    if kind == "complex":
        part = dtypes.float32 if dtype == dtypes.complex64 else dtypes.float64
        number = complex(value)
        return f"({element(number.real, part)}, {element(number.imag, part)})"
    number = float(value)
    return _decimal(number) if isfinite(number) else _bits(value, dtype)


def _decimal(number: float) -> str:
    text = repr(number)
    return text if "." in text else text.replace("e", ".0e")


def _bits(value: Any, dtype: DType) -> str:
    data = np.asarray(value).astype(dtype).tobytes()
    return f"0x{int.from_bytes(data, 'little'):0{2 * len(data)}X}"


def nested(values: Any, dtype: DType) -> str:
    """The elements of an array as nested lists."""
    if values.ndim == 0:
        return element(values[()], dtype)
    return f"[{', '.join([nested(v, dtype) for v in values])}]"


def packed(values: np.ndarray) -> np.ndarray:
    """Elements in a dtype whose bytes can be written, to be converted back."""
    kind = dtypes.kind(values.dtype)
    narrow = values.dtype in (*dtypes.INT_SMALL, *dtypes.UINT_SMALL)
    if kind == "bool" or (narrow and kind == "unsigned"):
        return values.astype(np.uint8)
    return values.astype(np.int8) if narrow else values


def raw(values: np.ndarray) -> str:
    """The bytes of an array as a dense constant."""
    return f'"0x{np.ascontiguousarray(values).tobytes().hex().upper()}"'


# Operations


def types_text(types: Sequence[Tensor]) -> str:
    """Types in parentheses."""
    return f"({', '.join(map(str, types))})"


def marks_text(marks: Sequence[str]) -> str:
    """Attributes of an argument or result in braces, if there are any."""
    return f" {{{', '.join(marks)}}}" if marks else ""


def names_text(values: Sequence[Value]) -> str:
    """Names of values, parted by commas."""
    return ", ".join([v.name for v in values])


class Text:
    """The body of one function while it is written: lines, and names that are free."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0
        self.indent = "    "
        # Constants that were written in this block or one around it.
        self.known: dict[tuple[str, Tensor], Value] = {}
        # The element of each constant of equal elements, by its name.
        self.fills: dict[str, str] = {}

    def name(self) -> str:
        """A name that is not used in this function."""
        self.count += 1
        return f"%{self.count - 1}"

    def results(self, types: Sequence[Tensor]) -> tuple[str, list[Value]]:
        """The left side of an operation with results of these types, and the results."""
        if not types:
            return "", []
        name = self.name()
        if len(types) == 1:
            return f"{name} = ", [Value(name, types[0])]
        values = [Value(f"{name}#{k}", t) for k, t in enumerate(types)]
        return f"{name}:{len(types)} = ", values

    def line(self, text: str) -> None:
        """Append a line."""
        self.lines.append(self.indent + text)

    def same(self, op: str, args: Sequence[Value]) -> Value:
        """An operation whose result has the one type of its operands."""
        left, (out,) = self.results([args[0].type])
        self.line(f"{left}{op} {names_text(args)} : {args[0].type}")
        return out

    def generic(
        self,
        op: str,
        args: Sequence[Value],
        types: Sequence[Tensor],
        regions: Sequence[Sequence[str]],
        attributes: dict[str, str],
    ) -> list[Value]:
        """An operation in MLIR's generic form."""
        left, outs = self.results(types)
        listed = ", ".join([f"{k} = {v}" for k, v in attributes.items()])
        middle = f" {{{listed}}}" if listed else ""
        ends = f" : {types_text([a.type for a in args])} -> {types_text(types)}"
        head = f'{left}"{op}"({names_text(args)})'
        if not regions:
            self.line(head + middle + ends)
            return outs
        self.line(head + " ({")
        for k, region in enumerate(regions):
            if k:
                self.line("}, {")
            self.lines.extend(region)
        self.line("})" + middle + ends)
        return outs

    @contextmanager
    def block(self) -> Any:
        """Write a block of its own, whose lines are what the context gives."""
        lines, indent, known = self.lines, self.indent, self.known
        self.lines, self.indent, self.known = [], indent + "  ", dict(known)
        try:
            yield self.lines
        finally:
            self.lines, self.indent, self.known = lines, indent, known

    def region(self, types: Sequence[Tensor], body: Callable[..., Sequence[Value]]) -> list[str]:
        """The lines of a region: `body` maps the values of its arguments to its results."""
        with self.block() as lines:
            args = [Value(self.name(), t) for t in types]
            if args:
                listed = ", ".join([f"{a.name}: {a.type}" for a in args])
                lines.append(f"{self.indent[:-2]}^bb0({listed}):")
            outs = body(*args)
            ends = types_text([o.type for o in outs])
            self.line(f'"stablehlo.return"({names_text(outs)}) : {ends} -> ()')
        return lines
