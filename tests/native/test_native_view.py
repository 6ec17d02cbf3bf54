"""Views for the structural operations, against NumPy and JAX's meaning."""

import numpy as np
import pytest

from pullback import _native

X = np.arange(24.0).reshape(2, 3, 4)


def same_memory(view, expected, base):
    """Equal values, read-only, no copy."""
    np.testing.assert_array_equal(view, expected)
    assert view.shape == expected.shape and not view.flags.writeable
    assert np.shares_memory(view, base) or view.size == 0


@pytest.mark.parametrize(
    "shape, target, dims",
    [
        ((), (2, 3), ()),
        ((3,), (2, 3), (1,)),
        ((2,), (2, 3), (0,)),
        ((1, 3), (4, 3), (0, 1)),
        ((2, 4), (2, 3, 4, 1), (0, 2)),
        ((1,), (0,), (0,)),
    ],
)
def test_broadcast_in_dim(shape, target, dims):
    x = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    full = [1] * len(target)
    for axis, size in zip(dims, shape, strict=True):
        full[axis] = size
    expected = np.broadcast_to(x.reshape(full), target)
    same_memory(_native.broadcast_in_dim(x, target, dims), expected, x)


@pytest.mark.parametrize("perm", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_transpose(perm):
    same_memory(_native.transpose(X, perm), X.transpose(perm), X)


def test_slice():
    view = _native.slice(X, (0, 1, 0), (2, 3, 4), [1, 2, 3])
    same_memory(view, X[0:2:1, 1:3:2, 0:4:3], X)
    same_memory(_native.slice(X, (2, 0, 0), (2, 3, 4), (1, 1, 1)), X[2:2], X)


def test_expand():
    assert np.shares_memory(_native.expand(X, (6, 4)), X)
    np.testing.assert_array_equal(_native.expand(X.T, (24,)), X.T.reshape(24))


@pytest.mark.parametrize(
    "call",
    [
        lambda: _native.broadcast_in_dim(X, (2, 3), (0, 1)),
        lambda: _native.broadcast_in_dim(X[0], (3, 4), (1, 0)),
        lambda: _native.broadcast_in_dim(X[0], (3, 5), (0, 1)),
        lambda: _native.broadcast_in_dim(X[0, 0], (4,), (1,)),
        lambda: _native.transpose(X, (0, 1)),
        lambda: _native.transpose(X, (0, 1, 1)),
        lambda: _native.slice(X, (0, 0, 0), (3, 3, 4), (1, 1, 1)),
        lambda: _native.slice(X, (0, 0, 0), (2, 3, 4), (1, 1, 0)),
        lambda: _native.slice(X, (0, 0), (2, 3), (1, 1)),
        lambda: _native.expand(X, (5,)),
        lambda: _native.expand(X, (1,) * 65),
    ],
)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize("name", ["broadcast_in_dim", "transpose", "slice", "expand"])
def test_wrong_types_are_refused(name):
    function = getattr(_native, name)
    with pytest.raises(TypeError, match="wants an ndarray"):
        function([1.0], (1,))
    with pytest.raises(TypeError, match="wants an ndarray"):
        function()
