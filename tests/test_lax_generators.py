"""rng_bit_generator against JAX's bits; rng_uniform against its distribution."""

import itertools

import jax
import numpy as np
import pytest
from jax import lax

import pullback as pb
from pullback import numpy as pnp
from pullback.core.trace import as_array
from pullback.primitives.generator import RandomAlgorithm

KEY = np.array([1, 2, 3, 4], np.uint32)
LAST = np.array([7, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF], np.uint32)
SHAPES = [(), (1,), (2,), (7,), (8,), (3, 3), (4, 3), (5, 7), (7, 5), (5, 6, 3), (3, 1), (5, 5, 5)]
ALGORITHMS = [0, 1, 2]
DTYPES = ["uint8", "uint16", "uint32", "uint64"]


@pytest.fixture(autouse=True)
def wide():
    with pb.enable_x64(), jax.enable_x64(True):
        yield


def same(got, want):
    for g, w in zip(pb.tree.leaves(got), jax.tree.leaves(want), strict=True):
        assert g.shape == w.shape and g.dtype == w.dtype
        np.testing.assert_array_equal(g, w)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_bits_are_jax(dtype, algorithm):
    shapes = SHAPES if dtype == "uint32" else SHAPES[-4:-2]

    def draws(p, key):
        choice = p.lax.RandomAlgorithm(algorithm)
        return [p.lax.rng_bit_generator(key, s, dtype, choice) for s in shapes]

    for key in (KEY, LAST):
        want = jax.jit(lambda key: draws(jax, key))(key)
        same(draws(pb, key), want)
        same(pb.jit(lambda key: draws(pb, key))(key), want)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_wide_states(algorithm):
    key = np.array([5, 2**63 + 1], np.uint64)
    got, want = (p.lax.rng_bit_generator(key, (5,), algorithm=algorithm) for p in (pb, jax))
    same(got, want)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_batches_are_jax(algorithm):
    keys = np.arange(24, dtype=np.uint32).reshape(2, 3, 4)

    def draw(p):
        return lambda k: p.lax.rng_bit_generator(k, (5,), algorithm=algorithm)

    for axis, given in ((0, keys[0]), (1, keys[0].T)):
        same(pb.vmap(draw(pb), axis)(given), jax.vmap(draw(jax), axis)(given))
    same(pb.vmap(pb.vmap(draw(pb)))(keys), jax.vmap(jax.vmap(draw(jax)))(keys))
    same(pb.jit(pb.vmap(draw(pb)))(keys[0]), jax.vmap(draw(jax))(keys[0]))


def test_streams_go_on():
    key, parts = as_array(KEY), []
    for n in (4, 8, 12):
        key, bits = pb.lax.rng_bit_generator(key, (n,))
        parts.append(bits)
    same(pnp.concatenate(parts), lax.rng_bit_generator(KEY, (24,))[1])


def test_in_loops():
    def f(p):
        def step(key, _):
            return p.lax.rng_bit_generator(key, (3,))

        return p.lax.scan(step, KEY, None, length=3)

    same(f(pb), f(jax))


def test_algorithms_have_jax_names():
    assert [str(a) for a in RandomAlgorithm] == [str(a) for a in lax.RandomAlgorithm]
    assert pb.lax.RandomAlgorithm is RandomAlgorithm


WRONG = {
    "dtype": ((KEY, (3,), "int32"), "unsupported dtype int32"),
    "key": ((KEY[:2], (3,)), r"must be uint32\[4\] or uint64\[2\], got uint32\[2\]"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case):
    args, message = WRONG[case]
    with pytest.raises(TypeError, match=f"rng_bit_generator.*{message}"):
        pb.lax.rng_bit_generator(*args)
    with pytest.raises(TypeError, match="wants a NamedSharding"):
        pb.lax.rng_bit_generator(KEY, (2,), out_sharding=1)


def test_uniform_numbers_differ_and_lie_inside():
    def draw(n):
        return pb.lax.rng_uniform(2.0, 5.0, (n,))

    for f in (draw, pb.jit(draw, static_argnums=0)):
        x, y = np.asarray(f(2000)), np.asarray(f(2000))
        assert x.min() >= 2 and x.max() < 5 and not np.array_equal(x, y)
        assert abs(x.mean() - 3.5) < 0.15 and x.dtype == lax.rng_uniform(2.0, 5.0, (1,)).dtype
    pair = pb.jit(lambda: (draw(9), draw(9)))()
    assert not np.array_equal(*pair)
    integers = np.asarray(pb.lax.rng_uniform(0, 4, (200,)))
    assert set(integers.tolist()) == {0, 1, 2, 3}


def test_uniform_numbers_in_batches():
    low, high = np.arange(3.0), np.arange(3.0) * 2 + 1
    for args, axes in (((low, high), 0), ((low, 5.0), (0, None))):
        x = np.asarray(pb.vmap(lambda a, b: pb.lax.rng_uniform(a, b, (50, 2)), axes)(*args))
        top = np.broadcast_to(args[1], (3,))
        assert x.shape == (3, 50, 2)
        for i, (a, b) in enumerate(itertools.islice(zip(low, top, strict=True), 3)):
            assert x[i].min() >= a and x[i].max() < b


def test_uniform_bounds_are_checked():
    with pytest.raises(ValueError, match="rng_uniform: the bounds must be of one dtype"):
        pb.lax.rng_uniform(pnp.float32(0), pnp.int32(1), (2,))
    with pytest.raises(ValueError, match="must be scalars"):
        pb.lax.rng_uniform(np.zeros(2), np.ones(2), (2,))
