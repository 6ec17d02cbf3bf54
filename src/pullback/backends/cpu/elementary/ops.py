"""Arithmetic on lanes of one floating type: the language of the elementary functions.

Operands are operand strings or Python numbers, which become constants of the type at hand.
"""

from collections.abc import Sequence

import numpy as np

from ..text import Function, constant, mangle, vector

Operand = str | float

_FLOAT = {"float32": ("float", "i32", np.uint32), "float64": ("double", "i64", np.uint64)}

# Coefficients of a polynomial from which on two chains are faster than one.
TOGETHER = 6


class Ops:
    """Floating point and bit operations on `lanes` values of `dtype` (float32 or float64)."""

    def __init__(self, f: Function, dtype: str, lanes: int):
        scalar, bits, unsigned = _FLOAT[dtype]
        self.f, self.dtype, self.lanes = f, dtype, lanes
        self.type, self.itype, self.mask = (vector(s, lanes) for s in (scalar, bits, "i1"))
        self.suffix = mangle(scalar, lanes)
        self.isuffix = mangle(bits, lanes)
        self.info = np.finfo(dtype)
        self.mantissa = self.info.nmant
        self.bias = 1 - self.info.minexp
        self.unsigned = unsigned

    def widened(self) -> "Ops":
        """The same lanes in float64."""
        return Ops(self.f, "float64", self.lanes)

    # Constants

    def c(self, x: Operand) -> str:
        return x if type(x) is str else constant(self.dtype, x, self.lanes)

    def ci(self, i: str | int) -> str:
        """An integer constant as wide as the floating type."""
        if type(i) is str:
            return i
        return str(i) if self.lanes == 1 else f"splat ({self.itype.split()[-1][:-1]} {i})"

    def bits_of(self, x: float) -> int:
        """The bit pattern of a constant."""
        return int(np.asarray(x, self.dtype).view(self.unsigned))

    # Floating point

    def _binary(self, op: str, a: Operand, b: Operand) -> str:
        return self.f.line(f"{op} {self.type} {self.c(a)}, {self.c(b)}")

    def add(self, a: Operand, b: Operand) -> str:
        return self._binary("fadd", a, b)

    def sub(self, a: Operand, b: Operand) -> str:
        return self._binary("fsub", a, b)

    def mul(self, a: Operand, b: Operand) -> str:
        return self._binary("fmul", a, b)

    def div(self, a: Operand, b: Operand) -> str:
        return self._binary("fdiv", a, b)

    def neg(self, a: str) -> str:
        return self.f.line(f"fneg {self.type} {a}")

    def call(self, name: str, *args: Operand) -> str:
        """An intrinsic of LLVM on this type."""
        return self.f.intrinsic(f"{name}.{self.suffix}", self.type, *(self.c(a) for a in args))

    def fma(self, a: Operand, b: Operand, c: Operand) -> str:
        """a b + c, rounded once."""
        return self.call("fma", a, b, c)

    def fnma(self, a: str, b: Operand, c: Operand) -> str:
        """c - a b, rounded once."""
        return self.fma(self.neg(a), b, c)

    def abs(self, a: str) -> str:
        return self.call("fabs", a)

    def sqrt(self, a: str) -> str:
        return self.call("sqrt", a)

    def copysign(self, magnitude: Operand, sign: str) -> str:
        return self.call("copysign", magnitude, sign)

    def horner(self, z: str, coefficients: Sequence[str]) -> str:
        """c0 + c1 z + c2 z^2 + ..., coefficients given as hexadecimal floats; of many, even and odd
        powers side by side, since each step waits for the one before."""
        if len(coefficients) < TOGETHER:
            return self._steps(z, coefficients)
        square = self.mul(z, z)
        even, odd = (self._steps(square, coefficients[k::2]) for k in (0, 1))
        return self.fma(odd, z, even)

    def _steps(self, z: str, coefficients: Sequence[str]) -> str:
        *rest, p = (float.fromhex(c) for c in coefficients)
        p = self.c(p)
        for c in reversed(rest):
            p = self.fma(p, z, c)
        return p

    def two_sum(self, a: Operand, b: Operand) -> tuple[str, str]:
        """The rounded sum and its error, exact when |a| >= |b|."""
        s = self.add(a, b)
        return s, self.sub(b, self.sub(s, a))

    # Comparison and choice

    def compare(self, predicate: str, a: Operand, b: Operand) -> str:
        return self.f.line(f"fcmp {predicate} {self.type} {self.c(a)}, {self.c(b)}")

    def lt(self, a: Operand, b: Operand) -> str:
        return self.compare("olt", a, b)

    def gt(self, a: Operand, b: Operand) -> str:
        return self.compare("ogt", a, b)

    def eq(self, a: Operand, b: Operand) -> str:
        return self.compare("oeq", a, b)

    def either(self, a: str, b: str) -> str:
        return self.f.line(f"or {self.mask} {a}, {b}")

    def both(self, a: str, b: str) -> str:
        return self.f.line(f"and {self.mask} {a}, {b}")

    def select(self, condition: str, a: Operand, b: Operand) -> str:
        return self.f.line(
            f"select {self.mask} {condition}, {self.type} {self.c(a)}, {self.type} {self.c(b)}"
        )

    def iselect(self, condition: str, a: str | int, b: str | int) -> str:
        return self.f.line(
            f"select {self.mask} {condition}, {self.itype} {self.ci(a)}, {self.itype} {self.ci(b)}"
        )

    def at_most(self, a: str, limit: float) -> str:
        """min(a, limit); NaN stays."""
        return self.select(self.gt(a, limit), limit, a)

    def at_least(self, a: str, limit: float) -> str:
        """max(a, limit); NaN stays."""
        return self.select(self.lt(a, limit), limit, a)

    # Bits

    def bits(self, x: str) -> str:
        return self.f.line(f"bitcast {self.type} {x} to {self.itype}")

    def from_bits(self, i: str) -> str:
        return self.f.line(f"bitcast {self.itype} {i} to {self.type}")

    def integer(self, op: str, a: str | int, b: str | int) -> str:
        """An integer instruction: add, sub, mul, shl, lshr, ashr, and, or, xor."""
        return self.f.line(f"{op} {self.itype} {self.ci(a)}, {self.ci(b)}")

    def icompare(self, predicate: str, a: str | int, b: str | int) -> str:
        return self.f.line(f"icmp {predicate} {self.itype} {self.ci(a)}, {self.ci(b)}")

    def to_float(self, i: str) -> str:
        return self.f.line(f"sitofp {self.itype} {i} to {self.type}")

    def power_of_two(self, k: str) -> str:
        """2^k for an integer k whose power is a normal number."""
        biased = self.integer("add", k, self.bias)
        return self.from_bits(self.integer("shl", biased, self.mantissa))

    # Rounding to integers by the addition of 1.5 2^mantissa

    @property
    def shifter(self) -> float:
        return 1.5 * 2.0**self.mantissa

    def nearest(self, x: Operand, scale: float, offset: Operand | None = None) -> tuple[str, str]:
        """n = round(x scale [+ offset]) as a float, and bits whose low end is the integer n."""
        if offset is not None:
            x, scale = self.fma(x, scale, offset), 1.0
            shifted = self.add(x, self.shifter)
        else:
            shifted = self.fma(x, scale, self.shifter)
        return self.sub(shifted, self.shifter), self.bits(shifted)

    def convert(self, x: str, other: "Ops") -> str:
        """Lanes of `other` as lanes of this type."""
        if other.type == self.type:
            return x
        op = "fpext" if self.mantissa > other.mantissa else "fptrunc"
        return self.f.line(f"{op} {other.type} {x} to {self.type}")
