"""Calls of NumPy's functions at their edges: bins that fall, sizes that are given, empty rows."""

import jax
import numpy as np
import pytest

import pullback as pb

X = np.array([3, 1, 1, 2], np.int32)
ALL = {"return_index": True, "return_inverse": True, "return_counts": True}
CALLS = {
    "unique, padded": lambda xp: xp.unique(X, size=5, **ALL),
    "unique, filled": lambda xp: xp.unique(X, size=5, fill_value=-7, **ALL),
    "unique, cut": lambda xp: xp.unique(X, size=2, return_index=True),
    "unique of no rows": lambda xp: xp.unique(np.ones((0, 3), np.float32), axis=0),
    "unique of empty rows": lambda xp: xp.unique(np.ones((3, 0), np.float32), axis=0),
    "range": lambda xp: xp.array(range(3)),
    "roll twice": lambda xp: xp.roll(X, (1, 2), axis=(0, 0)),
    **{
        f"bins {bins}, right={right}": lambda xp, bins=bins, right=right: xp.digitize(
            np.arange(4.0), xp.array(bins), right=right
        )
        for bins in ([2.0, 1.0], [2.0, 2.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0])
        for right in (False, True)
    },
}


@pytest.mark.parametrize("name", CALLS)
def test_values_are_jax(name):
    found, expected = (m.tree.leaves(CALLS[name](m.numpy)) for m in (pb, jax))
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


REFUSED = {
    "ranks": lambda xp: xp.concatenate([xp.ones(3), xp.ones((2, 2))]),
    "axes": lambda xp: xp.transpose(xp.ones((2, 3)), (0,)),
    "sizes": lambda xp: xp.zeros(-1),
    "unknown sizes": lambda xp: xp.reshape(xp.ones(6), (-1, -1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_errors_are_of_jax_types(name):
    for m in (jax, pb):
        with pytest.raises(TypeError):
            REFUSED[name](m.numpy)
    with pytest.raises(ValueError):
        REFUSED[name](pb.numpy)


KEYS = {
    "sin": lambda m, key: m.numpy.sin(key),
    "jit": lambda m, key: m.jit(m.numpy.sin)(key),
    "astype": lambda m, key: m.lax.convert_element_type(key, np.float32),
    "numbers as keys": lambda m, key: m.random.split(key).at[0].set(1),
    "add": lambda m, key: m.numpy.add(key, 1),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_no_numbers(name):
    for m in (jax, pb):
        with pytest.raises((TypeError, ValueError)):
            KEYS[name](m, m.random.key(0))


def test_a_shape_may_be_one_number():
    found, expected = (np.asarray(m.random.normal(m.random.key(0), 3)) for m in (pb, jax))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


GRID = np.arange(6, dtype=np.int32).reshape(2, 3)
INDICES = {
    "list": lambda xp: (slice(None), [0, 2]),
    "tuple": lambda xp: (slice(None), (0, 2)),
    "lists": lambda xp: ([0, 1], [1, 2]),
    "one list": lambda xp: ([0, 1],),
    "booleans": lambda xp: (slice(None), [True, False, True]),
    "rows": lambda xp: ([True, False], slice(None)),
    "nothing": lambda xp: (slice(None), []),
    "nested": lambda xp: (..., [[0], [1]]),
    "arrays in it": lambda xp: (slice(None), [xp.array(0), 1]),
}


@pytest.mark.parametrize("name", INDICES)
def test_lists_among_indices_are_arrays(name):
    expected = jax.numpy.array(GRID)[INDICES[name](jax.numpy)]
    set_to = jax.numpy.array(GRID).at[INDICES[name](jax.numpy)].set(9)
    index = INDICES[name](pb.numpy)
    for jit in (pb.jit, lambda f: f):
        np.testing.assert_array_equal(jit(lambda x: x[index])(pb.numpy.array(GRID)), expected)
        np.testing.assert_array_equal(
            jit(lambda x: x.at[index].set(9))(pb.numpy.array(GRID)), set_to
        )


@pytest.mark.parametrize("m", [jax, pb])
def test_an_index_that_is_a_list_alone_is_refused(m):
    with pytest.raises(TypeError):
        m.numpy.array(GRID)[[0, 1]]


@pytest.mark.parametrize("m", [jax, pb])
def test_ranks_that_differ_warn(m):
    with m.numpy_rank_promotion("warn"), pytest.warns(UserWarning):
        m.numpy.ones(3) + m.numpy.ones((2, 3))
