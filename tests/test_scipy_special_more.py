"""The rarer functions of `scipy.special` against SciPy's, in both precisions, and derivatives."""

from typing import Any

import jax
import jax.scipy.special as theirs
import numpy as np
import pytest
import scipy.special as oracle

import pullback as pb
from pullback.scipy import special

X = np.array([-60.0, -4.2, -1.3, -0.2, 0.1, 0.9, 1.6, 3.9, 4.1, 7.0, 35.0])
A = np.array([0.5, 1.5, -0.3, 2.0, 1.0, 3.2, 0.2, 1.1, 4.0, 0.7, 2.5])
CASES: dict[str, tuple[np.ndarray, ...]] = {
    "fresnel": (X / 3,),
    "sici": (X,),
    "owens_t": (X, A[::-1] - 1),
    "hyp1f1": (A, A[::-1] + 1, X / 3),
    "hyp2f1": (A, A[::-1] + 0.13, A + 2.3, np.linspace(-3, 0.97, 11)),
}


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_values(name, wide):
    dtype, tol = (np.float64, 1e-11) if wide else (np.float32, 2e-5)
    with pb.enable_x64(wide):
        args = [a.astype(dtype) for a in CASES[name]]
        got = getattr(special, name)(*args)
        wanted = getattr(oracle, name)(*[a.astype(np.float64) for a in args])
        for g, w in zip(_tuple(got), _tuple(wanted), strict=True):
            assert g.dtype == dtype
            np.testing.assert_allclose(g, w, rtol=tol, atol=tol / 10)


def _tuple(x: Any) -> Any:
    return x if isinstance(x, tuple) else (x,)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_differences(name):
    with pb.enable_x64():
        args = list(CASES[name])

        def total(*a: Any) -> Any:
            return sum(y.sum() for y in _tuple(getattr(special, name)(*a)))

        for k, got in enumerate(pb.grad(total, tuple(range(len(args))))(*args)):
            steps = [[*args[:k], args[k] + d, *args[k + 1 :]] for d in (1e-6, -1e-6)]
            ys = [sum(np.asarray(y) for y in _tuple(getattr(oracle, name)(*s))) for s in steps]
            np.testing.assert_allclose(got, (ys[0] - ys[1]) / 2e-6, rtol=2e-5, atol=2e-6)


def test_wofz():
    with pb.enable_x64():
        x, y = np.meshgrid(np.linspace(-6, 6, 9), np.linspace(-2, 8, 7))
        z = x + 1j * y
        np.testing.assert_allclose(special.wofz(z), oracle.wofz(z), rtol=1e-11)
        slope = pb.jvp(special.wofz, (z,), (np.ones_like(z),))[1]
        wanted = (oracle.wofz(z + 1e-6) - oracle.wofz(z - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope, wanted, rtol=1e-7, atol=1e-8)


def test_ends():
    inf = np.array([np.inf, -np.inf, 0.0])
    for name in ("sici", "fresnel"):
        got, wanted = getattr(special, name)(inf), getattr(oracle, name)(inf)
        np.testing.assert_allclose(got, wanted, rtol=1e-6)
    np.testing.assert_allclose(special.hyp1f1(0.0, 0.0, 2.0), 1)
    np.testing.assert_allclose(special.hyp1f1(1.0, 0.0, 2.0), np.inf)
    np.testing.assert_allclose(
        special.hyp2f1(-2.0, 1.5, 0.7, 3.0), oracle.hyp2f1(-2, 1.5, 0.7, 3), 1e-5
    )
    np.testing.assert_allclose(
        special.hyp2f1(0.5, 0.2, 1.7, 1.0), oracle.hyp2f1(0.5, 0.2, 1.7, 1), 1e-5
    )
    np.testing.assert_allclose(
        special.hyp2f1(1.5, 1.2, 0.7, 0.95), oracle.hyp2f1(1.5, 1.2, 0.7, 0.95), 1e-4
    )


def test_bernoulli():
    for n in (0, 1, 2, 3, 20):
        np.testing.assert_allclose(special.bernoulli(n), oracle.bernoulli(max(n, 2))[: n + 1], 1e-6)
    with pytest.raises(ValueError, match="non-negative"):
        special.bernoulli(-1)


def test_bessel_jn():
    with pb.enable_x64(), jax.enable_x64(True):
        z = np.array([[0.0, 0.05, 1.0], [2.5, 8.0, -3.0]])
        got = special.bessel_jn(z, v=4)
        wanted = np.stack([oracle.jv(k, z) for k in range(5)])
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-14)
        g = pb.grad(lambda z: special.bessel_jn(z, v=1)[0].sum())(z)
        np.testing.assert_allclose(g, -oracle.jv(1, z), rtol=1e-9, atol=1e-12)


def test_sph_harm_y():
    n = np.array([0, 1, 1, 2, 5, 7, 3])
    m = np.array([0, 1, -1, 0, -3, 7, 2])
    theta, phi = np.linspace(0.1, 3, 7), np.linspace(-2, 5, 7)
    with pb.enable_x64(), jax.enable_x64(True):
        got = special.sph_harm_y(n, m, theta, phi)
        np.testing.assert_allclose(got, oracle.sph_harm_y(n, m, theta, phi), rtol=1e-10)
        np.testing.assert_allclose(got, theirs.sph_harm_y(n, m, theta, phi), rtol=1e-8, atol=1e-9)
        again = pb.jit(lambda n: special.sph_harm_y(n, m, theta, phi, n_max=7))(n)
        np.testing.assert_allclose(again, got, rtol=1e-12)


@pytest.mark.parametrize("degree", [0, 1, 6])
def test_lpmn(degree):
    z = np.array([-1.0, -0.7, 0.0, 0.3, 1.0])
    with pb.enable_x64():
        wanted = oracle.assoc_legendre_p_all(degree, degree, z, diff_n=1)[:, :, : degree + 1]
        for got, want in zip(special.lpmn(degree, degree, z), wanted, strict=True):
            np.testing.assert_allclose(got, want.transpose(1, 0, 2), rtol=1e-12, atol=1e-13)
        got = special.lpmn_values(degree, degree, z, False)
        np.testing.assert_allclose(got, wanted[0].transpose(1, 0, 2), rtol=1e-12, atol=1e-13)
        k, m = np.arange(degree + 1), np.arange(degree + 1)[:, None, None]
        wanted = oracle.sph_harm_y(k[:, None], m, np.arccos(z), 0.0).real
        got = special.lpmn_values(degree, degree, z, True)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.filterwarnings("ignore:jax.scipy.special:DeprecationWarning")
def test_lpmn_and_jax():
    z = np.linspace(-0.9, 0.9, 5, dtype=np.float32)
    got = special.lpmn_values(3, 3, z, True)
    wanted = theirs.lpmn_values(3, 3, z, True)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(NotImplementedError, match="m must be n"):
        special.lpmn(2, 3, z)
    with pytest.raises(TypeError, match="float32 or float64"):
        special.lpmn(2, 2, z.astype(np.float16))
    with pytest.raises(ValueError, match="vector"):
        special.lpmn(2, 2, z[None])


def test_fresnel_of_large_numbers():
    x = np.array([-3e38, -1e20, 1e10, 3e38], np.float32)
    np.testing.assert_allclose(special.fresnel(x), oracle.fresnel(x.astype(float)), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, pb.numpy.bfloat16])
def test_series_of_halves_are_summed_in_single_precision(dtype):
    b, c, x = (np.asarray(v, dtype) for v in (1.89, 3.9, [-0.06, 0.4, -3.0, 0.97]))
    got = special.hyp2f1(dtype(1.1), b, c, x)
    wide = [np.asarray(v, float) for v in (dtype(1.1), b, c, x)]
    assert got.dtype == dtype
    np.testing.assert_allclose(got.astype(float), oracle.hyp2f1(*wide), rtol=1e-2)


def test_weights_of_logsumexp_share_its_dtype():
    def found(p):
        return p.nn.logsumexp(-0.75, b=np.float16(2.0), keepdims=True)

    assert repr(found(pb)) == repr(found(jax))
