"""How parameters print where JAX's text differs from our parameters: a rule an operation.

JAX leaves out what the result's type implies, and prints parameters of sharding.
"""

from collections.abc import Callable
from typing import Any

from ..core.primitive import Primitive
from .contract import dot_general_p
from .shape import broadcast_in_dim_p, iota_p, reduce_sum_p, reshape_p

Params = dict[str, Any]
Rule = Callable[[Params], Params]


def broadcast(params: Params) -> Params:
    """The shape is that of the result."""
    dims = params["broadcast_dimensions"]
    return {"broadcast_dimensions": dims} if dims else {}


def contraction(params: Params) -> Params:
    """Axes as lists; nothing that is None."""
    axes = tuple((list(x), list(y)) for x, y in params["dimension_numbers"])
    shown = {k: v for k, v in params.items() if v is not None}
    return {**shown, "dimension_numbers": axes}


def unsharded(name: str) -> Rule:
    """With the parameter that says how the result is sharded."""
    return lambda params: {**params, name: None}


RULES: dict[Primitive, Rule] = {
    broadcast_in_dim_p: broadcast,
    dot_general_p: contraction,
    reduce_sum_p: unsharded("out_sharding"),
    reshape_p: unsharded("sharding"),
    iota_p: unsharded("sharding"),
}


def ordered(rule: Rule) -> Callable[[Params], Any]:
    """The slot's form of a rule: parameters by name, and no program that shares names."""
    return lambda params: (dict(sorted(rule(params).items())), None)


for _primitive, _rule in RULES.items():
    _primitive.def_show(ordered(_rule))
