"""LLVM IR as text: functions are lists of lines, values are operand strings, a module joins them.

Types are named by numpy-style dtypes and a number of lanes; one lane is a scalar. A boolean is
`i1` as a value and one byte in memory. A bfloat16 is its bits: LLVM's own type needs functions of a
compiler's runtime where the processor does not know these numbers. `%1, %2, ...` number the values
in the order of their lines.
"""

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

SCALAR_TYPES = {
    "bool": "i1",
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "uint8": "i8", "uint16": "i16", "uint32": "i32", "uint64": "i64",
    "float16": "half", "bfloat16": "i16", "float32": "float", "float64": "double",
    # Only moved: a complex128.
    "int128": "i128",
}  # fmt: skip
WIDTHS = {
    "bool": 8,
    "int8": 8, "int16": 16, "int32": 32, "int64": 64,
    "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64,
    "float16": 16, "bfloat16": 16, "float32": 32, "float64": 64, "int128": 128,
}  # fmt: skip
# Instructions that give the same wherever they stand.
_PURE = frozenset(
    "add sub mul udiv urem sdiv srem and or xor shl lshr ashr icmp getelementptr trunc zext sext"
    " insertelement shufflevector select bitcast".split()
)
_SUFFIXES = {"half": "f16", "float": "f32", "double": "f64"}


def vector(scalar: str, lanes: int) -> str:
    """The type of `lanes` values of an LLVM scalar type."""
    return scalar if lanes == 1 else f"<{lanes} x {scalar}>"


def ir_type(dtype: str, lanes: int = 1) -> str:
    """The type of a value: `ir_type("float32", 8)` is `<8 x float>`."""
    return vector(SCALAR_TYPES[dtype], lanes)


def memory_type(dtype: str, lanes: int = 1) -> str:
    """The type in memory: as `ir_type`, but a boolean is a byte."""
    return vector("i8" if dtype == "bool" else SCALAR_TYPES[dtype], lanes)


def alignment(dtype: str) -> int:
    """The bytes to which elements are aligned in memory: an opaque one as its parts."""
    return 4 if dtype == "int128" else WIDTHS[dtype] // 8


def mangle(scalar: str, lanes: int) -> str:
    """The suffix by which intrinsics name a type: `v8f32`, `i32`."""
    suffix = _SUFFIXES.get(scalar, scalar)
    return suffix if lanes == 1 else f"v{lanes}{suffix}"


def scalar_constant(dtype: str, value: Any) -> str:
    """The text of one constant; floats by their bits, so that every value and NaN is exact."""
    if dtype == "bool":
        return "true" if value else "false"
    if dtype == "float32":
        value = _rounded(float(value))
    if dtype in ("float32", "float64"):
        return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"
    if dtype == "float16":
        return f"0xH{int(np.asarray(value, np.float16).view(np.uint16)):04X}"
    if dtype == "bfloat16":
        return str(bfloat16_bits(float(value)))
    return str(int(value))


def _rounded(value: float) -> float:
    """The float32 nearest to value."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def bfloat16_bits(value: float) -> int:
    """The upper half of the float32 nearest to value, rounded to even."""
    with np.errstate(over="ignore"):
        bits = int(np.asarray(value, np.float32).view(np.uint32))
    if value != value:
        return (bits >> 16) | 0x40
    return (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16


def constant(dtype: str, value: Any, lanes: int = 1) -> str:
    """An operand that holds `value` in every lane."""
    text = scalar_constant(dtype, value)
    return text if lanes == 1 else f"splat ({SCALAR_TYPES[dtype]} {text})"


class Module:
    """The definitions of one compilation, each under a key, in the order they were asked for.

    Functions of the library are compiled already; `library` has their declarations by name.
    """

    def __init__(self, library: Mapping[str, str] | None = None):
        self.library = library or {}
        self.pieces: dict[str, str] = {}

    def has(self, name: str) -> bool:
        """Whether a function may be called: it is defined here, or the library has it."""
        declaration = self.library.get(name)
        if declaration is not None:
            self.require(name, declaration)
        return name in self.pieces

    def require(self, key: str, text: str) -> None:
        """Add a definition, declaration or constant, unless the key is there."""
        self.pieces.setdefault(key, text)

    def declare(self, name: str, result: str, *params: str) -> None:
        """Declare a function that is defined elsewhere."""
        self.require(name, f"declare {result} @{name}({', '.join(params)})")

    def include(self, other: "Module") -> None:
        """Add all that another module defines and needs."""
        for key, text in other.pieces.items():
            self.require(key, text)

    def unlikely(self) -> str:
        """The suffix of a branch whose first target is hardly ever taken."""
        self.require("!pb.unlikely", '!9000 = !{!"branch_weights", i32 1, i32 4096}')
        return ", !prof !9000"

    def add(self, function: "Function") -> None:
        assert function.name not in self.pieces, function.name
        self.pieces[function.name] = function.render()

    def lines(self) -> int:
        """About how long the text is."""
        return sum([text.count("\n") + 1 for text in self.pieces.values()])

    def render(self) -> str:
        return "\n".join(self.pieces.values()) + "\n"


class Loop:
    """A counted loop being written: counter, carried values, their next values, results."""

    __slots__ = ("carry", "index", "next", "results")

    def __init__(self, index: str, carry: list[str]):
        self.index = index
        self.carry = carry
        self.next = carry
        self.results: list[str] = []


class Function:
    """One function being written, a line at a time, at the end of the current block.

    `values` has what is computed already on each way here: index arithmetic repeats itself.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        params: Sequence[tuple[str, str]] = (),
        result: str = "void",
        attributes: str = "",
        linkage: str = "",
    ):
        self.module = module
        self.name = name
        self.header = (
            f"define {linkage} {result} @{name}"
            f"({', '.join(f'{t} %{n}' for t, n in params)}) {attributes}"
        )
        self.block = "entry"
        self.allocas: list[str] = []
        self.lines: list[str] = []
        self.values: dict[str, str] = {}
        self.count = 0
        self.labels = 0

    def render(self) -> str:
        return "\n".join([self.header + " {", "entry:", *self.allocas, *self.lines, "}"])

    # Lines

    def line(self, rhs: str) -> str:
        """Append `%n = rhs` and return `%n`, or the value that is equal."""
        if rhs.partition(" ")[0] not in _PURE:
            return self._append(rhs)
        found = self.values.get(rhs)
        if found is None:
            found = self.values[rhs] = self._append(rhs)
        return found

    def _append(self, rhs: str) -> str:
        self.count += 1
        name = f"%{self.count}"
        self.lines.append(f"  {name} = {rhs}")
        return name

    def effect(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append("  " + text)

    def call(self, result: str, callee: str, *args: tuple[str, str]) -> str:
        """Call `@callee`; arguments are pairs of type and operand. Void calls return ''."""
        text = f"call {result} @{callee}({', '.join(f'{t} {a}' for t, a in args)})"
        if result != "void":
            return self.line(text)
        self.effect(text)
        return ""

    def intrinsic(self, name: str, type_: str, *args: str) -> str:
        """Call `@llvm.<name>` whose result and arguments are all of one type."""
        operands = ", ".join(f"{type_} {a}" for a in args)
        return self.line(f"call {type_} @llvm.{name}({operands})")

    def any_lane(self, mask: str, lanes: int) -> str:
        """Whether any lane of a vector of booleans holds."""
        bits = self.line(f"bitcast <{lanes} x i1> {mask} to i{lanes}")
        return self.line(f"icmp ne i{lanes} {bits}, 0")

    def ret(self, type_: str = "void", value: str = "") -> None:
        self.effect(f"ret {type_} {value}".rstrip())

    def alloca(self, type_: str, count: int = 1, align: int = 64) -> str:
        """Stack memory of the whole call, reserved in the entry block."""
        name = f"%s{len(self.allocas)}"
        self.allocas.append(f"  {name} = alloca [{count} x {type_}], align {align}")
        return name

    # Memory

    def gep(self, type_: str, pointer: str, index: str | int) -> str:
        """The address of element `index` of an array of `type_`."""
        return self.line(f"getelementptr inbounds {type_}, ptr {pointer}, i64 {index}")

    def load(self, dtype: str, pointer: str, lanes: int = 1, align: int = 0, meta: str = "") -> str:
        """Load; `align` in bytes, by default that of one element."""
        align = align or alignment(dtype)
        type_ = memory_type(dtype, lanes)
        value = self.line(f"load {type_}, ptr {pointer}, align {align}{meta}")
        if dtype != "bool":
            return value
        return self.line(f"icmp ne {type_} {value}, {'0' if lanes == 1 else 'zeroinitializer'}")

    def store(
        self, dtype: str, value: str, pointer: str, lanes: int = 1, align: int = 0, meta: str = ""
    ) -> None:
        """Store; `align` in bytes, by default that of one element."""
        align = align or alignment(dtype)
        type_ = memory_type(dtype, lanes)
        if dtype == "bool":
            value = self.line(f"zext {ir_type(dtype, lanes)} {value} to {type_}")
        self.effect(f"store {type_} {value}, ptr {pointer}, align {align}{meta}")

    # Blocks

    def label(self, hint: str = "b") -> str:
        """A new block name, not yet placed."""
        self.labels += 1
        return f"{hint}{self.labels}"

    def place(self, block: str, values: Mapping[str, str] | None = None) -> None:
        """Begin a block; the one before must have ended in a jump.

        values: what is computed whichever way leads to the block.
        """
        self.lines.append(f"{block}:")
        self.block = block
        self.values = dict(values or {})

    def jump(self, block: str) -> None:
        self.effect(f"br label %{block}")

    def branch(self, condition: str, then: str, otherwise: str, meta: str = "") -> None:
        self.effect(f"br i1 {condition}, label %{then}, label %{otherwise}{meta}")

    def phi(self, type_: str, sources: Sequence[tuple[str, str]]) -> str:
        """The value of whichever block came before; sources are pairs of value and block."""
        return self.line(f"phi {type_} " + ", ".join(f"[ {v}, %{b} ]" for v, b in sources))

    def check(self, status: str) -> None:
        """Return a status, as the runtime's functions give it, at once if it is not 0."""
        failed, fine = self.label("failed"), self.label("fine")
        test = self.line(f"icmp ne i32 {status}, 0")
        self.branch(test, failed, fine, self.module.unlikely())
        values = self.values
        self.place(failed)
        self.ret("i32", status)
        self.place(fine, values)

    @contextmanager
    def if_(self, condition: str, meta: str = "") -> Iterator[None]:
        """What is written inside runs when the condition holds."""
        then, end = self.label("then"), self.label("end")
        self.branch(condition, then, end, meta)
        values = self.values
        self.place(then, values)
        yield
        self.jump(end)
        self.place(end, values)

    @contextmanager
    def if_else(
        self, condition: str
    ) -> Iterator[tuple[AbstractContextManager[None], AbstractContextManager[None]]]:
        """`with f.if_else(c) as (then, otherwise):`, in it `with then:` and `with otherwise:`."""
        first, second, end = self.label("then"), self.label("else"), self.label("end")
        self.branch(condition, first, second)
        values = self.values
        yield self._arm(first, end, values), self._arm(second, end, values)
        self.place(end, values)

    @contextmanager
    def _arm(self, block: str, end: str, values: Mapping[str, str]) -> Iterator[None]:
        self.place(block, values)
        yield
        self.jump(end)

    @contextmanager
    def loop(self, begin: str | int, end: str | int, step: int = 1) -> Iterator[str]:
        """for i in range(begin, end, step): yields the i64 counter."""
        with self.carried_loop(begin, end, step, ()) as loop:
            yield loop.index

    @contextmanager
    def carried_loop(
        self,
        begin: str | int,
        end: str | int,
        step: int,
        carry: Sequence[tuple[str, str]],
        meta: str = "",
        runs: bool = False,
    ) -> Iterator[Loop]:
        """A loop with carried values, given as pairs of type and first value.

        Inside, read `loop.carry` and set `loop.next`; after it, read `loop.results`. The test
        stands at the bottom, behind a guard when it is not known, or said by `runs`, that the loop
        runs.
        """
        assert step > 0
        body, after = self.label("loop"), self.label("done")
        before = self.block
        runs = runs or (isinstance(begin, int) and isinstance(end, int) and begin < end)
        if runs:
            self.jump(body)
        else:
            self.branch(self.line(f"icmp slt i64 {begin}, {end}"), body, after)
        values = self.values
        self.place(body, values)
        at = len(self.lines)
        phis = [self.line("") for _ in range(len(carry) + 1)]
        loop = Loop(phis[0], phis[1:])
        yield loop
        following = self.line(f"add nsw i64 {loop.index}, {step}")
        again = self.line(f"icmp slt i64 {following}, {end}")
        latch = self.block
        self.branch(again, body, after, meta)
        entries = [("i64", str(begin)), *carry]
        for k, (phi, (type_, first), last) in enumerate(
            zip(phis, entries, [following, *loop.next], strict=True)
        ):
            self.lines[at + k] = (
                f"  {phi} = phi {type_} [ {first}, %{before} ], [ {last}, %{latch} ]"
            )
        self.place(after, values)
        ends = [[(last, latch)] for last in loop.next]
        if not runs:
            ends = [[(v, before), *e] for (_, v), e in zip(carry, ends, strict=True)]
        loop.results = [self.phi(t, e) for (t, _), e in zip(carry, ends, strict=True)]
