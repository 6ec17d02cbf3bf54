"""The library's own operations by JAX's names of them: `add_p`, `dot_general_p`, `jit_p`."""

from typing import Any

from ... import lax, random
from ...ad_checkpoint import name_p
from ...control.call import jit_p
from ...control.custom_jvp_call import custom_jvp_call_p
from ...control.custom_vjp_call import custom_lin_p, custom_vjp_call_p
from ...control.gamma import random_gamma_p
from ...control.remat import checkpoint_p as remat_p
from ...core.primitive import registry

__all__ = [
    "custom_jvp_call_p",
    "custom_lin_p",
    "custom_vjp_call_p",
    "jit_p",
    "name_p",
    "random_gamma_p",
    "remat_p",
]

# The packages that load the modules of the other operations.
LOADED = (lax, random)
# JAX's names of Python that are not the operation's own.
RENAMED = {
    "add_jaxvals": "add_any",
    "linear_solve": "custom_linear_solve",
    **{f"scatter_{how}": f"scatter-{how}" for how in ("add", "max", "min", "mul")},
}


def __getattr__(name: str) -> Any:
    own = name.removesuffix("_p")
    found = registry.get(RENAMED.get(own, own))
    if found is None or own == name:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, *[f"{name}_p" for name in registry]})
