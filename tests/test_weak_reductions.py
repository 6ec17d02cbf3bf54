"""Reductions of weakly typed arrays: eager, compiled and JAX's results have one type."""

from typing import Any

import jax.numpy as jnp
import pytest

import pullback as pb
from pullback import numpy as pnp

NAMES = "sum prod max min mean var std median ptp all any argmax cumsum cumprod".split()


def kind(x: Any) -> tuple[str, bool]:
    """Dtype and weakness; a bool is as good as weak."""
    return str(x.dtype), x.weak_type and str(x.dtype) != "bool"


@pytest.mark.parametrize("value", [2.0, 2])
@pytest.mark.parametrize("name", NAMES)
def test_types(name: str, value: float) -> None:
    """Of a number, and of an array of it."""
    for shape in ((), (3,)):
        mine = pnp.broadcast_to(pnp.asarray(value), shape)
        its = jnp.broadcast_to(jnp.asarray(value), shape)
        f = getattr(pnp, name)
        assert kind(f(mine)) == kind(pb.jit(f)(mine)) == kind(getattr(jnp, name)(its))
