"""fft, integrate, interpolate, ndimage, cluster, spatial of scipy against JAX's and SciPy's."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.fft
import scipy.spatial.transform as theirs
from jax.scipy import cluster as jcluster
from jax.scipy import fft as jfft
from jax.scipy import integrate as jintegrate
from jax.scipy import interpolate as jinterpolate
from jax.scipy import ndimage as jndimage
from jax.scipy.spatial import transform as jtransform

import pullback as pb
from pullback import numpy as pnp
from pullback import scipy as psp
from pullback.scipy.spatial.transform import Rotation, Slerp

RNG = np.random.default_rng(0)


def f(*shape: int) -> np.ndarray:
    """Random numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


def close(got: Any, wanted: Any, tol: float = 2e-6) -> None:
    """Equal dtypes, equal values to a few ulp."""
    assert got.dtype == np.asarray(wanted).dtype
    np.testing.assert_allclose(got, wanted, rtol=tol, atol=tol)


Z = f(5, 4) + 1j * f(5, 4)


@pytest.mark.parametrize("norm", [None, "backward", "ortho"])
@pytest.mark.parametrize("n", [1, 4, 7])
def test_dct(norm, n):
    x = f(3, n)
    close(psp.fft.dct(x, norm=norm), jfft.dct(x, norm=norm), 5e-6)
    close(psp.fft.idct(x, norm=norm), jfft.idct(x, norm=norm), 5e-6)
    close(psp.fft.idct(psp.fft.dct(x, norm=norm), norm=norm), x, 5e-6)
    close(psp.fft.dct(x, n=5, axis=0), scipy.fft.dct(x, n=5, axis=0), 5e-6)


@pytest.mark.parametrize("x", [f(3, 4, 5), Z.astype(np.complex64), np.arange(12).reshape(3, 4)])
def test_dctn(x):
    for name in ("dctn", "idctn"):
        ours, oracle = getattr(psp.fft, name), getattr(scipy.fft, name)
        for kwargs in ({}, {"axes": (1,)}, {"s": (2, 6)}, {"norm": "ortho"}):
            wanted = oracle(x, **kwargs)
            got = ours(x, **kwargs)
            assert got.dtype == (np.complex64 if np.iscomplexobj(x) else np.float32)
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def test_dct_gradient_and_errors():
    x = f(6)
    g = pb.jit(pb.grad(lambda x: (psp.fft.dct(x) ** 3).sum()))(x)
    close(g, jax.grad(lambda x: (jfft.dct(x) ** 3).sum())(x), 2e-5)
    with pytest.raises(NotImplementedError, match="type 2"):
        psp.fft.dct(x, type=3)
    with pytest.raises(ValueError, match="ortho"):
        psp.fft.idct(x, norm="forward")


def test_trapezoid():
    y, x = f(3, 5), np.sort(f(5))
    close(psp.integrate.trapezoid(y, x), jintegrate.trapezoid(y, x))
    close(psp.integrate.trapezoid(y, dx=0.3, axis=0), jintegrate.trapezoid(y, dx=0.3, axis=0))


@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates(mode, order):
    places = [np.linspace(-4, 9, 23, dtype=np.float32), np.linspace(7, -5, 23, dtype=np.float32)]
    for image in (f(4, 3), np.arange(12, dtype=np.int32).reshape(4, 3) * 10):
        args = (image, places, order, mode, 1.5)
        close(psp.ndimage.map_coordinates(*args), jndimage.map_coordinates(*args), 1e-5)


def test_map_coordinates_gradients():
    image, places = f(4, 3), [f(5) + 1, f(5) + 1]

    def loss(module):
        return lambda *a: (module.map_coordinates(a[0], a[1:], 1) ** 2).sum()

    got = pb.grad(loss(psp.ndimage), (0, 1, 2))(image, *places)
    for g, w in zip(got, jax.grad(loss(jndimage), (0, 1, 2))(image, *places), strict=True):
        close(g, w, 1e-5)
    with pytest.raises(NotImplementedError, match="order"):
        psp.ndimage.map_coordinates(image, places, 3)


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("fill", [np.nan, None, -1.0])
def test_regular_grid_interpolator(method, fill):
    grid = (np.array([0.0, 1, 3], np.float32), np.array([-1.0, 0, 2, 5], np.float32))
    values, xi = f(3, 4, 2), f(6, 2) * 3
    ours = psp.interpolate.RegularGridInterpolator(grid, values, method, fill_value=fill)
    other = jinterpolate.RegularGridInterpolator(grid, values, method, fill_value=fill)
    close(ours(xi), other(xi), 1e-5)
    close(pb.jit(lambda g, x: g(x))(ours, xi), other(xi), 1e-5)
    close(ours((xi[:, 0], np.float32(0.5))), other((xi[:, 0], np.float32(0.5))), 1e-5)


def test_regular_grid_interpolator_gradient_and_errors():
    grid, values, xi = (np.arange(4.0, dtype=np.float32),), f(4), np.float32([[0.3], [2.2]])

    def loss(module):
        return lambda v, x: (module.RegularGridInterpolator(grid, v)(x) ** 2).sum()

    got = pb.grad(loss(psp.interpolate), (0, 1))(values, xi)
    for g, w in zip(got, jax.grad(loss(jinterpolate), (0, 1))(values, xi), strict=True):
        close(g, w, 1e-5)
    make = psp.interpolate.RegularGridInterpolator
    with pytest.raises(ValueError, match="cubic"):
        make(grid, values, "cubic")
    with pytest.raises(ValueError, match="dimension 1"):
        make(grid, values)(f(2, 3))
    with pytest.raises(NotImplementedError, match="bounds_error"):
        make(grid, values, bounds_error=True)


def test_vq():
    points, codes = f(7, 3), f(4, 3)
    found, oracle = psp.cluster.vq.vq(points, codes), jcluster.vq.vq(points, codes)
    for got, wanted in zip(found, oracle, strict=True):
        close(got, wanted)
    points, codes = points[:, 0], codes[:, 0]
    found, oracle = psp.cluster.vq.vq(points, codes), jcluster.vq.vq(points, codes)
    for got, wanted in zip(found, oracle, strict=True):
        close(got, wanted)
    with pytest.raises(ValueError, match="same rank"):
        psp.cluster.vq.vq(points, f(2, 3))


Q = f(6, 4)
ROTATIONS = Rotation.from_quat(Q)
ORACLE = theirs.Rotation.from_quat(Q)


@pytest.mark.parametrize(
    "name", ["as_matrix", "as_mrp", "as_rotvec", "as_quat", "magnitude", "mean", "inv"]
)
def test_rotation_forms(name):
    got, wanted = getattr(ROTATIONS, name)(), getattr(ORACLE, name)()
    if isinstance(got, Rotation):
        got, wanted = got.as_matrix(), wanted.as_matrix()
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_rotations_from_forms():
    for name in ("matrix", "mrp", "rotvec"):
        given = getattr(ORACLE, f"as_{name}")().astype(np.float32)
        got = getattr(Rotation, f"from_{name}")(given)
        np.testing.assert_allclose(got.as_matrix(), ORACLE.as_matrix(), rtol=1e-5, atol=1e-5)
        wanted = getattr(jtransform.Rotation, f"from_{name}")(jnp.asarray(given))
        close(got.quat, wanted.quat, 1e-5)
    close(ROTATIONS.as_quat(canonical=True, scalar_first=True)[:, 1:],
          ORACLE.as_quat(canonical=True).astype(np.float32)[:, :3], 1e-6)  # fmt: skip


@pytest.mark.parametrize("seq", ["xyz", "XYZ", "zxz", "YXY", "zyx", "ZXY"])
def test_euler_angles(seq):
    angles = f(6, 3)
    got = Rotation.from_euler(seq, angles)
    wanted = theirs.Rotation.from_euler(seq, angles)
    np.testing.assert_allclose(got.as_matrix(), wanted.as_matrix(), rtol=1e-5, atol=1e-5)
    found = got.as_euler(seq, degrees=True)
    np.testing.assert_allclose(found, wanted.as_euler(seq, degrees=True), rtol=1e-3, atol=1e-3)
    oracle = jtransform.Rotation(jnp.asarray(got.quat)).as_euler(seq, degrees=True)
    np.testing.assert_allclose(found, oracle, rtol=1e-3, atol=1e-3)
    # The outer angles turn about one axis where the inner one is 0 or a right angle.
    middle = 0.0 if seq[0] == seq[2] else np.pi / 2
    with pb.enable_x64(), jax.enable_x64(True):
        got = Rotation.from_euler(seq, np.array([0.4, middle, 0.3]))
        again = Rotation.from_euler(seq, got.as_euler(seq))
        np.testing.assert_allclose(again.as_matrix(), got.as_matrix(), atol=1e-7)
        oracle = jtransform.Rotation(jnp.asarray(got.quat)).as_euler(seq)
        np.testing.assert_allclose(got.as_euler(seq), oracle, atol=1e-6)


def test_rotations_turn_vectors():
    v = f(6, 3)
    np.testing.assert_allclose(ROTATIONS.apply(v), ORACLE.apply(v), rtol=1e-4, atol=1e-5)
    back = ROTATIONS.apply(v[0], inverse=True)
    np.testing.assert_allclose(back, ORACLE.apply(v[0], inverse=True), rtol=1e-4, atol=1e-5)
    both = (ROTATIONS * ROTATIONS[0]).as_matrix()
    np.testing.assert_allclose(both, (ORACLE * ORACLE[0]).as_matrix(), rtol=1e-4, atol=1e-5)
    assert len(Rotation.concatenate([ROTATIONS, ROTATIONS[:2]])) == 8
    assert Rotation.identity().single and len(Rotation.identity(3)) == 3
    near = pb.jacobian(lambda v: Rotation.from_rotvec(v).as_rotvec())(np.zeros(3, np.float32))
    np.testing.assert_allclose(near, np.eye(3), atol=1e-6)


def test_rotation_errors():
    with pytest.raises(ValueError, match="consecutive"):
        Rotation.from_euler("xxy", f(3))
    with pytest.raises(ValueError, match="xYz"):
        ROTATIONS.as_euler("xYz")
    with pytest.raises(ValueError, match="3 angles"):
        Rotation.from_euler("xyz", f(2))
    with pytest.raises(TypeError, match="Single"):
        len(ROTATIONS[0])


def test_slerp():
    times = np.arange(6, dtype=np.float32)
    at = np.float32([0.0, 0.5, 2.0, 3.7, 5.0])
    got = Slerp.init(times, ROTATIONS)(at)
    wanted = theirs.Slerp(times, ORACLE)(at)
    np.testing.assert_allclose(got.as_matrix(), wanted.as_matrix(), rtol=1e-4, atol=1e-4)
    assert Slerp.init(times, ROTATIONS)(1.5).single
    with pytest.raises(ValueError, match="at least 2"):
        Slerp.init(times[:1], ROTATIONS[:1])
    assert pnp.isfinite(pb.grad(lambda t: Slerp.init(times, ROTATIONS)(t).quat.sum())(0.3))


POLYNOMIALS = ([1.0, -6, 11, -6], [0, 0, 1, 2, 3.0], [2.0, 0, 0], [0.0, 0.0], [3.0], [1, 2, 3])


@pytest.mark.parametrize("p", POLYNOMIALS)
def test_roots(p):
    p = np.array(p, np.float32)
    got, wanted = pnp.roots(p), jnp.roots(p)
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    np.testing.assert_allclose(np.sort_complex(got), np.sort_complex(wanted), atol=1e-4)
    got = pb.jit(lambda p: pnp.roots(p, strip_zeros=False))(p)
    np.testing.assert_allclose(got, jnp.roots(p, strip_zeros=False), atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"full": True}, {"cov": True}, {"cov": "unscaled"}])
def test_polyfit(options):
    x = np.linspace(-1, 2, 9, dtype=np.float32)
    y = x**3 - x + np.sin(9 * x) / 10
    for values in (y, np.stack([y, 2 * y + 1], 1)):
        for weights in (None, np.abs(y) + 1):
            got = pnp.polyfit(x, values, 2, w=weights, **options)
            wanted = jnp.polyfit(x, values, 2, w=weights, **options)
            for g, w in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
                assert g.shape == w.shape
                np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5)
    with pytest.raises(TypeError, match="vector for x"):
        pnp.polyfit(y[None], y, 2)
