"""Elementwise functions: values, dtypes and weak types are those of JAX."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy_cases import AWKWARD, b, c, f, i, row, table, u
from numpy_oracle import assert_same, check

import pullback as pb
from pullback import numpy as pnp

UNARY = """
abs positive square conj real imag reciprocal exp sqrt cbrt sin cos tan sinh cosh tanh arcsin arccos
arctan arcsinh arccosh arctanh log log1p expm1 log2 log10 exp2 sinc rad2deg deg2rad signbit isnan
isfinite isinf isposinf isneginf rint ceil floor trunc fabs nan_to_num logical_not angle modf frexp
iscomplex isreal i0
"""
SIGNED = "negative sign round"
COMPLEX = """
abs square conj real imag exp sqrt sin cos tan sinh cosh tanh log log1p isnan isfinite isinf rint
sign negative angle iscomplex isreal reciprocal nan_to_num
"""
BINARY = """
add multiply divide floor_divide remainder fmod power float_power maximum minimum fmax fmin arctan2
copysign logaddexp nextafter equal not_equal less less_equal greater greater_equal logical_and
logical_or logical_xor
"""
UNARY_CASES = table(
    *[row(UNARY + SIGNED, x) for x in (AWKWARD, i(5), 2.5)],
    *[row(UNARY, x) for x in (b(3), AWKWARD.astype(np.float16))],
    row(COMPLEX, c(3, 2)),
    row("bitwise_not bitwise_count", i(4)),
    row("bitwise_not", b(4)),
    row("round", f(4) * 100, 2),
    row("spacing", AWKWARD),
)
# (2, 3) is two Python numbers; (float32[3,1], int32[1,4]) broadcasts both.
PAIRS = (
    (AWKWARD, AWKWARD[::-1].copy()),
    (i(5), u(5)),
    (i(5), 2),
    (2, f(3)),
    # Not True beside False, of which JAX's fmod is 1.
    (np.array([True, False, False]), np.array([True, True, False])),
    (2, 3),
    (f(3, 1), i(1, 4)),
    (AWKWARD.astype(np.float16), i(10)),
    (f(3), np.float32(2)),
    (u(3), np.array(2, np.int32)),
)
BINARY_CASES = table(
    *[row(BINARY, x, y) for x, y in PAIRS],
    row("subtract hypot logaddexp2 heaviside", AWKWARD, AWKWARD[::-1].copy()),
    row("subtract hypot divmod heaviside", f(3, 4), f(4)),
    row("subtract divmod", i(5), u(5)),
    row("add subtract multiply divide power equal less greater", c(3), c(3)),
    row("bitwise_and bitwise_or bitwise_xor left_shift right_shift gcd lcm", i(5), i(5)),
    row("bitwise_and bitwise_or bitwise_xor left_shift right_shift gcd", u(4), u(4)),
    row("ldexp", f(4), i(4)),
    row("isclose allclose", f(4), f(4)),
    row("isclose array_equal", AWKWARD, AWKWARD, equal_nan=True),
    row("array_equal array_equiv", f(3), f(2, 3)),
    row("result_type", f(3), 2.5),
    row("result_type", i(3), 2.5),
    row("clip", f(5), -0.5, 0.5),
    row("clip", i(5), 0, None),
    row("clip", i(5), 0.5, 2),
    row("where", b(3), f(3), 2),
    row("where", b(3, 1), i(3), f(3, 1)),
)


@pytest.mark.parametrize(("name", "args", "kwargs"), UNARY_CASES)
def test_unary(name: str, args: Any, kwargs: Any) -> None:
    check(name, *args, **kwargs)


@pytest.mark.parametrize(("name", "args", "kwargs"), BINARY_CASES)
def test_binary(name: str, args: Any, kwargs: Any) -> None:
    check(name, *args, **kwargs)


@pytest.mark.parametrize(("base", "power"), [(3, 4), (-2, 3), (2, -1), (1, -2), (0, 0), (7, 40)])
def test_integer_powers(base: int, power: int) -> None:
    check("power", np.array([base], np.int32), np.array([power], np.int32))


@pytest.mark.parametrize("n", [0, 1, 2, 3, -2])
def test_static_power_has_derivatives_at_zero(n: int) -> None:
    x = 0.0 if n >= 0 else 1.5
    got = pb.grad(lambda v: v**n)(x)
    np.testing.assert_allclose(got, jax.grad(lambda v: v**n)(x), 1e-6)


POWERS = [
    lambda v: v**2.5, lambda v: v**-0.5, lambda v: v**0.0, lambda v: v**1.0, lambda v: 2.5**v,
    lambda v: v ** np.float32(1.5), lambda v: v**2 * v**v,
]  # fmt: skip


@pytest.mark.parametrize("x", [0.7, np.float32(0.7)], ids=["number", "scalar"])
@pytest.mark.parametrize("n", range(len(POWERS)))
def test_powers_have_derivatives(n: int, x: Any) -> None:
    first, second = (m.grad(POWERS[n])(x) for m in (pb, jax))
    np.testing.assert_allclose(first, second, 1e-6)
    for wrap in (pb.jit, lambda f: f):
        got = pb.grad(pb.grad(wrap(POWERS[n])))(x)
        np.testing.assert_allclose(got, jax.grad(jax.grad(POWERS[n]))(x), 1e-5)


@pytest.mark.parametrize("y", [0.0, 1.0, 2.5])
def test_powers_have_second_derivatives_in_both(y: float) -> None:
    for x in (4.0, np.array([0.5, 2.0], np.float32)):
        got, wanted = (
            m.hessian(lambda p, n=n: n.sum(n.power(p[0], p[1])))((x, y))
            for m, n in ((pb, pnp), (jax, jax.numpy))
        )
        for g, w in zip(pb.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(g, w, 1e-5)


@pytest.mark.parametrize("x", [1.5, -0.3])
def test_neighbours_move_with_their_number(x: float) -> None:
    for wrap in (pb.jit, lambda f: f):
        assert pb.grad(wrap(pnp.nextafter), (0, 1))(x, 2.0) == (1, 0)
        assert pb.grad(wrap(pnp.spacing))(x) == 0


@pytest.mark.parametrize("x", [0.0, 1e-4, 0.1, 0.7])
def test_sinc_has_derivatives_near_zero(x: float) -> None:
    pi_x = np.pi * x
    first = -pi_x * np.pi / 3 if x < 1e-3 else (np.cos(pi_x) - np.sinc(x)) / x
    second = -(np.pi**2) * np.sinc(x) - (2 * first / x if x else -2 * np.pi**2 / 3)
    got = pb.grad(pnp.sinc), pb.grad(pb.grad(pnp.sinc))
    np.testing.assert_allclose([f(x) for f in got], [first, second], 1e-3, atol=1e-6)


def test_sinc_has_higher_derivatives_at_zero() -> None:
    ours, theirs = pnp.sinc, jax.numpy.sinc
    for _ in range(4):
        ours, theirs = pb.grad(ours), jax.grad(theirs)
    np.testing.assert_allclose(ours(0.0), theirs(0.0), 1e-5)


@pytest.mark.parametrize("x", [3.0, -0.1, 1e-38, 1e30])
def test_mantissas_have_derivatives(x: float) -> None:
    got = pb.grad(lambda v: pnp.frexp(v)[0])(x)
    np.testing.assert_allclose(got, 2.0 ** -np.frexp(np.float32(x))[1], 1e-6)


@pytest.mark.parametrize("name", ["log2", "log10"])
def test_logarithms_of_infinite_complex_numbers(name: str) -> None:
    """Part by part: infinity times 0 is no part of them."""
    parts = [0.0, -0.0, 1.0, -2.0, np.inf, -np.inf]
    x = np.array([complex(a, b) for a in parts for b in parts], np.complex64)
    function, want = getattr(pnp, name), getattr(jax.numpy, name)(x)
    for got in (function(x), pb.jit(function)(x)):
        np.testing.assert_allclose(got.real, want.real, 1e-6, strict=True)
        np.testing.assert_allclose(got.imag, want.imag, 1e-6, strict=True)


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_logarithms_of_sums_of_complex_exponentials(name: str) -> None:
    x, y = c(20) * 4, c(20) * 4
    check(name, x, y)
    got, want = (
        lib.grad(lambda v, f=f: f(v, y).sum().real)(x)
        for lib, f in ((pb, getattr(pnp, name)), (jax, getattr(jax.numpy, name)))
    )
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("i0", (1j,), ValueError),
        ("frexp", (1j,), TypeError),
        ("spacing", (1j,), ValueError),
        ("copysign", (1j, 1.0), TypeError),
        ("heaviside", (1j, 1.0), TypeError),
        ("ldexp", (1j, 1), ValueError),
    ],
)
def test_complex_numbers_are_refused(name: str, args: Any, error: type[Exception]) -> None:
    for library in (pnp, jax.numpy):
        with pytest.raises(error):
            getattr(library, name)(*args)


@pytest.mark.parametrize("name", ["isfinite", "isinf", "isposinf", "isneginf", "signbit"])
@pytest.mark.parametrize("x", [3, 2.5])
def test_answers_about_weak_numbers_are_as_weak(name: str, x: Any) -> None:
    want = getattr(jax.numpy, name)(jax.numpy.asarray(x)).weak_type
    assert getattr(pnp, name)(pnp.asarray(x)).weak_type == want


def test_logaddexp_of_infinities_has_finite_derivatives() -> None:
    got = pb.grad(lambda x: pnp.logaddexp(x, -np.inf))(1.0)
    np.testing.assert_allclose(got, 1.0)


def test_bfloat16_is_computed_and_kept() -> None:
    x = pnp.arange(4, dtype=pnp.bfloat16)
    assert (x * 1.5 + pnp.sin(x)).dtype == pnp.bfloat16


@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide", "divmod", "true_divide"])
@pytest.mark.parametrize("dtype", [np.int32, np.uint8])
def test_division_by_zero(name, dtype):
    x, y = np.array([-2, 5, 0, 7]).astype(dtype), np.array([0, 0, 0, 3]).astype(dtype)
    got, want = getattr(pnp, name)(x, y), getattr(jax.numpy, name)(x, y)
    assert_same(got, want)
    assert_same(pb.jit(getattr(pnp, name))(x, y), want)


@pytest.mark.parametrize("values", [{"nan": -np.inf}, {"posinf": -np.inf}, {"neginf": np.inf}])
def test_infinities_in_place_of_others_are_replaced(values: dict[str, float]) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
    np.testing.assert_array_equal(pnp.nan_to_num(x, **values), jax.numpy.nan_to_num(x, **values))


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32", "float64", "bool"])
def test_choices_between_many_elements(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 300, 300)).astype(dtype)
    y.flat[0] = -0.0
    mask = rng.random((300, 300)) > 0.5
    with pb.enable_x64():
        chosen = pnp.where(mask, pnp.asarray(x), pnp.asarray(y))
        turned = pnp.where(pnp.asarray(mask.T), x.T, y[0, 0])
    np.testing.assert_array_equal(chosen, np.where(mask, x, y).view(chosen.dtype), strict=True)
    np.testing.assert_array_equal(
        np.signbit(chosen.astype("float32")), np.signbit(np.where(mask, x, y))
    )
    np.testing.assert_array_equal(turned, np.where(mask.T, x.T, y[0, 0]))


INFINITE = {
    "float": np.array([np.inf, np.nan, -1.0], np.float32),
    "half": np.array([np.inf, np.nan, -1.0], np.float16),
    "complex": np.array([np.inf, 1j * np.inf, -1.0], np.complex64),
    "integer": np.array([3, 4, -1]),
    "number": np.inf,
}


@pytest.mark.parametrize("x", INFINITE.values(), ids=INFINITE)
@pytest.mark.parametrize("way", ["eager", "jit"])
def test_what_a_mask_hides_is_zero_were_it_infinite(x: Any, way: str) -> None:
    def products(m: Any) -> Any:
        value = x if isinstance(x, float) else m.numpy.asarray(x)
        run = m.jit if way == "jit" else lambda f: f
        mask = m.numpy.array([True, False, False])
        return run(lambda mask: (mask * value, value * mask))(mask)

    for ours, theirs in zip(products(pb), products(jax), strict=True):
        assert_same(ours, theirs)
        np.testing.assert_array_equal(np.signbit(ours.real), np.signbit(theirs.real))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_masks_of_rank_0_and_masks_of_numbers(dtype: str) -> None:
    def products(m: Any) -> Any:
        x, mask = m.numpy.array(np.inf, dtype), m.numpy.array([True, False])
        return x * mask, m.numpy.array(False) * x, mask * np.float32(np.inf), mask * 2

    with pb.enable_x64(), jax.enable_x64():
        for ours, theirs in zip(products(pb), products(jax), strict=True):
            assert_same(ours, theirs)


def test_masks_broadcast_and_have_derivatives() -> None:
    x = pnp.array([[1.0, np.inf], [np.inf, 2.0]])
    mask = pnp.array([True, False])
    np.testing.assert_array_equal(mask[:, None] * x, [[1, np.inf], [0, 0]])
    np.testing.assert_array_equal(pb.vmap(lambda row: mask * row)(x), [[1, 0], [np.inf, 0]])
    np.testing.assert_array_equal(pb.grad(lambda x: (mask * x).sum())(x), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(pb.jvp(lambda x: x * mask, (x,), (x,))[1], [[1, 0], [np.inf, 0]])
