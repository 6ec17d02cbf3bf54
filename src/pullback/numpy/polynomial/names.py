"""The functions of one basis, under the names that NumPy gives them."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..creation import asarray
from . import fits, series
from .basis import Basis
from .shown import SHOWN

CONSTANTS = ("zero", "one", "x", "domain")
Functions = list[Callable[..., Any]]


def _val2d(basis: Basis, x: Any, y: Any, c: Any) -> Any:
    """The values of series in two variables, along c's first two axes, at points of one shape."""
    return series.valnd(basis, (x, y), c)


def _val3d(basis: Basis, x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of series in three variables at points of one shape."""
    return series.valnd(basis, (x, y, z), c)


def _grid2d(basis: Basis, x: Any, y: Any, c: Any) -> Any:
    """The values of series in two variables at all pairs of an x and a y."""
    return series.gridnd(basis, (x, y), c)


def _grid3d(basis: Basis, x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of series in three variables at all combinations of an x, a y and a z."""
    return series.gridnd(basis, (x, y, z), c)


def _vander2d(basis: Basis, x: Any, y: Any, deg: Any) -> Any:
    """The products P_i(x) P_j(y) up to two degrees: shape x.shape + ((degx + 1) * (degy + 1),)."""
    return series.vandernd(basis, (x, y), deg)


def _vander3d(basis: Basis, x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of polynomials in three variables up to three degrees."""
    return series.vandernd(basis, (x, y, z), deg)


def _from_powers(powers: Basis, basis: Basis, pol: Any) -> Any:
    """The coefficients of powers, that of x ** 0 first, as a series."""
    return series.convert(powers, basis, pol)


# In the order in which modules name them.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": series.add,
    "sub": series.sub,
    "mulx": series.mulx,
    "mul": series.mul,
    "div": series.div,
    "pow": series.pow,
    "val": series.val,
    "val2d": _val2d,
    "val3d": _val3d,
    "valnd": series.valnd,
    "grid2d": _grid2d,
    "grid3d": _grid3d,
    "vander": series.vander,
    "vander2d": _vander2d,
    "vander3d": _vander3d,
    "der": series.der,
    "int": series.integral,
    "fromroots": series.fromroots,
    "roots": fits.roots,
    "companion": fits.companion,
    "fit": fits.fit,
    "line": series.line,
    "trim": series.trim,
}


def functions(basis: Basis) -> Functions:
    """The operations on series of a basis."""
    return [named(basis.prefix + name, f, basis) for name, f in OPERATIONS.items()]


def orthogonal(basis: Basis, powers: Basis) -> Functions:
    """What only orthogonal polynomials have: to powers and back, points and weights, the weight."""
    return [
        named(f"{basis.prefix}2poly", series.convert, basis, powers),
        named(f"poly2{basis.prefix}", _from_powers, powers, basis),
        named(f"{basis.prefix}gauss", fits.gauss, basis),
        named(f"{basis.prefix}weight", fits.weight, basis),
    ]


def constant(basis: Basis, name: str) -> Any:
    """`zero`, `one`, `x` and `domain` of a basis, as NumPy has them."""
    if name not in [basis.prefix + n for n in CONSTANTS]:
        module = basis.theirs.__name__.replace("numpy", "pullback.numpy", 1)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return asarray(getattr(basis.theirs, name))


def named(name: str, f: Callable[..., Any], *bases: Basis) -> Callable[..., Any]:
    """The function for a basis, with a name and an example."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*bases, *args, **kwargs)

    parameters = list(inspect.signature(f).parameters.values())[len(bases) :]
    functools.update_wrapper(call, f)
    del call.__wrapped__
    call.__name__ = call.__qualname__ = name
    call.__module__ = bases[0].theirs.__name__.replace("numpy.", "pullback.numpy.", 1)
    call.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    call.__doc__ = inspect.cleandoc(f.__doc__ or "") + "\n" + SHOWN.get(name, "")
    return call
