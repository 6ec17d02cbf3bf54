"""Under `numpy_dtype_promotion="strict"` the same operands mix as in JAX."""

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

OPERANDS: dict[str, Callable[[Any], Any]] = {
    **{
        name: lambda m, name=name: m.ones(2, name)
        for name in ("bool", "int8", "int32", "float16", "float32")
    },
    "weak float": lambda m: m.asarray(1.0),
    "int": lambda m: 1,
    "float": lambda m: 1.0,
    "True": lambda m: True,
    "numpy float": lambda m: np.float32(1),
}
FUNCTIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "operator": lambda m, x, y: operator.add(m.asarray(x), y),
    **{
        name: lambda m, x, y, name=name: getattr(m, name)(x, y)
        for name in ("divide", "equal", "power", "logical_and")
    },
    "where": lambda m, x, y: m.where(m.ones(2, bool), x, y),
    "concatenate": lambda m, x, y: m.concatenate([m.atleast_1d(m.asarray(v)) for v in (x, y)]),
}


def answer(module: Any, f: Callable[..., Any], first: str, second: str) -> str:
    """The dtype of the result, or that there is none."""
    try:
        return str(f(module, OPERANDS[first](module), OPERANDS[second](module)).dtype)
    except (TypeError, ValueError):
        return "an error"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_mixes(name: str) -> None:
    """Every pair of kinds of operands."""
    f = FUNCTIONS[name]
    with jax.numpy_dtype_promotion("strict"), pb.numpy_dtype_promotion("strict"):
        different = {
            (a, b): (mine, its)
            for a in OPERANDS
            for b in OPERANDS
            if (mine := answer(pnp, f, a, b)) != (its := answer(jnp, f, a, b))
        }
    assert not different
