"""The name under which older programs have `jit` with shardings; it warns of the newer one."""

import warnings
from collections.abc import Callable
from typing import Any

from ..jit.api import jit


def _pjit(
    fun: Callable[..., Any], in_shardings: Any = None, out_shardings: Any = None, **options: Any
) -> Any:
    """`pullback.jit`, with shardings by position."""
    return jit(fun, in_shardings=in_shardings, out_shardings=out_shardings, **options)


def __getattr__(name: str) -> Any:
    if name != "pjit":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = f"{__name__}.pjit is deprecated: write pullback.jit"
    warnings.warn(message, DeprecationWarning, stacklevel=2)
    return _pjit
