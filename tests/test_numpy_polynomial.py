"""Series of polynomials: values are NumPy's, under `jit` too; derivatives are those of values."""

import inspect
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

PREFIXES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "laguerre": "lag",
    "hermite": "herm",
    "hermite_e": "herme",
}
RNG = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


X, C, D, R = numbers(4, 2), numbers(5), numbers(3), numbers(6)
CUBE = numbers(3, 4, 2)
# By the name without its prefix: arrays, and arguments that are no arrays.
CALLS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "add": ((C, D), ()),
    "sub": ((D, C), ()),
    "mulx": ((C,), ()),
    "mul": ((C, D), ()),
    "div": ((C, D), ()),
    "pow": ((D,), (3,)),
    "val": ((X, C), ()),
    "val2d": ((X, X * 2, CUBE), ()),
    "val3d": ((X, X * 2, X + 1, CUBE), ()),
    "grid2d": ((X[0], X[1], CUBE), ()),
    "grid3d": ((X[0], X[1], X[2], CUBE), ()),
    "vander": ((X,), (4,)),
    "vander2d": ((X, X * 2), ([2, 3],)),
    "vander3d": ((X, X * 2, X + 1), ([1, 0, 2],)),
    "der": ((CUBE,), (2, 3.0)),
    "int": ((CUBE,), (2, [1, 2], 0.3, 2.0)),
    "fromroots": ((R,), ()),
    "roots": ((C,), ()),
    "companion": ((C,), ()),
    "fit": ((R, numbers(6, 2)), (3,)),
    "line": ((2.0, 3.0), ()),
    "2poly": ((C,), ()),
    "gauss": ((), (5,)),
    "weight": ((X / 10,), ()),
}
ORTHOGONAL = ("2poly", "gauss", "weight")
CASES = [
    (module, prefix, name)
    for module, prefix in PREFIXES.items()
    for name in CALLS
    if prefix != "poly" or name not in ORTHOGONAL
]


def both(module: str) -> tuple[Any, Any]:
    return getattr(pnp.polynomial, module), getattr(np.polynomial, module)


def assert_close(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    found, expected = (x if isinstance(x, tuple) else (x,) for x in (found, expected))
    for a, b in zip(found, expected, strict=True):
        assert a.shape == np.shape(b)
        np.testing.assert_allclose(a, b, tolerance, tolerance)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("module", "prefix", "name"), CASES)
def test_values_are_those_of_numpy(module: str, prefix: str, name: str, compiled: bool) -> None:
    ours, theirs = (getattr(m, prefix + name) for m in both(module))
    arrays, rest = CALLS[name]
    with pb.enable_x64():
        f = pb.jit(lambda *xs: ours(*xs, *rest)) if compiled else lambda *xs: ours(*xs, *rest)
        assert_close(f(*arrays), theirs(*arrays, *rest))


@pytest.mark.parametrize("module", PREFIXES)
def test_every_function_is_here_with_its_parameters(module: str) -> None:
    ours, theirs = both(module)
    for name in theirs.__all__:
        found = getattr(theirs, name)
        if inspect.isfunction(found):
            given, wanted = (inspect.signature(f).parameters for f in (getattr(ours, name), found))
            assert list(given) == list(wanted), name
            assert getattr(ours, name).__name__ == name
        elif isinstance(found, np.ndarray):
            assert_close(getattr(ours, name), found)
    with pytest.raises(AttributeError, match="nothing"):
        _ = ours.nothing


@pytest.mark.parametrize("name", ["val", "der", "int", "mul", "2poly", "fromroots", "roots"])
def test_derivatives_are_those_of_values(name: str) -> None:
    f = getattr(pnp.polynomial.chebyshev, f"cheb{name}")
    arrays, rest = CALLS[name]
    with pb.enable_x64():
        at = tuple(map(pnp.array, arrays))
        pb.test_util.check_grads(lambda *xs: f(*xs, *rest), at, 2, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("module", "prefix"), PREFIXES.items())
def test_values_in_any_number_of_variables(module: str, prefix: str) -> None:
    ours, theirs = both(module)
    with pb.enable_x64():
        got = getattr(ours, prefix + "valnd")((X, X * 2, X / 3), CUBE)
        assert_close(got, getattr(theirs, prefix + "val3d")(X, X * 2, X / 3, CUBE))


@pytest.mark.parametrize("module", PREFIXES)
def test_long_series_are_summed_by_a_loop(module: str) -> None:
    """The value of a series whose coefficients fall quickly, and its derivative in x."""
    ours, theirs = both(module)
    prefix = PREFIXES[module]
    c = numbers(90) / np.cumprod(np.arange(1.0, 91.0))
    with pb.enable_x64():
        f = getattr(ours, f"{prefix}val")
        assert_close(f(0.7, c), getattr(theirs, f"{prefix}val")(0.7, c))
        slope = getattr(theirs, f"{prefix}val")(0.7, getattr(theirs, f"{prefix}der")(c))
        np.testing.assert_allclose(pb.grad(f)(0.7, c), slope, 1e-9)


def test_series_in_several_columns() -> None:
    ours, theirs = both("legendre")
    c = numbers(4, 3)
    with pb.enable_x64():
        assert_close(ours.legval(X[0, 0], c), theirs.legval(X[0, 0], c))
        assert_close(ours.legval(X, c), theirs.legval(X, c))
        assert_close(ours.legval(R[:3], c, tensor=False), theirs.legval(R[:3], c, tensor=False))
        assert_close(ours.legder(c, axis=1), theirs.legder(c, axis=1))
        assert_close(pb.vmap(ours.legval, (0, None))(R, c[:, 0]), theirs.legval(R, c[:, 0]))


def test_fits_with_weights_and_of_some_degrees() -> None:
    ours, theirs = both("chebyshev")
    x, y, w = numbers(9), numbers(9), numbers(9) ** 2
    with pb.enable_x64():
        assert_close(ours.chebfit(x, y, [0, 3], w=w), theirs.chebfit(x, y, [0, 3], w=w))
        found, (residuals, rank, values, cutoff) = ours.chebfit(x, y, 3, full=True)
        expected, (theirs_r, theirs_rank, theirs_s, theirs_cut) = theirs.chebfit(x, y, 3, full=True)
        assert_close((found, residuals, values), (expected, theirs_r, theirs_s))
        assert (rank, cutoff) == (theirs_rank, theirs_cut)


def test_interpolation_at_the_points() -> None:
    ours, theirs = both("chebyshev")
    with pb.enable_x64():
        f = ours.chebinterpolate
        assert_close(f(pnp.tanh, 8), theirs.chebinterpolate(np.tanh, 8))
        scaled = f(lambda x, k: pnp.exp(k * x), 5, (0.5,))
        assert_close(scaled, theirs.chebinterpolate(lambda x, k: np.exp(k * x), 5, (0.5,)))
        for name in ("chebpts1", "chebpts2"):
            assert_close(getattr(ours, name)(7), getattr(theirs, name)(7))


def test_roots_that_are_known() -> None:
    with pb.enable_x64():
        found = pnp.polynomial.polynomial.polyvalfromroots(X, CUBE[0])
        assert_close(found, np.polynomial.polynomial.polyvalfromroots(X, CUBE[0]))


def test_trimmed() -> None:
    assert_close(pnp.polynomial.legendre.legtrim(pnp.array([1.0, 1e-3, 0.0]), 0.01), np.ones(1))
    assert_close(pnp.polynomial.legendre.legtrim(pnp.zeros(3)), np.zeros(1))


def test_what_is_refused() -> None:
    m = pnp.polynomial.chebyshev
    with pytest.raises(ValueError, match="chebadd: a series is a vector"):
        m.chebadd(pnp.ones((2, 2)), pnp.ones(2))
    with pytest.raises(ValueError, match="chebpow: wants a power from 0 to 16"):
        m.chebpow(pnp.ones(2), 17)
    with pytest.raises(ValueError, match="chebvander: wants a degree"):
        m.chebvander(pnp.ones(2), -1)
    with pytest.raises(ValueError, match="chebint: wants an order"):
        m.chebint(pnp.ones(2), 1, [1, 2])
    with pytest.raises(TypeError, match="chebfit: wants x of shape"):
        m.chebfit(pnp.ones(3), pnp.ones(2), 1)
    with pytest.raises(TypeError, match="chebval requires arrays"):
        m.chebval(1.0, "no series")


@pytest.mark.parametrize(
    ("sizes", "axis"), [((2, 3), None), (2, 0), ((2, 2), (1, 1)), (4, -1), (6, 1)]
)
def test_windows_are_those_of_numpy(sizes: Any, axis: Any) -> None:
    x = numbers(5, 6).astype(np.float32)
    window = pnp.lib.stride_tricks.sliding_window_view
    expected = np.lib.stride_tricks.sliding_window_view(x, sizes, axis)
    for f in (window, pb.jit(window, static_argnums=(1, 2))):
        np.testing.assert_array_equal(f(pnp.array(x), sizes, axis), expected)
    total = pb.grad(lambda v: (window(v, sizes, axis) ** 2).sum())(pnp.array(x))
    counts = pb.grad(lambda v: window(v, sizes, axis).sum())(pnp.array(x))
    np.testing.assert_allclose(total, 2 * x * counts, 1e-5)


def test_windows_that_do_not_fit() -> None:
    window = pnp.lib.stride_tricks.sliding_window_view
    with pytest.raises(ValueError, match="does not fit"):
        window(pnp.ones(3), 4)
    with pytest.raises(ValueError, match="a size for each axis"):
        window(pnp.ones((3, 3)), 2)
