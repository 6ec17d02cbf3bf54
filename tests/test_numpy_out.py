"""Arrays are not written to: a function that is given `out` says so, and does not ignore it."""

import inspect
from typing import Any

import numpy as np
import pytest

from pullback import numpy as pnp

X = pnp.ones((2, 2))
# Arguments, where two arrays or one are not what is wanted.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "choose": (pnp.zeros(2, int), [X[0], X[1]]),
    "compress": (X[0] > 0, X),
    "einsum": ("ij->", X),
    "stack": ([X, X],),
    "take": (X, pnp.array([0])),
    "quantile": (X, 0.5),
    "nanquantile": (X, 0.5),
    "percentile": (X, 50.0),
    "nanpercentile": (X, 50.0),
}


def takes_out(f: Any) -> bool:
    """Whether a function has a parameter `out`."""
    try:
        return "out" in inspect.signature(f).parameters
    except (TypeError, ValueError):
        return False


FUNCTIONS = sorted(name for name in pnp.__all__ if takes_out(getattr(pnp, name)))


def arguments(name: str) -> tuple[Any, ...]:
    """What the function may be called with."""
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    f = getattr(pnp, name)
    if isinstance(f, pnp.ufunc):
        return (X.astype(int) if name.startswith("bitwise") else X,) * f.nin
    wanted = [p for p in inspect.signature(f).parameters.values() if p.default is p.empty]
    return (X,) * len(wanted)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_out_is_refused(name: str) -> None:
    """With the name of the function."""
    f = getattr(pnp, name)
    given = arguments(name)
    f(*given)
    with pytest.raises(NotImplementedError, match="out"):
        f(*given, out=np.zeros((2, 2)))
