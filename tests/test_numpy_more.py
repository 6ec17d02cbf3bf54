"""Sorting, searching, sets, statistics, polynomials, histograms: results are JAX's."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_cases import AWKWARD, FINITE_AND_NAN, b, c, f, i, positive, rising, row, table, u
from numpy_oracle import assert_same, check

import pullback as pb
from pullback import numpy as pnp

ORDER = table(
    row("sort argsort", f(3, 4)),
    row("sort argsort", AWKWARD),
    row("sort argsort", i(3, 4), axis=0, descending=True),
    row("sort", f(3, 4), axis=None),
    row("lexsort", [i(6), i(6)]),
    row("sort sort_complex", c(5)),
    row("argsort", np.array([3, 1, 3, 1, 2]), descending=True),
    row("where", b(5)),
    row("nonzero", i(3, 3)),
    row("nonzero", b(3, 3), size=5, fill_value=-1),
    row("flatnonzero argwhere", b(2, 4)),
    row("select", [b(4), b(4)], [f(4), i(4)], 3.0),
    row("choose", np.array([0, 1, 1]), [f(3), f(3)], mode="clip"),
    row("choose", np.array([0, 3, -1]), [f(3), f(3)], mode="wrap"),
    row("compress", b(3), f(3, 2), axis=0),
    row("extract", b(2, 3), f(2, 3)),
    row("searchsorted", rising(9), f(4)),
    row("searchsorted", np.sort(i(9)), i(2, 3), side="right"),
    row("searchsorted", np.sort(AWKWARD), AWKWARD),
    row("digitize", f(5), rising(4)),
    row("digitize", f(5), rising(4)[::-1].copy(), right=True),
    row("piecewise", f(5), [b(5), b(5)], [1.0, 2.0, 3.0]),
    row("put", f(5), np.array([0, 2]), np.array([7.0, 8.0], np.float32), inplace=False),
    row("put", f(5), np.array([1, 9]), 2.0, inplace=False),
    row("take", f(5), True),
    row("take_along_axis", f(2, 3), np.array([[0, -1], [1, 5]]), axis=1, mode="one_hot"),
    row("place", f(5), b(5), f(2), inplace=False),
    row("fill_diagonal", f(3, 3), 2.0, inplace=False),
    row("put_along_axis", f(2, 3), np.array([[1], [2]]), 5.0, 1, inplace=False),
    row("take", f(5), np.array([0, -1, 9])),
    row("take", f(3, 4), np.array([[0, 1]]), axis=1),
    row("take", f(3, 4), 2, axis=0),
    row("take", f(5), np.array([7, -7]), mode="wrap"),
    row("take", f(5), np.array([7, -7]), mode="clip"),
    row("take", i(5), np.array([7, 1]), fill_value=3),
    row("take_along_axis", f(3, 4), u(3, 2) % 4, axis=1),
    row("take_along_axis", f(3, 4), np.array([0, -1, 7]), axis=None),
)
SETS = table(
    row("unique", i(9)),
    row("unique", i(9), return_index=True, return_inverse=True, return_counts=True),
    row("unique", i(5, 2) % 2, axis=0, return_counts=True),
    row("unique", AWKWARD),
    row("unique", AWKWARD, equal_nan=False),
    row("unique", i(9), size=4),
    row("unique", i(9), size=12, fill_value=-7, return_counts=True),
    row("unique_all unique_counts unique_inverse unique_values", i(4, 3)),
    row("isin", i(9), i(4)),
    row("isin", i(3, 3), i(4), invert=True),
    row("union1d setdiff1d setxor1d intersect1d", i(6), i(6)),
    row("union1d setdiff1d setxor1d intersect1d", i(6) + 3, i(6) + 3, size=9),
    row("setxor1d intersect1d", i(6), i(6) + 90, size=9),
    row("intersect1d", i(6), i(6), return_indices=True),
    row("setdiff1d union1d", i(6), i(6), size=4, fill_value=-9),
    row("setdiff1d", np.zeros(0, np.int32), i(6), size=4),
    row("trim_zeros", np.array([0, 0, 1, 2, 0, 3, 0])),
)
QS, W = np.array([0.1, 0.5, 1.0], np.float32), np.array([2, 0, 1, 1], np.int32)
STATISTICS = table(
    row("nansum nanprod nanmax nanmin nanmean nanvar nanstd nanargmax nanmedian", FINITE_AND_NAN),
    row("nancumsum nancumprod", FINITE_AND_NAN),
    row("nansum nanmax nanmean nanstd", np.stack([AWKWARD[:7], AWKWARD[3:10][::-1]]), axis=1),
    row("quantile percentile", f(5, 4), np.array([0.1, 0.9], np.float32), axis=0),
    row("quantile nanquantile", f(7), 0.33, method="nearest"),
    row("quantile", f(7), 0.33, method="midpoint", keepdims=True),
    row("quantile nanquantile", f(4, 3), QS, axis=0, weights=W, method="inverted_cdf"),
    row("quantile", f(4, 3), 0.3, weights=positive(4, 3), method="inverted_cdf", keepdims=True),
    row(
        "percentile nanpercentile",
        f(4, 5, 3),
        60,
        axis=(0, 2),
        weights=positive(4, 3),
        method="inverted_cdf",
        keepdims=True,
    ),
    row(
        "nanquantile nanpercentile", FINITE_AND_NAN, 0.4, weights=positive(7), method="inverted_cdf"
    ),
    row("quantile", f(4), QS, weights=np.array([1.0, -1.0, 2.0, 3.0]), method="inverted_cdf"),
    row("nanvar nanstd", FINITE_AND_NAN.astype(np.float16), ddof=1),
    row("nanvar", FINITE_AND_NAN, dtype=np.float16),
    row("median nanmedian", f(4, 5), axis=1),
    row("median", AWKWARD),
    row("cov corrcoef", f(3, 8)),
    row("cov", f(3, 8), f(2, 8)),
    row("cov", f(8, 3), rowvar=False, ddof=0),
    row("cov", f(3, 4), aweights=positive(4)),
    row("diff", i(3, 4), 2, axis=0),
    row("diff", f(4), prepend=0.0, append=1.0),
    row("diff", b(4)),
    row("ediff1d", f(4), to_end=2.0, to_begin=1.0),
    row("trapezoid", f(3, 5), rising(5), axis=1),
    row("gradient", f(3, 4)),
    row("gradient", f(5), rising(5)),
    row("interp", f(6), rising(5), f(5)),
    row("interp", f(6), rising(5), f(5), left=0.0, right=9.0),
    row("interp", f(6), rising(5), f(5), period=2.0),
    row("unwrap", np.cumsum(positive(8) * 3).astype(np.float32) % np.float32(6.28)),
    row("bincount", u(9), f(9), 12),
    row("bincount", u(9), length=4),
    row("histogram", f(20), 5, range=(-1, 1)),
    row("histogram", f(20), np.array([-1.0, 0, 0.5, 2], np.float32), density=True),
    row("histogram2d", f(20), f(20), 3),
    row("histogramdd", f(20, 2), 4),
    row("polyval", f(4), f(3)),
    row("polyadd polysub polymul", f(4), f(2)),
    row("polydiv", f(5), f(2)),
    row("polyder polyint", f(4)),
    row("poly vander", f(3)),
    *[row("convolve correlate", f(5), f(3), mode=m) for m in ("full", "same", "valid")],
    *[row("convolve correlate", f(3), f(6), mode=m) for m in ("full", "same", "valid")],
)


@pytest.mark.parametrize(("name", "args", "kwargs"), [*ORDER, *SETS, *STATISTICS])
def test_table(name: str, args: Any, kwargs: Any) -> None:
    check(name, *args, **kwargs)


def test_grids_and_concatenators() -> None:
    assert_same(pnp.mgrid[0:2, 0:3], jnp.mgrid[0:2, 0:3])
    assert_same(pnp.ogrid[0:2, 0:1:3j], jnp.ogrid[0:2, 0:1:3j])
    x, y = pnp.array([1, 2, 3]), jnp.array([1, 2, 3])
    assert_same(pnp.r_[x, 0, 1:3], jnp.r_[y, 0, 1:3])
    assert_same(pnp.c_[x, x], jnp.c_[y, y])
    assert pnp.s_[1:2, ...] == (slice(1, 2), ...)


def test_vectorize() -> None:
    a, b_ = f(2, 3), f(4, 1, 3)
    got = pnp.vectorize(pnp.dot, signature="(n),(n)->()")(a, b_)
    want = jnp.vectorize(jnp.dot, signature="(n),(n)->()")(a, b_)
    assert_same(got, want)
    with pytest.raises(ValueError, match="inconsistent size for core dimension 'n'"):
        pnp.vectorize(pnp.dot, signature="(n),(n)->()")(f(2), f(3))


def test_apply_along_axis() -> None:
    x = f(2, 3, 4)
    got = pnp.apply_along_axis(pnp.cumsum, 1, x)
    np.testing.assert_allclose(got, np.apply_along_axis(np.cumsum, 1, x), 1e-5)


def test_sizes_under_jit() -> None:
    x = pnp.array([0, 3, 0, 5])
    (at,) = pb.jit(lambda v: pnp.nonzero(v, size=3, fill_value=9))(x)
    np.testing.assert_array_equal(at, [1, 3, 9])
    got = pb.jit(lambda v: pnp.unique(v, size=4, fill_value=7))(x)
    np.testing.assert_array_equal(got, [0, 3, 5, 7])
    with pytest.raises(pb.errors.ConcretizationTypeError, match="size="):
        pb.jit(pnp.nonzero)(x)


def test_files(tmp_path: Any) -> None:
    x = pnp.arange(3.0)
    pnp.save(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(pnp.load(tmp_path / "x.npy"), x)
    pnp.save(tmp_path / "half.npy", pnp.asarray(x, "bfloat16"))
    half = pnp.load(tmp_path / "half.npy")
    assert half.dtype == pb.dtypes.bfloat16
    np.testing.assert_array_equal(half, pnp.asarray(x, "bfloat16"))
    np.save(tmp_path / "text.npy", np.array(["a"]))
    assert type(pnp.load(tmp_path / "text.npy")) is type(jnp.load(tmp_path / "text.npy"))


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "error"),
    [
        ("quantile", (f(4), 0.5), {"weights": f(4), "method": "linear"}, NotImplementedError),
        ("quantile", (f(4), 0.5), {"weights": f(3), "method": "inverted_cdf"}, ValueError),
        ("quantile", (f(4), 0.5), {"weights": c(4), "method": "inverted_cdf"}, ValueError),
        ("average", (f(2, 3, 4),), {"axis": (0, 1), "weights": f(3)}, ValueError),
        ("average", (f(2, 3, 4),), {"weights": f(3)}, ValueError),
        ("var", (f(3),), {"ddof": 1, "correction": 1}, ValueError),
        ("nanvar", (c(3),), {"dtype": np.float32}, ValueError),
        ("sum", (f(3),), {"where": i(3)}, ValueError),
        ("cov", (f(3),), {"dtype": int}, ValueError),
        ("corrcoef", (f(3),), {"dtype": int}, ValueError),
        ("cov", (f(3),), {"fweights": f(3)}, TypeError),
        ("cov", (f(3),), {"fweights": u(2)}, RuntimeError),
        ("sort", (f(3),), {"kind": "quicksort"}, TypeError),
        ("argsort", (f(3),), {"order": "a"}, TypeError),
        ("isin", (i(3), i(2)), {"method": "sorted"}, ValueError),
        ("choose", (u(2) % 2, [f(2), f(2)]), {"mode": "mirror"}, ValueError),
        ("put", (f(4), u(1) % 4, 2.0), {"inplace": False, "mode": "fill"}, ValueError),
        ("put", (f(4), u(1) % 4, 2.0), {"inplace": False, "mode": "raise"}, NotImplementedError),
        ("take", (f(3), 1.5), {}, ValueError),
        ("take", (f(3), 1), {"mode": "drop"}, ValueError),
        ("ravel_multi_index", ((u(2) % 2,) * 2, (2, 2)), {"mode": "mirror"}, ValueError),
        ("unravel_index", (3, ((2, 3), 4)), {}, ValueError),
        ("delete", (f(3), 1.5), {}, ValueError),
        ("insert", (f(3), 1.5, 2.0), {}, ValueError),
        ("split", (f(3), -1), {}, ValueError),
        ("tri", (4,), {"k": 2**33}, OverflowError),
        ("vecdot", (f(3), f(4)), {}, ValueError),
        ("array_equal", (f(3), None), {}, ValueError),
        ("mean", (f(3),), {"where": i(3)}, ValueError),
    ],
)
def test_what_is_refused(name: str, args: Any, kwargs: Any, error: type[Exception]) -> None:
    for library in (pnp, jnp):
        with pytest.raises(error):
            getattr(library, name)(*args, **kwargs)


@pytest.mark.parametrize("x", [None, [0.0, None], [0, 2**63]])
def test_no_arrays(x: Any) -> None:
    for library in (pnp, jnp):
        with pytest.raises((ValueError, OverflowError)):
            library.array(x)


PLACES = np.array([0, 5, -1, 9, -9], np.int8)


@pytest.mark.parametrize("shape", [(2, 3), 6, (2.0, 3.0), (0, 3), (), np.array([2, 3], np.int32)])
@pytest.mark.parametrize("at", [3, PLACES, PLACES[:2].astype(np.uint8), PLACES.astype(np.float32)])
def test_places_in_a_shape(at: Any, shape: Any) -> None:
    got, want = pnp.unravel_index(at, shape), jnp.unravel_index(at, shape)
    for x, y in zip(got, want, strict=True):
        assert_same(x, y)


def _without(n: int, shape: Any = -1, axis: int | None = None) -> Any:
    x = np.arange(n, dtype=np.int32).reshape(shape)
    return lambda lib: lambda at: lib.delete(x, at, axis, assume_unique_indices=True)


def test_places_by_traced_numbers() -> None:
    at, place = np.arange(7), np.array([1, 7, -2])
    cases: tuple[tuple[Any, Any], ...] = (
        (lambda lib: lambda n: lib.unravel_index(at, (2, n)), (3,)),
        (lambda lib: lambda k: lib.tri(3, 4, k=k), (1,)),
        (lambda lib: lambda v: lib.ravel_multi_index((v, v), (3, 4), mode="ignore"), (place,)),
        (lambda lib: lambda s: lib.roll(lib.arange(6).reshape(2, 3), s), (np.array([1, 2]),)),
        (_without(7), (np.int32(3),)),
        (_without(7), (np.array([-1, 2, 0]),)),
        (_without(12, (3, 4), 1), (np.array([[3], [0]]),)),
        (_without(12, (3, 4)), (np.array([5, -12, 30], np.int8),)),
    )
    for f_, args in cases:
        got, want = pb.jit(f_(pnp))(*args), jax.jit(f_(jnp))(*args)
        for x, y in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
            assert_same(x, y)


@pytest.mark.parametrize("key", ["r", "c", "0,4,-2", "0,4,-1", "0,3,-2", "0,3,1", "-1"])
@pytest.mark.parametrize("name", ["r_", "c_"])
def test_directives_of_joins(name: str, key: str) -> None:
    assert_same(*[getattr(lib, name)[key, [1, 2, 3], [4, 5, 6]] for lib in (pnp, jnp)])


def test_indices_as_values() -> None:
    assert pnp.index_exp[5:3] == np.index_exp[5:3]
    assert pnp.s_[5:3] == slice(5, 3)
    assert_same(pnp.mgrid[()], jnp.mgrid[()])
    assert pnp.ogrid[()] == []


@pytest.mark.parametrize("name", ["all", "any"])
def test_answers_over_no_axes_are_as_weak(name: str) -> None:
    assert getattr(pnp, name)(pnp.asarray(1), axis=()).weak_type is False


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_long_polynomials(dtype: str) -> None:
    """They are summed by a loop."""
    p = np.where(np.arange(150) % 7 == 0, 1, 0).astype(dtype)
    x = np.array([[-1, 0, 1]], dtype)
    check("polyval", p, x, rtol=1e-5)
    slope = pb.grad(lambda v: pnp.polyval(p, v))(0.5)
    np.testing.assert_allclose(slope, np.polyval(np.polyder(p.astype(float)), 0.5), 1e-5)


TEXTS: list[Any] = ["3", ["1", "0"], (b"1",), [["1"], ["2"]], np.array(["1", "2"]), np.array(b"2")]


@pytest.mark.parametrize("x", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("dtype", [float, "int8", complex, bool])
def test_texts_that_spell_numbers(x: Any, dtype: Any) -> None:
    assert_same(pnp.array(x, dtype), jnp.array(x, dtype))
