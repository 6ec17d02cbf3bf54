"""The names and signatures of lax are JAX's, but for what stands in the tables below."""

import inspect

import pytest
from jax import lax

import pullback as pb

MESH = "needs several devices"
TOKENS = "XLA's tokens order effects; here effects keep the order of the program"
COPIES = "is composed of other operations here"
# Names of JAX that are not here.
MISSING = {
    "after_all": TOKENS,
    "after_all_p": TOKENS,
    "create_token": TOKENS,
    "create_token_p": TOKENS,
    "dce_sink": "keeps XLA from dropping dead code",
    "dce_sink_p": "keeps XLA from dropping dead code",
    "precv": MESH,
    "psend": MESH,
    "ragged_all_to_all": MESH,
    "ragged_all_to_all_p": MESH,
    "scaled_dot": "a kernel of some accelerators",
    "approx_top_k_p": COPIES,
    "select_and_scatter_p": COPIES,
    "stack_p": COPIES,
    "stage_p": COPIES,
    "tile_p": COPIES,
    "unstack_p": COPIES,
}
# Functions whose parameters differ, with the reason.
DIFFERENT = {
    "random_gamma_grad": "JAX's takes *args",
}
PUBLIC = [name for name in dir(lax) if not name.startswith("_")]
FUNCTIONS = [
    name
    for name in PUBLIC
    if callable(getattr(lax, name))
    and not isinstance(getattr(lax, name), type)
    and inspect.isfunction(inspect.unwrap(getattr(lax, name)))
    and hasattr(pb.lax, name)
]


def parameters(f):
    """Names and kinds of parameters, and which of them may be left out."""
    found = inspect.signature(f).parameters.values()
    return [(p.name, p.kind.name, p.default is not p.empty) for p in found]


def test_every_name_is_here():
    missing = {name for name in PUBLIC if not hasattr(pb.lax, name)}
    assert missing - set(MISSING) == set()


def test_tables_are_current():
    assert {name for name in MISSING if hasattr(pb.lax, name)} == set()
    assert set(MISSING) <= set(PUBLIC)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - set(DIFFERENT)))
def test_signature_is_jax(name):
    assert parameters(getattr(pb.lax, name)) == parameters(getattr(lax, name))


def test_primitives_have_their_names():
    for name in PUBLIC:
        if name.endswith("_p") and hasattr(pb.lax, name):
            assert getattr(pb.lax, name).name == getattr(lax, name).name
