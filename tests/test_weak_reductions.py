"""Operations on weakly typed arrays: eager, compiled and JAX's results have one type."""

import functools
from typing import Any

import jax
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


MIXED = {
    "clamp": lambda lax, x, y, i: [lax.clamp(a, b, a) for a in (x[0], y[0]) for b in (x, y)],
    "update": lambda lax, x, y, i: [
        lax.dynamic_update_slice(a, b[:1], (i[0],)) for a in (x, y) for b in (x, y)
    ],
    "slice": lambda lax, x, y, i: lax.dynamic_slice(x, (i[0],), (2,)),
    "gather": lambda lax, x, y, i: [x[i], x.at[i].get(mode="fill")],
    "scatter": lambda lax, x, y, i: [a.at[i].set(b[0]) for a in (x, y) for b in (x, y)],
    "sort": lambda lax, x, y, i: [*lax.sort((x, y), num_keys=1), *lax.sort((y, x), num_keys=1)],
    "select": lambda lax, x, y, i: [lax.select(x > 0, a, b) for a in (x, y) for b in (x, y)],
}


@pytest.mark.parametrize("name", MIXED)
def test_operations_on_weak_and_other_operands(name: str) -> None:
    weak = []
    for module in (jax, pb):
        numpy = module.numpy
        x = numpy.broadcast_to(numpy.asarray(2.0), (3,))
        operands = x, numpy.ones(3, numpy.float32), numpy.array([0, 1])
        f = functools.partial(MIXED[name], module.lax)
        leaves = [jax.tree.leaves(g(*operands)) for g in (f, module.jit(f))]
        weak.append([[y.weak_type for y in ys] for ys in leaves])
    assert weak[0] == weak[1]
