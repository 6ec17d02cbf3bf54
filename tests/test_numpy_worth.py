"""Functions that are compiled where they have much to do: they say the same then."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback.numpy.worth import FEW, MANY, compiled_where_worth

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=2 * MANY).astype("float32")
MATRIX = RNG.normal(size=(80, 70)).astype("float32")
EDGES = np.linspace(-2, 2, 33, dtype="float32")
WHOLE = RNG.integers(-50, 50, size=(2, 2 * MANY)).astype("int32")
EXACT: dict[str, Callable[[Any], Any]] = {
    "searchsorted": lambda m: m.searchsorted(m.asarray(EDGES), m.asarray(VALUES), side="right"),
    "digitize": lambda m: m.digitize(m.asarray(VALUES), m.asarray(EDGES[::-1])),
    "isin": lambda m: m.isin(m.asarray(WHOLE[0]), m.asarray(WHOLE[1, :9])),
    "pad edge": lambda m: m.pad(m.asarray(MATRIX), ((1, 2), (3, 0)), mode="edge"),
    "pad odd": lambda m: m.pad(m.asarray(MATRIX), 2, mode="reflect", reflect_type="odd"),
    "gcd": lambda m: m.gcd(m.asarray(WHOLE[0]), m.asarray(WHOLE[1])),
    "lcm": lambda m: m.lcm(m.asarray(WHOLE[0]), m.asarray(WHOLE[1])),
}
ROUNDED: dict[str, Callable[[Any], Any]] = {
    "pad mean": lambda m: m.pad(m.asarray(MATRIX), 2, mode="mean", stat_length=7),
    "pad ramp": lambda m: m.pad(m.asarray(MATRIX), 2, mode="linear_ramp", end_values=((1, 2),) * 2),
    "nanmean": lambda m: m.nanmean(m.log(m.asarray(MATRIX)), axis=1, keepdims=True),
    "nanvar": lambda m: m.nanvar(m.log(m.asarray(VALUES)), ddof=1),
    "nanstd": lambda m: m.nanstd(m.log(m.asarray(MATRIX)), axis=(0, 1), where=MATRIX < 2),
    "interp": lambda m: m.interp(m.asarray(VALUES), m.asarray(EDGES), m.sin(EDGES), right=7),
}


@pytest.mark.parametrize("name", EXACT)
def test_many_elements(name: str) -> None:
    ours, theirs = EXACT[name](pnp), EXACT[name](jnp)
    assert (ours.dtype, ours.weak_type) == (theirs.dtype, theirs.weak_type)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ROUNDED)
def test_many_elements_that_are_rounded(name: str) -> None:
    np.testing.assert_allclose(ROUNDED[name](pnp), ROUNDED[name](jnp), rtol=1e-5, atol=1e-6)


SOME = np.asarray([2.5, np.nan, -0.0, np.inf, 7.25, -3.5], "float32")
OTHERS = np.asarray([0.5, 2.0, np.nan, np.inf, 7.25, 1.5], "float32")
SQUARE = RNG.normal(size=(3, 3)).astype("float32")
REPEATED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "take_along_axis": lambda m, x, y: m.take_along_axis(x, m.asarray([[0, -1, 9]]).T, 0),
    "gradient": lambda m, x, y: m.gradient(x, 0.5, axis=1),
    "ediff1d": lambda m, x, y: m.ediff1d(x, to_end=1),
    "cross": lambda m, x, y: m.cross(x, y[0]),
    "kron": lambda m, x, y: m.kron(x, y[0]),
    "diag": lambda m, x, y: (m.diag(x, 1), m.diag(x[0], k=-1)),
    "tril": lambda m, x, y: (m.tril(x, -1), m.triu(x, k=1)),
    "block": lambda m, x, y: m.block([[x, y], [2.0, m.ones(5)]]),
    "isclose": lambda m, x, y: m.isclose(x, y, equal_nan=True),
    "allclose": lambda m, x, y: m.allclose(x, y, 1e-3),
    "nanmin": lambda m, x, y: (m.nanmin(x, axis=0), m.nanmax(y, 1, keepdims=True)),
    "nanargmin": lambda m, x, y: (m.nanargmin(x), m.nanargmax(y, axis=1)),
    "fmax": lambda m, x, y: (m.fmax(x, y), m.fmin(x, 2)),
    "divmod": lambda m, x, y: m.divmod(x, y),
    "modf": lambda m, x, y: (m.modf(x), m.trunc(y)),
    "ldexp": lambda m, x, y: m.ldexp(x, 3),
    "hypot": lambda m, x, y: m.hypot(x, y),
    "heaviside": lambda m, x, y: (m.heaviside(x, y), m.copysign(x, y)),
    "polyval": lambda m, x, y: (m.polyval(x[0], 0.5), m.polyadd(x[0], y[1]), m.polysub(x[0], y[1])),
    "nan_to_num": lambda m, x, y: m.nan_to_num(x, nan=1, posinf=2.5),
}


@pytest.mark.parametrize("name", REPEATED)
def test_compiled_again_they_are_what_they_were(name: str) -> None:
    x, y = SQUARE.copy(), SQUARE[::-1].copy()
    x.ravel()[:6], y.ravel()[2:8] = SOME, OTHERS
    function = REPEATED[name]
    wanted = jax.tree.leaves(function(jnp, jnp.asarray(x), jnp.asarray(y)))
    first = pb.tree.leaves(function(pnp, pnp.asarray(x), pnp.asarray(y)))
    for _ in range(FEW + 1):
        last = pb.tree.leaves(function(pnp, pnp.asarray(x), pnp.asarray(y)))
    for theirs, one, other in zip(wanted, first, last, strict=True):
        assert (one.dtype, one.weak_type) == (other.dtype, other.weak_type)
        assert (one.dtype, one.weak_type) == (theirs.dtype, theirs.weak_type)
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one, theirs, rtol=1e-6)


def test_what_must_be_known_may_be_an_array() -> None:
    x = pnp.asarray(SQUARE)
    for _ in range(FEW + 2):
        np.testing.assert_array_equal(pnp.tril(x, pnp.asarray(1)), np.tril(SQUARE, 1))
        np.testing.assert_array_equal(pnp.triu(x, k=np.asarray(1)), np.triu(SQUARE, 1))


def test_few_elements_are_compiled_when_they_come_again() -> None:
    staged = []

    @compiled_where_worth("by", exact=True)
    def shifted(x: Any, *, by: int) -> Any:
        staged.append(not isinstance(x, pb.Array) or isinstance(x, pb.core.Tracer))
        return x + by

    for _ in range(FEW + 4):
        np.testing.assert_array_equal(shifted(pnp.arange(3), by=2), [2, 3, 4])
    assert staged == [False] * FEW + [True]
    np.testing.assert_array_equal(shifted(pnp.arange(3), by=3), [3, 4, 5])
    assert shifted(pnp.arange(4), by=3).shape == (4,) and staged[-1] is False


def test_what_is_traced_is_not_compiled_by_itself() -> None:
    x = pnp.asarray(MATRIX)
    text = str(pb.make_jaxpr(lambda x: pnp.pad(x, 2, mode="edge"))(x))
    assert "jit" not in text
    rows = pb.vmap(lambda v: pnp.interp(v, pnp.asarray(EDGES), pnp.cos(EDGES)))(x)
    wanted = jax.vmap(lambda v: jnp.interp(v, jnp.asarray(EDGES), jnp.cos(EDGES)))(MATRIX)
    np.testing.assert_allclose(rows, wanted, rtol=1e-5, atol=1e-6)
    slopes = pb.grad(lambda v: pnp.pad(v, 2, mode="mean").sum())(x)
    wanted = jax.grad(lambda v: jnp.pad(v, 2, mode="mean").sum())(MATRIX)
    np.testing.assert_allclose(slopes, wanted, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int8"])
def test_common_divisors_in_programs(dtype: str) -> None:
    x, y = WHOLE.astype(dtype)
    np.testing.assert_array_equal(pb.jit(pnp.gcd)(x, y), np.gcd(x, y))
    np.testing.assert_array_equal(pb.jit(pnp.lcm)(x, y), np.lcm(x, y))
    one = pb.vmap(pnp.gcd)(pnp.asarray(x[:50]), pnp.asarray(y[:50]))
    np.testing.assert_array_equal(one, np.gcd(x[:50], y[:50]))
    assert int(pb.jit(pnp.gcd)(12, 18)) == 6


@pytest.mark.parametrize("name", ["inv", "cholesky", "eigvalsh", "norm", "det"])
def test_functions_of_matrices_are_compiled_at_once(name: str) -> None:
    matrix = MATRIX[:6, :6] @ MATRIX[:6, :6].T + np.eye(6, dtype="float32")
    x = pnp.asarray(matrix)
    ours, theirs = getattr(pnp.linalg, name), getattr(jnp.linalg, name)
    np.testing.assert_array_equal(ours(x), pb.jit(ours)(x))
    np.testing.assert_allclose(ours(x), theirs(matrix), rtol=1e-4, atol=1e-5)


def test_limits_of_matrices_may_be_arrays() -> None:
    x = pnp.asarray(MATRIX[:6, :4])
    for limit in (0.6, pnp.asarray(0.6), np.float32(0.6)):
        rank = pnp.linalg.matrix_rank(x, limit * pnp.linalg.svdvals(x)[0])
        out = pnp.linalg.lstsq(x, x[:, 0], rcond=limit)
        wanted = jnp.linalg.lstsq(MATRIX[:6, :4], MATRIX[:6, 0], rcond=0.6)
        assert int(rank) == int(out[2]) == int(wanted[2])
        np.testing.assert_allclose(out[0], wanted[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        pnp.linalg.pinv(x, pnp.asarray(0.6)), jnp.linalg.pinv(MATRIX[:6, :4], 0.6), atol=1e-5
    )


@pytest.mark.parametrize("nan", [0.0, -0.0, np.nan, np.inf])
def test_what_stands_for_nan_is_the_same_when_it_comes_again(nan: float) -> None:
    x = np.asarray([np.nan, 1, np.inf, -np.inf, -0.0], "float32")
    for _ in range(FEW + 2):
        ours = pnp.nan_to_num(pnp.asarray(x), nan=nan, neginf=-3)
        wanted = np.asarray(jnp.nan_to_num(x, nan=nan, neginf=-3))
        np.testing.assert_array_equal(ours, wanted)
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(wanted))


FEW_ELEMENTS: dict[str, Callable[[Any], Any]] = {
    "quantile": lambda m: m.quantile(m.asarray(MATRIX[0]), 0.3, method="lower"),
    "percentile": lambda m: m.percentile(m.asarray(MATRIX[:5, :6]), m.asarray([30.0, 50.0]), 1),
    "nanmedian": lambda m: m.nanmedian(m.log(m.asarray(MATRIX[:5, :6])), 0, keepdims=True),
    "sinc": lambda m: m.sinc(m.asarray(MATRIX[0])),
    "i0": lambda m: m.i0(m.asarray(MATRIX[0])),
    "poly": lambda m: m.poly(m.asarray(MATRIX[0, :5])),
    "correlate": lambda m: m.correlate(m.asarray(WHOLE[0, :9]), m.asarray(MATRIX[0, :4]), "same"),
    "reduceat": lambda m: m.maximum.reduceat(m.asarray(WHOLE[0, :9]), m.asarray([0, 5, 3])),
    "allclose": lambda m: m.allclose(m.asarray(VALUES), m.asarray(VALUES + 1e-7), atol=1e-6),
}


@pytest.mark.parametrize("name", FEW_ELEMENTS)
def test_functions_of_many_operations(name: str) -> None:
    ours, theirs = FEW_ELEMENTS[name](pnp), FEW_ELEMENTS[name](jnp)
    assert (ours.shape, ours.dtype, ours.weak_type) == (
        theirs.shape,
        theirs.dtype,
        theirs.weak_type,
    )
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-5)
