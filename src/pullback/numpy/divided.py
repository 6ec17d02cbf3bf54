"""Results of functions that take `out_sharding`: how they are divided among devices."""

from typing import Any

from ..lazy import LazyModule

_sharding: Any = LazyModule("pullback.sharding")


def divided(x: Any, out_sharding: Any) -> Any:
    """The result, divided as `with_sharding_constraint` does it where a sharding is given."""
    return x if out_sharding is None else _sharding.with_sharding_constraint(x, out_sharding)
