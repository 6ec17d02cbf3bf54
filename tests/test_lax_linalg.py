"""The names and signatures of lax.linalg are JAX's; products and polar decompositions."""

import inspect

import jax
import numpy as np
import pytest
from jax.lax import linalg as theirs
from test_lax_signatures import parameters

import pullback as pb

ours = pb.lax.linalg
PUBLIC = [name for name in dir(theirs) if not name.startswith("_")]
FUNCTIONS = [n for n in PUBLIC if inspect.isfunction(inspect.unwrap(getattr(theirs, n)))]


@pytest.fixture(autouse=True)
def wide():
    with pb.enable_x64(), jax.enable_x64(True):
        yield


def test_every_name_is_here():
    assert {n for n in PUBLIC if not hasattr(ours, n)} == set()
    assert set(ours.__all__) == set(PUBLIC)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_is_jax(name):
    assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name))


@pytest.mark.parametrize("name", ["EigImplementation", "EighImplementation", "SvdAlgorithm"])
def test_choices_are_jax(name):
    assert {m.name for m in getattr(theirs, name)} == {m.name for m in getattr(ours, name)}


def matrix(*shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.normal(size=shape)
    return x.astype(dtype)


def close(got, want, dtype, slack=50):
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape and g.dtype == w.dtype
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(g, w, rtol=slack * eps, atol=slack * eps)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (1, 1)])
def test_qdwh_is_jax(shape, dtype):
    x = matrix(*shape, dtype=dtype)
    want = jax.jit(theirs.qdwh)(x)
    close(ours.qdwh(x), want, dtype)
    close(pb.jit(ours.qdwh)(x), want, dtype)


def test_qdwh_decomposes():
    with np.errstate(all="ignore"):
        x = matrix(6, 4) @ np.diag([1.0, 1e-3, 1e-6, 1e-9])
    u, h, _, converged = ours.qdwh(x)
    assert bool(converged)
    np.testing.assert_allclose(u @ h, x, atol=1e-14)
    np.testing.assert_allclose(u.T @ u, np.eye(4), atol=1e-13)
    assert np.linalg.eigvalsh(h).min() > -1e-13


def test_qdwh_of_hermitian_and_singular_matrices():
    a = matrix(4, 4)
    a = a + a.T
    u, h, _, _ = ours.qdwh(a, is_hermitian=True)
    np.testing.assert_array_equal(u, u.T)
    np.testing.assert_allclose(u @ h, a, atol=1e-13)
    for x in (np.zeros((3, 2)), np.diag([2.0, 0.0, 3.0])):
        u, h, _, _ = ours.qdwh(x)
        np.testing.assert_allclose(u @ h, x, atol=1e-14)


def test_qdwh_options():
    x = matrix(6, 5)
    u, h, _, _ = ours.qdwh(x, dynamic_shape=(4, 3))
    part = ours.qdwh(x[:4, :3])
    np.testing.assert_allclose(u[:4, :3], part[0], atol=1e-12)
    np.testing.assert_allclose(h[:3, :3], part[1], atol=1e-12)
    assert np.abs(u[4:]).max() == np.abs(h[3:]).max() == 0
    _, _, steps, converged = ours.qdwh(x, max_iterations=2)
    assert int(steps) == 2 and not bool(converged)
    with pytest.raises(ValueError, match=r"qdwh: .* as many rows as columns, got float64\[2,3\]"):
        ours.qdwh(matrix(2, 3))


@pytest.mark.parametrize("options", [{}, {"alpha": 2.0, "beta": 0.5}, {"symmetrize_output": True}])
def test_symmetric_product_is_jax(options):
    a, c = matrix(4, 3), matrix(4, 4, seed=1)
    c = c + c.T
    got, want = (f.symmetric_product(a, c, **options) for f in (ours, theirs))
    np.testing.assert_allclose(np.tril(got), np.tril(want), atol=1e-13)
    if options.get("symmetrize_output"):
        np.testing.assert_allclose(got, want, atol=1e-13)
