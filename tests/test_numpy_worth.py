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
from pullback.primitives import nary

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
    "linspace": lambda m, x, y: (m.linspace(0, 1, 7), m.linspace(y[0], 3.0, 5, axis=1)),
    "round": lambda m, x, y: (m.round(x, 1), m.count_nonzero(x, axis=0)),
    "outer": lambda m, x, y: (m.outer(x, y), m.diagonal(x, 1), m.rot90(y), m.resize(x, (2, 7))),
    "packbits": lambda m, x, y: (m.packbits(x > 0, axis=1), m.packbits(y > 0, bitorder="little")),
    "unpackbits": lambda m, x, y: m.unpackbits((x > 0).astype("uint8"), axis=0, count=20),
    "repeat": lambda m, x, y: (m.repeat(x, 2), m.repeat(y, 3, axis=1)),
    "isin": lambda m, x, y: (m.isin(x, y[0]), m.isin(x, m.arange(40), invert=True)),
    "delete": lambda m, x, y: (m.delete(x, 1, axis=0), m.delete(y, np.asarray([0, -1, 0]))),
    "insert": lambda m, x, y: (
        m.insert(x, np.asarray([3, 0, 3]), y[0]),
        m.insert(y, -1, y[0], axis=1),
    ),
    "geomspace": lambda m, x, y: (m.logspace(0, 2, 5), m.geomspace(m.abs(SQUARE[0]), 7.0, 4)),
    "spacing": lambda m, x, y: m.spacing(y),
    "unravel_index": lambda m, x, y: m.unravel_index(m.asarray([5, -2, 99]), (3, 4)),
    "bitwise_count": lambda m, x, y: m.bitwise_count(m.asarray([5, -7, 0])),
    "vecmat": lambda m, x, y: (m.vecmat(m.abs(SQUARE[0]), SQUARE), m.matvec(SQUARE, SQUARE[0])),
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


LOTS = np.linspace(0.1, 0.9, nary.MANY, dtype="float32")
ELEMENTARY: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(pnp, name) for name in ("sin", "arctanh", "log1p", "cbrt", "sqrt")},
    **{name: getattr(pb.lax, name) for name in ("erf_inv", "lgamma", "logistic", "sign", "round")},
    "power": lambda x: (pnp.power(x, x), pnp.power(x, 0.3), 2.0**x),
    "arctan2": lambda x: (pnp.arctan2(x, 2), pnp.arctan2(x, 1 - x)),
    "remainder": lambda x: (pnp.fmod(x, 0.3), pnp.remainder(x, -0.3), x // 0.3),
    "nextafter": lambda x: (pnp.nextafter(x, 1), pnp.spacing(x)),
    "where": lambda x: (pnp.where(x > 0.5, x, 0), pnp.where(x > 0.5, 1, x), pnp.clip(x, 0.2, 0.7)),
    "igamma": lambda x: (pb.lax.igamma(x, x), pb.scipy.special.gammaincc(x, 0.5)),
    "betainc": lambda x: pb.scipy.special.betainc(x, 2.0, x),
    "densities": lambda x: (
        pb.scipy.stats.t.logpdf(x, 2.0),
        pb.scipy.stats.gamma.logpdf(x, 2.0, scale=0.3),
        pb.scipy.stats.poisson.logpmf(pnp.round(9 * x), 4.0),
        pb.scipy.special.betaln(x, 2.0),
    ),
    "softmax": lambda x: pb.nn.softmax(pnp.stack([x, -x, x + 1], 1), 1),
    "zeta": lambda x: pb.scipy.special.zeta(x + 2, x),
    "reduce_precision": lambda x: pb.lax.reduce_precision(x, 8, 7),
}


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_of_very_many_elements(name: str) -> None:
    x, few = pnp.asarray(LOTS), pnp.asarray(LOTS[::9973])
    ours = pb.tree.leaves(ELEMENTARY[name](x))
    compiled = pb.tree.leaves(pb.jit(ELEMENTARY[name])(x))
    usual = pb.tree.leaves(ELEMENTARY[name](few))
    for one, other, part in zip(ours, compiled, usual, strict=True):
        assert (one.dtype, one.weak_type) == (part.dtype, part.weak_type)
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one[::9973], part, rtol=2e-6, atol=2e-7)


def test_elementary_functions_of_very_many_elements_of_other_kinds() -> None:
    np.testing.assert_array_equal(pb.lax.exp(LOTS), pb.lax.exp(pnp.asarray(LOTS)))
    halves = pnp.asarray(LOTS, "bfloat16")
    assert pnp.exp(halves).dtype == halves.dtype
    np.testing.assert_array_equal(pnp.exp(halves)[:99], pnp.exp(halves[:99]))
    np.testing.assert_array_equal(pnp.exp(LOTS * 1j), np.exp(LOTS * np.complex64(1j)))
    whole = np.arange(LOTS.size, dtype="int32")
    np.testing.assert_array_equal(pnp.fmod(whole, 7), whole % 7)
    np.testing.assert_array_equal(pnp.sign(whole), whole > 0)
    slope = pb.grad(lambda x: pnp.sin(x).sum())(pnp.asarray(LOTS))
    np.testing.assert_array_equal(slope, pnp.cos(pnp.asarray(LOTS)))
    with pytest.raises(TypeError, match="exp"):
        pb.lax.exp(whole)


PRODUCTS: dict[str, Callable[[Any, Any], Any]] = {
    "matmul": lambda m, x: x @ x.T,
    "einsum": lambda m, x: m.einsum("bik,bjk->bij", m.stack([x, x + 1]), m.stack([x, x])),
    "halves": lambda m, x: m.inner(x.astype("bfloat16"), x.astype("bfloat16")).astype("float32"),
    "integers": lambda m, x: m.tensordot((9 * x).astype("int32"), (7 * x).astype("int32"), (1, 1)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_large_products_are_compiled(name: str) -> None:
    x = pnp.asarray(RNG.normal(size=(300, 900)).astype("float32"))
    ours = PRODUCTS[name](pnp, x)
    compiled = pb.jit(lambda x: PRODUCTS[name](pnp, x))(x)
    assert (ours.dtype, ours.weak_type) == (compiled.dtype, compiled.weak_type)
    np.testing.assert_array_equal(ours, compiled)
    theirs = PRODUCTS[name](jnp, jnp.asarray(x))
    np.testing.assert_allclose(ours, theirs, rtol=2e-2, atol=1e-4)


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


@pytest.mark.parametrize("dtype", ["float32", "int16", "bool"])
def test_partitions(dtype: str) -> None:
    values = RNG.normal(size=(5, 40)).astype(dtype)
    values[0, :9] = values[0, 0]
    if dtype == "float32":
        values[1, 5] = np.nan
    x = pnp.asarray(values)
    for kth in (0, 7, -1):
        wanted = np.sort(values, -1)
        part, at = pnp.partition(x, kth), pnp.argpartition(x, kth, axis=-1)
        assert part.dtype == x.dtype and at.dtype == "int32"
        for found in (np.asarray(part), np.take_along_axis(values, np.asarray(at), -1)):
            np.testing.assert_array_equal(np.sort(found, -1), wanted)
            np.testing.assert_array_equal(found[:, kth], wanted[:, kth])
            assert not (found[:, :kth] > found[:, kth, None]).any()
        np.testing.assert_array_equal(pb.jit(pnp.partition, static_argnums=1)(x, kth), wanted)


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
