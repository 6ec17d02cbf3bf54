"""Operands of lax functions that differ in shape or dtype: what fits and what is refused."""

import jax
import numpy as np
import pytest
from jax import lax

import pullback as pb

ROW, COLUMN = np.float32([[1, 2, 3]]), np.float32([[1], [2]])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "atan2", "pow", "eq", "nextafter", "igamma"])
def test_axes_of_size_one_are_repeated(name):
    expected = getattr(lax, name)(ROW, COLUMN)
    for f in (getattr(pb.lax, name), pb.jit(getattr(pb.lax, name))):
        found = f(ROW, COLUMN)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_gradient_of_repeated_axes_is_summed():
    found = pb.grad(lambda x: pb.lax.mul(x, ROW).sum())(COLUMN)
    np.testing.assert_array_equal(found, jax.grad(lambda x: lax.mul(x, ROW).sum())(COLUMN))


REFUSED = {
    "add": lambda lax, xp: lax.add(xp.ones(3), xp.ones(4)),
    "ranks": lambda lax, xp: lax.add(xp.ones(3), xp.ones((1, 3))),
    "operator": lambda lax, xp: xp.ones(3) + xp.ones(4),
    "select": lambda lax, xp: lax.select(xp.ones((2, 1)) > 0, xp.ones((2, 3)), xp.ones((2, 3))),
    "clamp": lambda lax, xp: lax.clamp(xp.ones(2), xp.ones(3), xp.ones(3)),
    "concatenate": lambda lax, xp: lax.concatenate([xp.ones((2, 3)), xp.ones((2, 4))], 0),
    "transpose": lambda lax, xp: lax.transpose(xp.ones((2, 3)), (0, 0)),
    "broadcast": lambda lax, xp: lax.broadcast_in_dim(xp.ones(3), (2, 4), (1,)),
    "slice": lambda lax, xp: lax.slice(xp.ones(3), (0,), (4,)),
    "sort": lambda lax, xp: lax.sort([xp.ones(3), xp.ones(4)]),
    "round": lambda lax, xp: lax.round(xp.arange(3)),
    "reduce_precision": lambda lax, xp: lax.reduce_precision(xp.arange(3), 8, 2),
    "qr": lambda lax, xp: lax.linalg.qr(xp.ones((2, 2), int)),
    "svd": lambda lax, xp: lax.linalg.svd(xp.ones((2, 2), int)),
    "mixed": lambda lax, xp: lax.linalg.triangular_solve(
        xp.ones((2, 2)), xp.ones((2, 2), "complex64")
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_type_errors(name):
    with pytest.raises(TypeError):
        REFUSED[name](lax, jax.numpy)
    with pytest.raises(TypeError):
        REFUSED[name](pb.lax, pb.numpy)


def test_shapes_that_differ_are_value_errors_too():
    with pytest.raises(ValueError, match="do not broadcast"):
        pb.numpy.ones(3) + pb.numpy.ones(4)
    with pytest.raises(pb.errors.OperandError):
        pb.lax.slice(pb.numpy.ones(3), (0,), (4,))


PRODUCTS = [
    ("float32", "int32", None), ("int32", "bfloat16", None), ("float16", "bfloat16", None),
    ("int8", "uint8", None), ("float16", "complex64", None), ("float8_e4m3fn", "float8_e5m2", None),
    ("float8_e4m3fn", "float8_e5m2", "float32"), ("int32", "bfloat16", "float32"),
    ("float8_e4m3fn", "float8_e4m3b11fnuz", None),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "wanted"), PRODUCTS)
def test_products_of_two_dtypes(left, right, wanted):
    def product(lax, xp):
        x, y = xp.arange(6).reshape(2, 3).astype(left), xp.arange(3).astype(right)
        return lambda jit: jit(lambda x, y: lax.dot(x, y, preferred_element_type=wanted))(x, y)

    expected = product(lax, jax.numpy)(jax.jit)
    for wrap in (pb.jit, lambda f: f):
        found = product(pb.lax, pb.numpy)(wrap)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(
            np.asarray(found).astype(complex), np.asarray(expected).astype(complex), rtol=1e-2
        )


@pytest.mark.parametrize("name", ["cholesky", "eigh"])
def test_means_of_integer_matrices_are_floats(name):
    x = np.int32([[4, 1], [1, 4]])
    found, expected = getattr(pb.lax.linalg, name)(x), getattr(lax.linalg, name)(x)
    for a, b in zip(pb.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(np.abs(a), np.abs(b), rtol=1e-6)
