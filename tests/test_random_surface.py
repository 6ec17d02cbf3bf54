"""The names and signatures of random are JAX's."""

import inspect

import pytest
from jax import random as theirs

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
