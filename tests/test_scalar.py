"""The scalar level of the CPU compiler: every operation against JAX; text, loops and loading."""

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import ml_dtypes
import numpy as np
import pytest
from jax import lax
from kernels import TARGET, add_kernel, numpy_type, run

from pullback.backends.cpu import elementary, loader
from pullback.backends.cpu.context import FLOATS, SIGNED, UNSIGNED
from pullback.backends.cpu.scalar import RULES, lower
from pullback.backends.cpu.target import Target
from pullback.backends.cpu.text import (
    WIDTHS,
    Function,
    Module,
    bfloat16_bits,
    constant,
    scalar_constant,
)

F, S, U = (sorted(k) for k in (FLOATS, SIGNED, UNSIGNED))
INTS = S + U
ALL = [*F, *INTS, "bool"]
SINGLE_DOUBLE = ["float32", "float64"]

# The table of operations: name, operand dtypes, result dtype, parameters, JAX's function.

Case = tuple[str, list[str], str, dict[str, Any], Callable[..., Any]]


def table() -> list[Case]:
    rows: list[Case] = []

    def same(names: str, arity: int, dtypes: list[str], out: str = "", **renamed: str) -> None:
        for name in names.split():
            fn = getattr(lax, renamed.get(name, name))
            rows.extend([(name, [d] * arity, out or d, {}, fn) for d in dtypes])

    same("add sub mul div rem", 2, F + INTS)
    same("max min", 2, ALL)
    logical = {"and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "not": "bitwise_not"}
    same("and or xor", 2, [*INTS, "bool"], **logical)
    same("not", 1, [*INTS, "bool"], **logical)
    same("shift_left shift_right_logical shift_right_arithmetic", 2, INTS)
    same("mulhi", 2, ["int32", "uint32", "int64", "uint64"])
    rows.extend([("rotate_left", [d, d], d, {}, _rotated) for d in ("uint32", "uint64")])
    same("eq ne lt le gt ge", 2, ALL, "bool")
    same("neg sign square", 1, F + INTS)
    same("abs", 1, F + S)
    same("floor ceil sqrt rsqrt", 1, F)
    same("is_finite", 1, F, "bool")
    same("nextafter", 2, F)
    same("population_count clz", 1, INTS)
    same("clamp", 3, F + INTS)
    add_any = [("add_any", [d, d], d, {}, lax.add) for d in ("float32", "int32")]
    return rows + add_any + with_params() + choices() + conversions() + total_orders()


def with_params() -> list[Case]:
    rows: list[Case] = []
    for d in F:
        for k in (0, 1):
            method = lax.RoundingMethod(k)
            rows.append(("round", [d], d, {"rounding_method": k}, partial(_round, method=method)))
        for e, m in ((5, 10), (8, 7), (4, 3)):
            fn = partial(lax.reduce_precision, exponent_bits=e, mantissa_bits=m)
            rows.append(("reduce_precision", [d], d, {"exponent_bits": e, "mantissa_bits": m}, fn))
    for d in (*SINGLE_DOUBLE, "int8", "uint32"):
        for y in (0, 1, 2, 3, 7):
            rows.append(("integer_pow", [d], d, {"y": y}, partial(lax.integer_pow, y=y)))
    return rows


def _rotated(x: Any, by: Any) -> Any:
    bits = x.dtype.type(8 * x.dtype.itemsize)
    by = by % bits
    return lax.shift_left(x, by) | lax.shift_right_logical(x, bits - by)


def _round(x: Any, method: Any) -> Any:
    return lax.round(x, method)


def choices() -> list[Case]:
    rows: list[Case] = [("select_n", ["bool", d, d], d, {}, lax.select_n) for d in ALL]
    rows += [("select_n", ["uint8", d, d, d], d, {}, _clamped_select) for d in ALL]
    return rows


def _clamped_select(which: Any, *cases: Any) -> Any:
    return lax.select_n(np.minimum(which, 2).astype(np.int32), *cases)


def conversions() -> list[Case]:
    rows: list[Case] = []
    for a in ALL:
        for b in ALL:
            fn = partial(lax.convert_element_type, new_dtype=numpy_type(b))
            rows.append(("convert_element_type", [a], b, {}, fn))
    for a, b in (("float32", "int32"), ("uint64", "float64"), ("bfloat16", "uint16")):
        fn = partial(lax.bitcast_convert_type, new_dtype=numpy_type(b))
        rows.append(("bitcast_convert_type", [a], b, {}, fn))
    return rows


def total_orders() -> list[Case]:
    rows: list[Case] = []
    for d in (*SINGLE_DOUBLE, "int32", "uint8"):
        rows += [
            ("lt_to", [d, d], "bool", {}, lax.lt_to_p.bind),
            ("le_to", [d, d], "bool", {}, lax.le_to_p.bind),
            ("eq_to", [d, d], "bool", {}, lax.eq_to_p.bind),
        ]
    return rows


TABLE = table()
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, np.inf, -np.inf, np.nan, 3e38, -3e38, 2.0, 3.0,
    -3.0, 100.0, 1e-3, 127.5, 255.5, 65519.0, 65520.0, -129.0, 2.0**31, 2.0**32, 2.0**63, 2.0**64,
    -(2.0**31), -(2.0**63),
]  # fmt: skip


def samples(dtype: str, n: int, seed: int) -> np.ndarray:
    """Special and random values, shuffled; no float32 or float64 subnormals: XLA makes them 0."""
    r = np.random.default_rng(seed)
    t = numpy_type(dtype)
    if dtype == "bool":
        return r.integers(0, 2, n).astype(bool)
    if dtype in F:
        x = np.concatenate([r.choice(SPECIAL, n // 2), r.normal(size=n - n // 2) * 10])
        with np.errstate(over="ignore"):
            return r.permutation(x).astype(t)
    info = np.iinfo(t)
    edges = [info.min, info.max, 0, 1, 2, 3, 5, info.max - 1, info.min + 1]
    edges += [-1, -2] if info.min < 0 else [7, 8]
    random = r.integers(info.min, info.max, n - n // 2, dtype=t, endpoint=True)
    return r.permutation(np.concatenate([np.array(edges, t)[r.integers(0, 11, n // 2)], random]))


def same_bits(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where values are equal bit by bit, or both NaN, or a subnormal that XLA made zero."""
    bits = f"u{got.dtype.itemsize}"
    equal = got.view(bits) == wanted.view(bits)
    if got.dtype.kind in "biu":
        return equal
    info = ml_dtypes.finfo(got.dtype)
    nan = np.isnan(got)
    with np.errstate(invalid="ignore"):
        flushed = (wanted == 0) & (np.abs(got) < info.smallest_normal)
    return equal | (nan & np.isnan(wanted)) | flushed


@pytest.fixture(scope="module", params=[1, 8], ids=["scalar", "vector"])
def compiled_table(request: pytest.FixtureRequest) -> Any:
    lanes = request.param
    module = Module()
    for k, (op, ins, out, params, _) in enumerate(TABLE):

        def body(f: Function, *xs: str, op=op, ins=ins, out=out, params=params) -> str:
            return lower(f, op, xs, ins, out, lanes, params)

        add_kernel(module, f"case{k}", ins, out, lanes, body)
    return TARGET.compile(module, [f"case{k}" for k in range(len(TABLE))])


OPERATIONS = sorted({row[0] for row in TABLE})


@pytest.mark.parametrize("op", OPERATIONS)
def test_operation_is_jax(compiled_table: Any, op: str) -> None:
    n = 256
    for k, (name, ins, out, params, fn) in enumerate(TABLE):
        if name != op:
            continue
        args = [samples(d, n, seed) for seed, d in enumerate(ins)]
        got = run(compiled_table, f"case{k}", args, out)
        with jax.enable_x64(True):
            wanted = np.asarray(fn(*args))
        assert wanted.dtype == got.dtype
        equal = same_bits(got, wanted)
        if op == "rsqrt" or (op == "integer_pow" and out in F):
            with np.errstate(invalid="ignore", over="ignore"):
                equal |= np.isclose(got.astype(float), wanted.astype(float), rtol=2e-7, atol=0)
                if WIDTHS[out] == 16:
                    equal |= np.isclose(got.astype(float), wanted.astype(float), rtol=8e-3)
        bad = np.flatnonzero(~equal)[:5]
        assert not len(bad), (
            name,
            ins,
            out,
            params,
            [(*(a[bad] for a in args), got[bad], wanted[bad])],
        )


# Parts of numbers that no kernel here holds: tests of complex programs run them.
PARTS = {"real", "imag", "complex"}


def test_table_covers_every_rule() -> None:
    assert set(RULES) - set(OPERATIONS) - PARTS <= set(elementary.FUNCTIONS)


@pytest.mark.parametrize("dtype", SINGLE_DOUBLE)
@pytest.mark.parametrize("lanes", [1, 8])
def test_pow_with_integer_exponent(dtype: str, lanes: int) -> None:
    module = Module()
    ins = [dtype, "int32"]
    add_kernel(module, "k", ins, dtype, lanes, lambda f, *a: lower(f, "pow", a, ins, dtype, lanes))
    code = TARGET.compile(module, ["k"])
    x = samples(dtype, 256, 0)
    y = samples("int32", 256, 1) % 23 - 11
    got = run(code, "k", [x, y], dtype)
    with np.errstate(all="ignore"):
        wanted = np.power(x.astype(np.longdouble), y)
        wanted = wanted.astype(dtype)
        close = np.isclose(got, wanted, rtol=16 * np.finfo(dtype).eps, equal_nan=True)
        overflowed = np.isinf(got) & (np.abs(wanted) > float(np.finfo(dtype).max) / 4)
        # 1 / x^n is 0 where x^n overflows, though the result might be subnormal.
        small = (got == 0) & (np.abs(wanted) < 4 * np.finfo(dtype).smallest_normal)
    assert np.all(close | overflowed | small)


def test_float64_to_half_is_rounded_once() -> None:
    tie = 1 + 2.0**-11
    x = np.array(
        [tie, tie + 2.0**-40, tie - 2.0**-40, -tie - 2.0**-40, 65519.999999, 2.0**-25, 1e-8, 3e-8]
    )
    for out in ("float16", "bfloat16"):
        module = Module()
        add_kernel(
            module,
            "k",
            ["float64"],
            out,
            8,
            lambda f, a, o=out: lower(f, "convert_element_type", [a], ["float64"], o, 8),
        )
        got = run(TARGET.compile(module, ["k"]), "k", [x], out)
        if out == "float16":
            np.testing.assert_array_equal(got, x.astype(np.float16))
        else:
            exact = [_nearest_bfloat16(v) for v in x]
            np.testing.assert_array_equal(got.astype(float), exact)


def _nearest_bfloat16(x: float) -> float:
    step = 2.0 ** (np.frexp(x)[1] - 8)
    return float(np.round(x / step) * step)


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 1.0, 1 / 3, 3.4e38, 1e-40, np.inf, -np.inf, np.nan, 65504.0]
)
def test_constants_of_bfloat16_round_to_nearest(value: float) -> None:
    wanted = int(np.array(value).astype(np.float32).astype(ml_dtypes.bfloat16).view(np.uint16))
    assert np.isnan(value) or bfloat16_bits(value) == wanted


def test_constants_read_as_llvm_text() -> None:
    assert scalar_constant("float32", 0.1) == "0x3FB99999A0000000"
    assert constant("bool", True, 4) == "splat (i1 true)"
    assert constant("float16", 1.0) == "0xH3C00"
    assert constant("int8", -1, 8) == "splat (i8 -1)"


# Text and target


def test_small_arrays_in_a_loop_become_registers() -> None:
    """Euler steps of (x, v) in an array of two: no memory is left, and the result is right."""
    module = Module()
    f = Function(module, "k", [("ptr", "x"), ("i64", "n")])
    state = f.alloca("double", 2)

    def at(k: int) -> str:
        return f.gep("double", state, k)

    for k in range(2):
        f.store("float64", f.load("float64", f.gep("double", "%x", k)), at(k))
    with f.loop(0, "%n"):
        x, v = (f.load("float64", at(k)) for k in range(2))
        step = constant("float64", 0.01)
        f.store("float64", f.line(f"fadd double {x}, {f.line(f'fmul double {v}, {step}')}"), at(0))
        f.store("float64", f.line(f"fsub double {v}, {f.line(f'fmul double {x}, {step}')}"), at(1))
    for k in range(2):
        f.store("float64", f.load("float64", at(k)), f.gep("double", "%x", k))
    f.ret()
    module.add(f)
    assert "alloca" not in TARGET.optimised_text(module)
    code = TARGET.compile(module, ["k"])
    got = np.array([1.0, 0.0])
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(code.addresses["k"])(
        got.ctypes.data, 100
    )
    x, v = 1.0, 0.0
    for _ in range(100):
        x, v = x + v * 0.01, v - x * 0.01
    np.testing.assert_array_equal(got, [x, v])


def test_carried_loops_and_branches() -> None:
    """The sum of odd numbers below n, carried; 7 where nothing runs and a branch says so."""
    module = Module()
    f = Function(module, "k", [("i64", "n")], "i64")
    with f.carried_loop(0, "%n", 1, [("i64", "0")]) as loop:
        odd = f.line(f"trunc i64 {loop.index} to i1")
        added = f.line(f"add i64 {loop.carry[0]}, {loop.index}")
        loop.next = [f.line(f"select i1 {odd}, i64 {added}, i64 {loop.carry[0]}")]
    place = f.alloca("i64")
    with f.if_else(f.line("icmp sgt i64 %n, 0")) as (then, otherwise):
        with then:
            f.store("int64", loop.results[0], place)
        with otherwise:
            f.store("int64", "7", place)
    f.ret("i64", f.load("int64", place))
    module.add(f)
    code = TARGET.compile(module, ["k"])
    k = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.addresses["k"])
    assert [k(n) for n in (-1, 0, 1, 2, 10)] == [7, 7, 0, 1, 25]


def test_objects_load_again_and_symbols_resolve() -> None:
    calls: list[int] = []

    @ctypes.CFUNCTYPE(None, ctypes.c_int64)
    def note(k: int) -> None:
        calls.append(k)

    address = ctypes.cast(note, ctypes.c_void_p).value
    assert address is not None
    target = Target()
    target.add_symbol("note_for_test", address)
    module = Module()
    module.declare("note_for_test", "void", "i64")
    f = Function(module, "k")
    f.call("void", "note_for_test", ("i64", "42"))
    f.ret()
    module.add(f)
    first = target.compile(module, ["k"])
    again = loader.load(first.objects, ["k"], {"note_for_test": address}, {})
    for code in (first, again):
        ctypes.CFUNCTYPE(None)(code.addresses["k"])()
    assert calls == [42, 42]
    assert {"parse", "optimise", "emit", "load"} <= set(first.timings)
    assert "call" in target.assembly(module) or "jmp" in target.assembly(module)
