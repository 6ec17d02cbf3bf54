"""The name under which older programs have `shard_map`; it warns of the newer one."""

import warnings
from collections.abc import Callable
from typing import Any

from ..core.mesh import Mesh
from ..parallel import shard_map as newer


def _shard_map(
    f: Callable[..., Any], mesh: Mesh, in_specs: Any, out_specs: Any, check_rep: bool = True
) -> Callable[..., Any]:
    """`pullback.shard_map`, its arguments by position; `check_rep` is its `check_vma`."""
    return newer(f, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=check_rep)


def __getattr__(name: str) -> Any:
    if name != "shard_map":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = (
        f"{__name__}.shard_map is deprecated: write pullback.shard_map, whose specs have names"
    )
    warnings.warn(message, DeprecationWarning, stacklevel=2)
    return _shard_map
