"""`ds`: slices of known size whose start may be traced, against JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as onp
import pytest

import pullback as pb

READS = {
    "rows": lambda m, x, i: x[m.ds(i, 2)],
    "after an integer": lambda m, x, i: x[1, m.ds(i, 2)],
    "before an integer": lambda m, x, i: x[m.ds(i, 2), 1],
    "strided": lambda m, x, i: x[:, m.ds(i, 2, 2)],
    "beside an array": lambda m, x, i: x[m.numpy.array([0, 1]), m.ds(i, 2)],
    "after an ellipsis": lambda m, x, i: x[..., m.ds(i, 2)],
    "beside a new axis": lambda m, x, i: x[None, m.ds(i, 2)],
    "two": lambda m, x, i: x[m.ds(i, 2), m.ds(i + 1, 3)],
    "from the first": lambda m, x, i: x[m.ds(3)] * i,
    "all": lambda m, x, i: x[m.ds(None), i],
    "at": lambda m, x, i: x.at[m.ds(i, 2)].get(),
    "set": lambda m, x, i: x.at[m.ds(i, 2), 0].set(9.0),
    "add": lambda m, x, i: x.at[m.ds(i, 2)].add(x[0]),
    "multiply": lambda m, x, i: x.at[m.ds(i, 2), m.ds(i, 2)].multiply(3.0),
}
X = onp.arange(20, dtype="float32").reshape(4, 5)


@pytest.mark.parametrize("name", READS)
def test_as_jax(name: str) -> None:
    f = READS[name]

    def ours(x: Any, i: Any) -> Any:
        return f(pb, x, i)

    wanted = jax.jit(lambda x, i: f(jax, x, i))(jnp.asarray(X), 1)
    x = pb.numpy.asarray(X)
    for got in (ours(x, 1), ours(x, pb.numpy.asarray(1)), pb.jit(ours)(x, 1)):
        onp.testing.assert_array_equal(got, wanted)
    batch = pb.vmap(ours, (None, 0))(x, pb.numpy.arange(2))
    onp.testing.assert_array_equal(batch[1], wanted)
    slope = pb.grad(lambda x: ours(x, 1).sum())(x)
    onp.testing.assert_array_equal(slope, jax.grad(lambda x: f(jax, x, 1).sum())(jnp.asarray(X)))


def test_refs() -> None:
    ref = pb.new_ref(pb.numpy.zeros(5))

    @pb.jit
    def f(i: Any) -> Any:
        ref[pb.ds(i, 2)] += 1.0
        return ref[pb.ds(i, 3)]

    onp.testing.assert_array_equal(f(1), [1.0, 1.0, 0.0])
    onp.testing.assert_array_equal(f(2), [2.0, 1.0, 0.0])


def test_slices_past_the_end_begin_earlier() -> None:
    x = pb.numpy.arange(5)
    onp.testing.assert_array_equal(pb.jit(lambda i: x[pb.ds(i, 2)])(9), [3, 4])
    onp.testing.assert_array_equal(pb.jit(lambda i: x.at[pb.ds(i, 2)].set(0))(9), [0, 1, 2, 0, 0])


def test_what_is_no_slice() -> None:
    x = pb.numpy.arange(5)
    with pytest.raises(IndexError, match="does not fit axis 0 with size 5"):
        x[pb.ds(0, 6)]
    with pytest.raises(ValueError, match="size must be a Python integer"):
        pb.jit(lambda n: x[pb.ds(0, n)])(2)
    with pytest.raises(TypeError, match="start must be an integer scalar"):
        x[pb.ds(pb.numpy.ones(2), 2)]


def test_text_and_leaves() -> None:
    assert repr(pb.ds(1, 2)) == repr(jax.ds(1, 2))
    assert pb.tree.leaves(pb.ds(1, 2)) == jax.tree.leaves(jax.ds(1, 2)) == []
    assert pb.tree.map(lambda x: x, pb.ds(pb.numpy.asarray(1), 2, 3)).stride == 3
