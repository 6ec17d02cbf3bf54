"""Generators that keep count: numbers are JAX's, in eager code and in transformations."""

from collections.abc import Callable
from typing import Any

import jax
import jax.experimental.random
import numpy as np
import pytest

import pullback as pb

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "random": lambda m, g: [g.random(), g.random(3), g.random((2, 2))],
    "uniform": lambda m, g: g.uniform(m.numpy.arange(3.0), 5.0),
    "normal": lambda m, g: g.normal(m.numpy.arange(3.0), 2.0, (2, 3)),
    "integers": lambda m, g: [g.integers(10), g.integers(3, 9, 4)],
    "key": lambda m, g: m.random.key_data(g.key((2, 3))),
    "half precision": lambda m, g: g.normal(size=3, dtype="bfloat16").astype("float32"),
    "jit": lambda m, g: [m.jit(g.uniform)(), g.uniform(), m.jit(lambda r: r.uniform())(g)],
    "loop": lambda m, g: [m.lax.fori_loop(0, 4, lambda i, c: c + g.uniform(), 0.0), g.uniform()],
    "vmap": lambda m, g: m.vmap(lambda r, x: x + r.uniform())(g.split(3), m.numpy.zeros(3)),
    "spawn": lambda m, g: [r.integers(0, 10, 2) for r in g.spawn(2)],
}


@pytest.mark.parametrize("name", CALLS)
def test_numbers_are_those_of_jax(name: str) -> None:
    results = []
    for m in (pb, jax):
        generator = m.experimental.random.stateful_rng(42)
        generator.random()
        results.append(m.tree.leaves(CALLS[name](m, generator)))
    for found, expected in zip(*results, strict=True):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(found, expected, 1e-6)


def test_without_a_seed_they_differ() -> None:
    one, other = (pb.experimental.random.stateful_rng().random(4) for _ in range(2))
    assert not np.array_equal(one, other)
    with pytest.raises(TypeError, match="wants a seed"):
        pb.jit(lambda: pb.experimental.random.stateful_rng().random())()


def test_several_generators_are_drawn_from_inside_vmap() -> None:
    several = pb.experimental.random.stateful_rng(0, impl="rbg").split(3)
    with pytest.raises(ValueError, match="inside of vmap"):
        several.random()
    assert pb.vmap(lambda r: r.random())(several).shape == (3,)


def test_draws_inside_a_derivative() -> None:
    """JAX fails here."""
    one, other = (pb.experimental.random.stateful_rng(3) for _ in range(2))
    found = pb.grad(lambda x: x * one.normal())(2.0)
    np.testing.assert_allclose(found, other.normal(), 1e-6)
    assert one.random() == other.random()
