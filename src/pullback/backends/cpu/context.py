"""The kinds of dtypes, and what a rule of `scalar` or `convert` writes with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import elementary
from .text import WIDTHS, Function, constant, ir_type, mangle, vector

SIGNED = frozenset({"int8", "int16", "int32", "int64"})
UNSIGNED = frozenset({"uint8", "uint16", "uint32", "uint64"})
INTEGERS = SIGNED | UNSIGNED
HALVES = frozenset({"float16", "bfloat16"})
FLOATS = HALVES | {"float32", "float64"}
# Exponent and mantissa bits.
FORMATS = {"float16": (5, 10), "bfloat16": (8, 7), "float32": (8, 23), "float64": (11, 52)}


@dataclass(frozen=True)
class Context:
    """What a rule knows beside its operands: where to write and the types."""

    f: Function
    in_dtypes: Sequence[str]
    out_dtype: str
    lanes: int
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dtype(self) -> str:
        """The type of the operands (of the first, where they differ)."""
        return self.in_dtypes[0]

    @property
    def type(self) -> str:
        return ir_type(self.dtype, self.lanes)

    @property
    def mask(self) -> str:
        return vector("i1", self.lanes)

    @property
    def bits(self) -> int:
        return 1 if self.dtype == "bool" else WIDTHS[self.dtype]

    def c(self, value: Any) -> str:
        return constant(self.dtype, value, self.lanes)

    def op(self, name: str, *args: str) -> str:
        return self.f.line(f"{name} {self.type} {', '.join(args)}")

    def call(self, name: str, *args: str) -> str:
        """An intrinsic on the operands' type."""
        scalar = ir_type(self.dtype)
        return self.f.intrinsic(f"{name}.{mangle(scalar, self.lanes)}", self.type, *args)

    def select(self, condition: str, a: str, b: str) -> str:
        return self.f.line(f"select {self.mask} {condition}, {self.type} {a}, {self.type} {b}")

    def elementary(self, name: str, *args: str) -> str:
        return elementary.call(self.f, name, self.dtype, self.lanes, *args)
