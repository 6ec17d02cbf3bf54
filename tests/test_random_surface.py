"""The names and signatures of random are JAX's, and so is what it refuses."""

import inspect

import jax
import pytest
from jax import random as theirs

import pullback as pb
from pullback import random as ours

PUBLIC = [name for name in dir(theirs) if not name.startswith("_")]
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(getattr(theirs, name))]


def parameters(f):
    """Names, kinds and defaults of parameters."""
    found = inspect.signature(f).parameters.values()
    return [(p.name, p.kind.name, repr(p.default)) for p in found]


def test_every_name_is_here():
    assert [name for name in PUBLIC if not hasattr(ours, name)] == []
    assert set(PUBLIC) <= set(ours.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_is_jax(name):
    assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name))
    assert getattr(ours, name).__doc__


def test_the_primitive_has_its_name():
    assert ours.random_gamma_p.name == theirs.random_gamma_p.name


def test_keys_format_as_text():
    for random in (ours, theirs):
        key = random.key(7)
        assert f"{key}" == str(key) == f"{key!r}"
        assert f"{random.split(key)}".startswith("Array((2,), dtype=key<fry>) overlaying:")


@pytest.mark.parametrize("lib", [pb, jax], ids=["ours", "theirs"])
@pytest.mark.parametrize(
    ("draw", "error"),
    [
        (lambda np, random, key: random.choice(key, 5, 2), TypeError),
        (lambda np, random, key: random.choice(key, 5, 2, replace=False), TypeError),
        (lambda np, random, key: random.choice(key, np.ones((2, 3)), (2,), axis=5), ValueError),
        (lambda np, random, key: random.split(key, 2.0), TypeError),
        (lambda np, random, key: random.split(key, "a"), TypeError),
        (lambda np, random, key: random.geometric(key, 0.5, (2,), float), ValueError),
        (lambda np, random, key: random.poisson(key, 0.5, (2,), bool), ValueError),
        (lambda np, random, key: random.randint(key, (2,), 0, 5, float), TypeError),
        (lambda np, random, key: random.wrap_key_data(np.zeros(2)), TypeError),
        (lambda np, random, key: random.wrap_key_data(np.zeros(2, "int32")), TypeError),
    ],
)
def test_refused(lib, draw, error):
    with pytest.raises(error):
        draw(lib.numpy, lib.random, lib.random.key(0))


@pytest.mark.parametrize("lib", [pb, jax], ids=["ours", "theirs"])
def test_an_axis_of_a_number_says_nothing(lib):
    assert lib.random.choice(lib.random.key(0), 7, (2,), axis=1).shape == (2,)


@pytest.mark.parametrize("lib", [pb, jax], ids=["ours", "theirs"])
def test_shapes_may_be_larger_than_what_is_drawn(lib):
    huge = lib.eval_shape(lambda s: lib.random.normal(lib.random.key(s), (10**12,)), 0)
    assert huge.shape == (10**12,)


def test_more_words_than_one_key_has_are_refused():
    with pytest.raises(NotImplementedError, match=r"at most 2\*\*32 words from one key"):
        ours.bits(ours.key(0), (2**16, 2**16))
