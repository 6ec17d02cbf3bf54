"""Keys of the implementations rbg and unsafe_rbg: the numbers are JAX's."""

import pickle

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

IMPLS = ["rbg", "unsafe_rbg"]


def words(p, key):
    return np.asarray(p.random.key_data(key))


def same(got, want):
    for g, w in zip(pb.tree.leaves(got), jax.tree.leaves(want), strict=True):
        assert g.shape == w.shape and g.dtype == w.dtype
        if np.issubdtype(w.dtype, np.floating):
            np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-6)
        else:
            np.testing.assert_array_equal(g, w)


@pytest.mark.parametrize("impl", IMPLS)
def test_keys_are_jax(impl):
    def program(p):
        key = p.random.key(2**31 + 7, impl=impl)
        many = p.random.split(key, (2, 3))
        folded = p.vmap(p.random.fold_in, (0, None))(many[0], 5)
        each = p.vmap(p.random.fold_in)(many[1], np.arange(3, dtype=np.uint32))
        again = p.vmap(lambda k: p.random.split(k, 2))(many[0])
        keys = (key, many, p.random.split(key), p.random.fold_in(key, 3), folded, each, again)
        return [words(p, k) for k in keys]

    same(program(pb), program(jax))


@pytest.mark.parametrize("impl", IMPLS)
def test_keys_are_jax_when_compiled(impl):
    def program(p):
        @p.jit
        def f(seed):
            key = p.random.key(seed, impl=impl)
            many = p.random.split(key, 4)
            folded = p.vmap(p.random.fold_in, (None, 0))(key, np.arange(3, dtype=np.uint32))
            turned = many[::-1]
            return [p.random.key_data(k) for k in (key, many, folded, turned)]

        return f(11)

    same(program(pb), program(jax))


DRAWS = {
    "bits": lambda p, k: [p.random.bits(k, (5,), d) for d in ("uint8", "uint16", "uint32")],
    "uniform": lambda p, k: p.random.uniform(k, (3, 4)),
    "normal": lambda p, k: p.random.normal(k, (7,)),
    "randint": lambda p, k: p.random.randint(k, (9,), -5, 100),
    "permutation": lambda p, k: p.random.permutation(k, 20),
    "categorical": lambda p, k: p.random.categorical(k, np.zeros(4, np.float32), shape=(6,)),
    "bernoulli": lambda p, k: p.random.bernoulli(k, 0.3, (8,)),
    "choice": lambda p, k: p.random.choice(k, 10, (4,), replace=False),
    "gumbel": lambda p, k: p.random.gumbel(k, (5,)),
    "scalar": lambda p, k: p.random.uniform(k),
}


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_jax(name, impl):
    def program(p, wrap):
        key = p.random.key(3, impl=impl)
        return wrap(lambda k: DRAWS[name](p, k))(key)

    want = program(jax, jax.jit)
    same(program(pb, lambda f: f), want)
    same(program(pb, pb.jit), want)


@pytest.mark.parametrize("impl", IMPLS)
def test_batches_are_jax(impl):
    def program(p):
        keys = p.random.split(p.random.key(0, impl=impl), 6).reshape(2, 3)
        f = p.vmap(p.vmap(lambda k: p.random.uniform(k, (4,))))
        return f(keys), p.vmap(lambda k: p.random.normal(k, (3,)))(keys[:, 1])

    same(program(pb), program(jax))


@pytest.mark.parametrize("impl", IMPLS)
def test_keys_in_loops(impl):
    def program(p):
        def step(key, _):
            key, sub = p.random.split(key)
            return key, p.random.uniform(sub, (2,))

        key, xs = p.lax.scan(step, p.random.key(1, impl=impl), None, length=3)
        return words(p, key), xs

    same(program(pb), program(jax))


def test_names_and_dtypes():
    for impl, tag in zip(IMPLS, ("rbg", "urbg"), strict=True):
        ours, theirs = (p.random.key(0, impl=impl) for p in (pb, jax))
        assert str(pb.random.key_impl(ours)) == str(jax.random.key_impl(theirs)) == impl
        assert repr(ours) == repr(theirs) and f"key<{tag}>" in repr(ours)
        assert pb.random.key_dtype(impl) == ours.dtype
        assert pb.dtypes.issubdtype(ours.dtype, pb.dtypes.prng_key)
        same(pb.random.PRNGKey(5, impl=impl), jax.random.PRNGKey(5, impl=impl))
        again = pb.random.wrap_key_data(pb.random.key_data(ours), impl=impl)
        same(words(pb, again), words(jax, theirs))
        same(words(pb, pickle.loads(pickle.dumps(ours))), words(jax, theirs))


@pytest.mark.parametrize("impl", ["threefry2x32", *IMPLS])
def test_the_default_implementation(impl):
    def program(p):
        with p.default_prng_impl(impl):
            raw = p.random.PRNGKey(7)
            return words(p, p.random.key(7)), raw, p.random.uniform(raw, (3,)), p.random.split(raw)

    same(program(pb), program(jax))
    with pytest.raises(ValueError, match="default_prng_impl must be 'threefry2x32' or 'rbg'"):
        pb.config.update("jax_default_prng_impl", "mersenne")


def test_what_is_not_there_is_refused():
    key = pb.random.key(0, impl="rbg")
    with pytest.raises(ValueError, match="no random keys of 'mersenne', only of 'threefry2x32'"):
        pb.random.key(0, impl="mersenne")
    with pytest.raises(NotImplementedError, match="poisson: keys of threefry2x32"):
        pb.random.poisson(key, 2.0)
    with pytest.raises(TypeError, match=r"typed or uint32\[2\]"):
        pb.random.uniform(pb.random.key_data(key))
    with pytest.raises(pb.dtypes.TypePromotionError, match="different implementations"):
        pnp.stack([key, pb.random.key(0)])


@pytest.mark.parametrize("impl", IMPLS)
def test_keys_on_xla(impl):
    """XLA holds keys as words; so is every operation that moves them."""

    def f(seed):
        key = pb.random.key(seed, impl=impl)
        many = pb.random.split(key, 6).reshape(2, 3)
        moved = [
            many.T, many[::-1, 1:], pnp.where(pnp.arange(3) > 0, many, key),
            many[:, np.array([2, 0])],
            pnp.pad(many[0], (1, 2), constant_values=key), pnp.concatenate([many[0], many[1]]),
            pnp.broadcast_to(key, (2, 2)), many.at[0, 1].set(key), pb.lax.dynamic_slice(
                many, (seed - 6, 0), (1, 3)
            ),
        ]  # fmt: skip
        draws = pb.random.uniform(many[1, 2], (5,))
        return [*map(pb.random.key_data, moved), draws, many[0, 0] == many, many != key]

    same(pb.jit(f, backend="xla")(7), jax.tree.map(np.asarray, pb.jit(f)(7)))


@pytest.mark.parametrize("impl", ["threefry2x32", *IMPLS])
def test_the_scalar_type_of_keys_is_their_own(impl):
    """Libraries know keys by `dtype.type`, its name, and what it is a subtype of."""

    def known(p):
        def of(key):
            t = key.dtype.type
            kinds = (p.dtypes.prng_key, p.dtypes.extended, np.generic)
            subtypes = [p.numpy.issubdtype(key.dtype, kind) for kind in (*kinds, np.number)]
            return t is p.dtypes.prng_key, t.__name__, subtypes

        key = p.random.key(0, impl=impl)
        moved = p.numpy.stack([key, p.random.fold_in(key, 1)])[::-1].reshape(2, 1)
        again = pickle.loads(pickle.dumps(key)) if p is pb else key
        inside = []
        p.jit(lambda k: inside.append(of(k)))(key)
        return [of(k) for k in (key, moved, p.random.split(key), again)] + inside

    assert known(pb) == known(jax)
    assert known(pb)[0] == (True, "prng_key", [True, True, True, False])
