"""Random keys by their implementation, against JAX's."""

import jax
import jax.extend.random as theirs
import numpy as np
import pytest

import pullback as pb
from pullback.extend import random as ours

BOTH = ((pb, ours), (jax, theirs))
IMPLS = ["threefry_prng_impl", "rbg_prng_impl", "unsafe_rbg_prng_impl"]


def same(program):
    for got, want in zip(program(*BOTH[0]), program(*BOTH[1]), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", IMPLS)
def test_keys_of_an_implementation(name):
    def program(p, m):
        impl = getattr(m, name)
        keys = [m.seed_with_impl(impl, 7), m.random_seed(-(2**40), impl)]
        keys += [m.random_seed(np.arange(3), impl), p.random.key(3, impl=impl)]
        keys += [p.jit(lambda s: m.random_seed(s, impl))(np.arange(2))]
        words = [p.random.key_data(k) for k in keys]
        return [*words, impl.key_shape, impl.name, impl.tag, str(impl)]

    same(program)


@pytest.mark.parametrize("shape", [(4,), (3, 3), (), (0,), (1,)])
def test_the_hash_of_words(shape):
    count = np.arange(np.prod(shape, dtype=int), dtype=np.uint32).reshape(shape)

    def program(p, m):
        def f(count):
            return m.threefry_2x32(np.uint32([3, 2**31 + 5]), count)

        return f(p.numpy.asarray(count)), p.jit(f)(count)

    same(program)


def test_what_is_refused():
    for _, m in BOTH:
        with pytest.raises(TypeError):
            m.threefry_2x32(np.uint32([0, 0]), np.zeros(2, np.int32))
    with pytest.raises(NotImplementedError, match="threefry2x32"):
        ours.define_prng_impl(key_shape=(2,))
