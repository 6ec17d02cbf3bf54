"""Operations that the CPU compiler writes as programs: against values, mpmath and one another."""

from typing import Any

import mpmath
import numpy as np
import pytest
from cpu import compare, executable, program

from pullback import config, dtypes
from pullback.backends.cpu.expand import ELEMENTWISE, TOGETHER
from pullback.core.primitive import Primitive
from pullback.primitives import analytic, counts, cumulative, incomplete, special
from pullback.primitives.compare import ge_p, le_p
from pullback.primitives.window import Windows, select_and_gather_add, select_and_scatter_add

EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 30.0, -2.5, np.inf, -np.inf, np.nan, 1e-30)
# Arguments of each function, on which all values are accurate.
RANGES = {
    "expn": ((0, 6), (0.1, 8)), "polygamma": ((1, 6), (0.3, 20)), "zeta": ((1.1, 9), (0.2, 20)),
    "regularized_incomplete_beta": ((0.3, 5), (0.3, 5), (0.05, 0.95)), "ndtri": ((0.001, 0.999),),
    "poch": ((0.3, 5), (0.3, 5)), "spence": ((0.1, 5),), "erfcx": ((-2, 20),), "dawsn": ((-9, 9),),
    "log_counts": ((0, 30), (0.1, 30)), "log_ndtr": ((-20, 4),),
    "beta": ((0.3, 30), (0.3, 30)), "betaln": ((0.3, 50), (0.3, 50)),
    "bessel_i0e": ((-30, 30),), "bessel_i1e": ((-30, 30),),
}  # fmt: skip
WHOLE = ("expn", "polygamma")


def primitive(name: str) -> Primitive:
    return next(
        p
        for module in (analytic, counts, incomplete, special)
        for p in vars(module).values()
        if isinstance(p, Primitive) and p.name == name
    )


def arguments(name: str, dtype: Any, size: int) -> list[np.ndarray]:
    rng = np.random.default_rng(len(name))
    two = name.startswith(("igamma", "random_gamma"))
    ranges = RANGES.get(name, ((0.2, 12),) * (2 if two else 1))
    found = [rng.uniform(low, high, size) for low, high in ranges]
    if name in WHOLE:
        found[0] = np.floor(found[0])
    return [x.astype(dtype) for x in found]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values(name: str, dtype: str) -> None:
    # More than are worked on together, and one alone.
    for size in (TOGETHER + 70, 1):
        args = arguments(name, dtype, size)
        compare(primitive(name).bind, *args, ulps=64, relative=300 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if len(RANGES.get(n, (0,))) == 1])
def test_limits(name: str) -> None:
    if name.startswith(("igamma", "random_gamma")):
        pairs = np.meshgrid([e for e in EDGES if e != np.inf], EDGES)
        args = [p.ravel().astype("float32") for p in pairs]
    else:
        args = [np.array(EDGES, "float32")]
    with config.override(enable_x64=True):
        jaxpr, arrays = program(primitive(name).bind, args)
        got = np.asarray(executable(jaxpr)[0](arrays)[0])
        wanted = np.asarray(primitive(name).bind(*args))
    limits = ~np.isfinite(wanted)
    np.testing.assert_array_equal(got[limits], wanted[limits])
    assert np.isfinite(got[~limits]).all()


GAMMAS = {
    "lgamma": (lambda x: mpmath.log(abs(mpmath.gamma(x))), (1e-3, 3), (3, 100)),
    "digamma": (lambda x: mpmath.psi(0, x), (1e-3, 3), (3, 100)),
    "bessel_i1e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(1, x), (-8, 8), (8, 60)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", GAMMAS)
def test_accuracy(name: str, dtype: str) -> None:
    reference, *ranges = GAMMAS[name]
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(low, high, 200) for low, high in ranges]).astype(dtype)
    with config.override(enable_x64=True):
        jaxpr, arrays = program(getattr(special, name), [x])
        got = np.asarray(executable(jaxpr)[0](arrays)[0])
    with mpmath.workdps(30):
        for v, y in zip(x, got, strict=True):
            wanted = reference(mpmath.mpf(float(v)))
            assert abs(float(y) - wanted) <= 8 * np.finfo(dtype).eps * abs(wanted), (v, y, wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("reverse", [False, True])
def test_running_log_sums(dtype: str, reverse: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-200, 200, (3, 50)).astype(getattr(dtypes, dtype))
    x[0, :3], x[1, 7], x[2, 9], x[2, 20:25] = -np.inf, np.inf, np.nan, -np.inf
    compare(lambda x: cumulative.cumlogsumexp(x, 1, reverse), x, ulps=16)


def test_long_running_log_sum() -> None:
    x = np.random.default_rng(0).normal(size=100_000).astype("float32")
    with config.override(enable_x64=True):
        jaxpr, arrays = program(lambda x: cumulative.cumlogsumexp(x, 0, False), [x])
        got = np.asarray(executable(jaxpr)[0](arrays)[0])
    np.testing.assert_allclose(got, np.logaddexp.accumulate(x.astype("float64")), rtol=1e-6)


@pytest.mark.parametrize("sizes", [(2, 3), (7, 6)])
@pytest.mark.parametrize("chosen_by", [ge_p, le_p])
def test_choices_in_windows(sizes: tuple[int, int], chosen_by: Any) -> None:
    rng = np.random.default_rng(0)
    x, t = rng.integers(0, 5, (2, 17, 15)).astype("float32")
    w = Windows(sizes, (2, 3), ((1, 2), (0, 3)), (1, 1), (1, 1))
    compare(lambda t, x: select_and_gather_add(t, x, chosen_by, w), t, x)
    s = rng.normal(size=w.counts(x.shape)).astype("float32")

    def scatter(s: Any, x: Any) -> Any:
        return select_and_scatter_add(s, x, chosen_by, sizes, (2, 3), w.padding)

    compare(scatter, s, x)
