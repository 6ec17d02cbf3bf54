"""sharding_constraint: the array itself, divided among devices in a given way."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.aval import ShapedArray
from ..core.primitive import Primitive
from ..core.sharding import UNCONSTRAINED, NamedSharding, PartitionSpec, place_of
from ..core.trace import get_aval
from ..primitives.rules import deflinear

# sharding_constraint -- y = x
sharding_constraint_p = Primitive("sharding_constraint", linear=True)
deflinear(sharding_constraint_p)


@sharding_constraint_p.def_type
def _(x: ShapedArray, *, sharding: NamedSharding) -> ShapedArray:
    sharding.check(x.shape, "with_sharding_constraint")
    return x


@sharding_constraint_p.def_value
def _(x: np.ndarray, *, sharding: NamedSharding) -> np.ndarray:
    return x


@sharding_constraint_p.def_transpose
def _(ct: Any, x: Any, *, sharding: NamedSharding) -> list[Any]:
    """The cotangent is divided as the value was."""
    return [sharding_constraint_p.bind(ct, sharding=sharding)]


@sharding_constraint_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, sharding: NamedSharding) -> Any:
    """The batch is divided as the compiler likes."""
    ndim = get_aval(args[0]).ndim
    spec = sharding.spec.inserted(dims[0], UNCONSTRAINED, ndim - 1)
    batched = NamedSharding(sharding.mesh, spec)
    return sharding_constraint_p.bind(args[0], sharding=batched), dims[0]


def _eagerly(args: Sequence[Any], params: dict[str, Any]) -> Any:
    sharding = params["sharding"]
    sharding.check(get_aval(args[0]).shape, "with_sharding_constraint")
    spec = [None if part is UNCONSTRAINED else part for part in sharding.spec]
    return place_of(NamedSharding(sharding.mesh, PartitionSpec(*spec))).put(args[0], True)


sharding_constraint_p.eager = _eagerly
