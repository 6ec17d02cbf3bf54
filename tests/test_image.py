"""Resampling: JAX's images, by each method, up and down, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import image

METHODS = ("nearest", "linear", "cubic", "cubic-pytorch", "lanczos3", "lanczos5", "area")
PICTURE = np.random.default_rng(0).normal(size=(7, 5, 3)).astype(np.float32)
SHAPES = ((14, 10, 3), (3, 5, 3), (5, 9, 2))


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_resize(method, antialias):
    for shape in SHAPES:
        got = image.resize(PICTURE, shape, method, antialias)
        wanted = jax.image.resize(PICTURE, shape, method, antialias)
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS[1:])
def test_scale_and_translate(method):
    scale, shift = np.array([1.7, 0.6], np.float32), np.array([0.3, -1.2], np.float32)
    args = (9, 4, 3), (0, 1), scale, shift, method
    got = image.scale_and_translate(PICTURE, *args)
    np.testing.assert_allclose(got, jax.image.scale_and_translate(PICTURE, *args), atol=2e-5)


def test_integers_and_names():
    whole = np.arange(12, dtype=np.int32).reshape(3, 4)
    for method in ("nearest", "bilinear"):
        got, wanted = image.resize(whole, (5, 4), method), jax.image.resize(whole, (5, 4), method)
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-6)
    for name in ("triangle", "trilinear", "bicubic", "tricubic", "bicubic-pytorch"):
        ours, theirs = (m.ResizeMethod.from_string(name) for m in (image, jax.image))
        assert ours.name == theirs.name


def test_gradient_compiled_and_batched():
    def loss(resize, xnp):
        return lambda x: xnp.sum(xnp.sin(resize(x, (4, 9, 3), "cubic")))

    ours = pb.jit(pb.vmap(pb.grad(loss(image.resize, pb.numpy))))
    theirs = jax.jit(jax.vmap(jax.grad(loss(jax.image.resize, jnp))))
    pictures = np.stack([PICTURE, 2 * PICTURE])
    np.testing.assert_allclose(ours(pictures), theirs(pictures), rtol=1e-4, atol=1e-5)


def test_gradient_in_the_scale():
    def loss(module, xnp):
        def f(s):
            out = module.scale_and_translate(
                PICTURE, (9, 5, 3), (0,), xnp.stack([s]), xnp.zeros(1), "linear"
            )
            return xnp.sum(out**2)

        return f

    got, wanted = pb.grad(loss(image, pb.numpy))(1.3), jax.grad(loss(jax.image, jnp))(1.3)
    np.testing.assert_allclose(got, wanted, rtol=1e-4)


def test_errors():
    with pytest.raises(ValueError, match="a size for each axis"):
        image.resize(PICTURE, (3, 4), "linear")
    with pytest.raises(ValueError, match='Unknown resize method "best"'):
        image.resize(PICTURE, (3, 4, 3), "best")
    with pytest.raises(ValueError, match="is for `resize` alone"):
        image.scale_and_translate(PICTURE, (3, 4, 3), (), np.ones(0), np.ones(0), "nearest")
