"""Each identity: text in, text out, and the same bits on every special value."""

from typing import Any

import numpy as np
import pytest

from pullback import dtypes
from pullback.core.check import check
from pullback.core.ir import Jaxpr
from pullback.core.parse import parse
from pullback.core.rewrite import simplify
from pullback.core.show import show
from pullback.core.stage import eval_jaxpr
from pullback.core.structure import structure
from pullback.primitives import algebra

# Arguments x, y: f32[n]; i, j: i32[n]; p: bool[n]; s: f32[]; m: f32[2,3,1]. Result: r.
ARGUMENTS = "x:f32[9] y:f32[9] i:i32[9] j:i32[9] p:bool[9] s:f32[] m:f32[2,3,1]"

BECOMES = [
    ("a:f32[9] = mul x 1.0:f32[]", "x"),
    ("a:f32[9] = mul 1.0:~f32[] x", "x"),
    (
        "b:f32[9] = broadcast_in_dim[broadcast_dimensions=() shape=(9,)] 1.0:f32[]"
        " a:f32[9] = mul b x",
        "x",
    ),
    ("a:f32[9] = add x -0.0:f32[]", "x"),
    ("a:f32[9] = sub x 0.0:f32[]", "x"),
    ("a:f32[9] = div x 1.0:f32[]", "x"),
    ("a:i32[9] = add 0:i32[] i", "i"),
    ("a:i32[9] = mul i 1:i32[]", "i"),
    ("b:f32[9] = neg x a:f32[9] = neg b", "x"),
    ("b:bool[9] = not p a:bool[9] = not b", "p"),
    ("b:c64[9] = complex x y a:f32[9] = real b", "x"),
    ("b:c64[9] = complex x y a:f32[9] = imag b", "y"),
    (
        "b:c64[9] = complex x y c:c64[9] = neg b d:f32[9] = real c e:f32[9] = imag c"
        " f:c64[9] = complex d e a:f32[9] = real f",
        "b:c64[9] = complex x y c:c64[9] = neg b a:f32[9] = real c",
    ),
    ("b:f32[9] = neg y a:f32[9] = add x b", "a:f32[9] = sub x y"),
    ("b:f32[9] = neg x a:f32[9] = add b y", "a:f32[9] = sub y x"),
    ("b:f32[9] = neg x a:f32[9] = add_any b y", "a:f32[9] = sub y x"),
    ("b:f32[9] = neg y a:f32[9] = sub x b", "a:f32[9] = add x y"),
    ("a:f32[9] = sub -0.0:f32[] x", "a:f32[9] = neg x"),
    ("a:i32[9] = sub 0:i32[] i", "a:i32[9] = neg i"),
    ("b:f32[9] = neg x c:f32[9] = neg y a:f32[9] = mul b c", "a:f32[9] = mul x y"),
    ("b:f32[9] = neg x c:f32[9] = neg y a:f32[9] = div b c", "a:f32[9] = div x y"),
    ("a:f32[9] = mul x -1.0:f32[]", "a:f32[9] = neg x"),
    ("b:f32[9] = neg x a:f32[9] = mul b 3.0:f32[]", "a:f32[9] = mul x -3.0:f32[]"),
    ("b:f32[9] = mul 2.0:f32[] x a:f32[9] = mul b 4.0:f32[]", "a:f32[9] = mul x 8.0:f32[]"),
    ("b:i32[9] = mul i 3:i32[] a:i32[9] = mul -5:i32[] b", "a:i32[9] = mul i -15:i32[]"),
    ("a:f32[9] = div x 4.0:f32[]", "a:f32[9] = mul x 0.25:f32[]"),
    ("a:f32[9] = div x -0.5:f32[]", "a:f32[9] = mul x -2.0:f32[]"),
    ("b:f32[9] = neg x a:f32[9] = abs b", "a:f32[9] = abs x"),
    ("a:f32[9] = square x", "a:f32[9] = mul x x"),
    ("a:f32[9] = integer_pow[y=2] x", "a:f32[9] = mul x x"),
    ("a:f32[9] = integer_pow[y=1] x", "x"),
    ("a:f32[9] = max x x", "x"),
    ("a:f32[9] = max x -inf:f32[]", "x"),
    ("a:f32[9] = min inf:f32[] x", "x"),
    ("a:bool[9] = and p p", "p"),
    ("a:bool[9] = or p False:bool[]", "p"),
    ("a:i32[9] = xor i 0:i32[]", "i"),
    ("a:f32[9] = select_n p x x", "x"),
    ("a:f32[9] = select_n True:bool[] x y", "y"),
    ("q:bool[9] = not p a:f32[9] = select_n q x y", "a:f32[9] = select_n p y x"),
    ("a:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] x", "x"),
    (
        "b:f64[9] = convert_element_type[new_dtype=float64 weak_type=False] x"
        " a:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] b",
        "x",
    ),
    (
        "b:i64[9] = convert_element_type[new_dtype=int64 weak_type=False] i"
        " a:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] b",
        "a:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] i",
    ),
    (
        "b:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] p"
        " a:bool[9] = convert_element_type[new_dtype=bool weak_type=False] b",
        "p",
    ),
    (
        "b:f32[1,2,3] = transpose[permutation=(2, 0, 1)] m"
        " a:f32[2,3,1] = transpose[permutation=(1, 2, 0)] b",
        "m",
    ),
    (
        "b:f32[1,2,3] = transpose[permutation=(2, 0, 1)] m"
        " a:f32[3,2,1] = transpose[permutation=(2, 1, 0)] b",
        "a:f32[3,2,1] = transpose[permutation=(1, 0, 2)] m",
    ),
    (
        "b:f32[6] = reshape[dimensions=None new_sizes=(6,)] m"
        " a:f32[3,2] = reshape[dimensions=None new_sizes=(3, 2)] b",
        "a:f32[3,2] = reshape[dimensions=None new_sizes=(3, 2)] m",
    ),
    (
        "b:f32[2,3] = squeeze[dimensions=(2,)] m"
        " a:f32[2,3,1] = reshape[dimensions=None new_sizes=(2, 3, 1)] b",
        "m",
    ),
    ("a:f32[9] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(9,)] x", "x"),
    (
        "b:f32[9,1] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(9, 1)] x"
        " a:f32[2,9,4] = broadcast_in_dim[broadcast_dimensions=(1, 2) shape=(2, 9, 4)] b",
        "a:f32[2,9,4] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 9, 4)] x",
    ),
    (
        "b:f32[1,9,1] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(1, 9, 1)] x"
        " a:f32[9] = squeeze[dimensions=(0, 2)] b",
        "x",
    ),
    ("b:f32[2,3,1] = rev[dimensions=(0, 1)] m a:f32[2,3,1] = rev[dimensions=(0, 1)] b", "m"),
    ("a:f32[9] = slice[limit_indices=(9,) start_indices=(0,) strides=None] x", "x"),
    ("a:f32[9] = pad[padding_config=((0, 0, 0),)] x 0.0:f32[]", "x"),
    ("a:f32[9] = concatenate[dimension=0] x", "x"),
    ("b:f32[] = mul 2.0:f32[] 3.0:f32[] a:f32[9] = add x b", "a:f32[9] = add x 6.0:f32[]"),
    (
        "b:i32[] = convert_element_type[new_dtype=int32 weak_type=False] 2.5:f32[]"
        " a:i32[9] = add i b",
        "a:i32[9] = add i 2:i32[]",
    ),
    ("b:f32[] = max -inf:f32[] s a:f32[9] = mul x b", "a:f32[9] = mul x s"),
]

# What looks like an identity and is none.
STAYS = [
    "a:f32[9] = add x 0.0:f32[]",
    "a:f32[9] = sub x -0.0:f32[]",
    "a:f32[9] = sub 0.0:f32[] x",
    "a:f32[9] = mul x 0.0:f32[]",
    "a:f32[9] = sub x x",
    "a:f32[9] = div x 3.0:f32[]",
    "a:f32[9] = div x 1.7014118346046923e+38:f32[]",
    "b:f32[9] = mul x 0.5:f32[] a:f32[9] = mul b 0.5:f32[]",
    "b:f32[9] = mul x 3.0:f32[] a:f32[9] = mul b 5.0:f32[]",
    "b:f32[9] = sub x y a:f32[9] = neg b",
    "a:f32[9] = integer_pow[y=-1] x",
    "a:f32[9] = max x inf:f32[]",
    "a:f32[9] = select_n p x y",
    "b:bf16[9] = convert_element_type[new_dtype=bfloat16 weak_type=False] x"
    " a:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] b",
    "b:f32[9] = convert_element_type[new_dtype=float32 weak_type=False] i"
    " a:i32[9] = convert_element_type[new_dtype=int32 weak_type=False] b",
    "b:f32[9,1] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(9, 1)] x"
    " a:f32[1,9] = transpose[permutation=(1, 0)] b",
]

TINY = np.finfo(np.float32).smallest_subnormal
FLOATS = np.array([0.0, -0.0, 1.5, -np.inf, np.inf, np.nan, TINY * 3, 3.4e38, -1e-38], np.float32)
INTEGERS = np.array([0, 1, -1, 7, -9, 2**31 - 1, -(2**31), 12345, 2], np.int32)
VALUES = (
    *(FLOATS, np.roll(FLOATS, 4), INTEGERS, np.roll(INTEGERS, 2), INTEGERS % 2 == 0),
    *(np.array(-2.5, np.float32), np.arange(6, dtype=np.float32).reshape(2, 3, 1)),
)


def program(body: str) -> Jaxpr:
    """The program of equations whose result is a, or of an argument's name alone."""
    result = "a" if "=" in body else body
    equations = body if "=" in body else ""
    return parse(f"{{ lambda ; {ARGUMENTS}. let {equations} in ({result},) }}")


def bits(jaxpr: Jaxpr) -> Any:
    """The result on special values, where all NaNs are one."""
    with np.errstate(all="ignore"):
        (out,) = eval_jaxpr(jaxpr, (), *VALUES)
    out = np.asarray(out)
    if dtypes.kind(out.dtype) == "float":
        out = np.where(np.isnan(out), np.float32(np.nan), out)
    return out.dtype, out.shape, out.tobytes()


@pytest.mark.parametrize(("before", "after"), BECOMES)
def test_identity(before: str, after: str) -> None:
    given, wanted = program(before), program(after)
    check(given)
    got = simplify(given)
    check(got)
    assert show(got, exact=True) == show(wanted, exact=True)
    assert bits(got) == bits(given)


@pytest.mark.parametrize("text", STAYS)
def test_no_identity(text: str) -> None:
    given = program(text)
    check(given)
    assert structure(simplify(given)) == structure(given)


def test_every_rule_is_tested() -> None:
    used = {name for text in [b for b, _ in BECOMES] for name in text.split()}
    names = {p.name for p in algebra.RULES}
    assert not [n for n in names if not any(w.startswith(n) for w in used)]
