"""Names and policies of `checkpoint`, and what the backward pass of a function keeps."""

import inspect
from collections.abc import Callable
from typing import Any

from . import dtypes, tree
from .control.call import jit_p
from .control.name import checkpoint_name, name_p
from .control.policy import Offloadable, Recompute, Saveable, checkpoint_policies
from .control.remat import checkpoint_p
from .core.aval import ShapedArray
from .core.ir import Jaxpr, JaxprEqn, Var
from .core.stage import hoist, stage
from .core.trace import get_aval, show_line
from .transforms.flat import Flat, arguments
from .transforms.program import linearize_jaxpr

__all__ = [
    "Offloadable",
    "Recompute",
    "Saveable",
    "checkpoint_name",
    "checkpoint_policies",
    "print_saved_residuals",
]


def print_saved_residuals(f: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Print what the backward pass of `f` keeps: a line for each value, its type and its origin.

    Args:
      f: function of arrays or pytrees of arrays.
      args, kwargs: its arguments.

    >>> from pullback import numpy as pnp
    >>> from pullback.ad_checkpoint import print_saved_residuals
    >>> print_saved_residuals(lambda x, y: pnp.exp(x) * y, 1.0, 2.0)
    f32[] from the argument y
    f32[] output of exp from ...
    """
    for aval, source in saved_residuals(f, *args, **kwargs):
        print(aval.str_short(), source)


def saved_residuals(
    f: Callable[..., Any], *args: Any, **kwargs: Any
) -> list[tuple[ShapedArray, str]]:
    """The types of the values that the backward pass of `f` keeps, and where they come from."""
    flat, in_tree = arguments((args, kwargs), "saved_residuals")
    avals = [get_aval(x) for x in flat]
    closed = stage(
        Flat(lambda a, k: f(*a, **k), in_tree, name="saved_residuals"), avals, "saved_residuals"
    )
    captured = len(closed.consts)
    active = [dtypes.kind(a.dtype) in ("float", "complex") for a in avals]
    jaxpr = hoist(closed.jaxpr)
    mask = (*[False] * captured, *active)
    split = linearize_jaxpr(jaxpr, mask, (False,) * len(jaxpr.outvars))
    names = ["a constant"] * captured + [f"the argument {n}" for n in _names(f, args, kwargs)]
    places = sorted({s for s in split.sources if s is not None})
    given = [(jaxpr.invars[i].aval, f"from {names[i]}") for i in places]
    new = split.primal.outvars[len(jaxpr.outvars) :]
    found = {v: _origin(split.primal, v) for v in new if type(v) is Var}
    return given + [(v.aval, source) for v, source in found.items()]


def _names(f: Callable[..., Any], args: Any, kwargs: Any) -> list[str]:
    """A name for each leaf of the arguments."""
    bound = inspect.signature(f).bind(*args, **kwargs)
    return [n + p for n, value in bound.arguments.items() for p in tree.paths(value)]


def _origin(jaxpr: Jaxpr, v: Var) -> str:
    """Which operation computes a value."""
    eqn = next(e for e in jaxpr.eqns if v in e.outvars)
    if eqn.primitive is checkpoint_p:
        inside = eqn.params["jaxpr"]
        source = inside.outvars[eqn.outvars.index(v)]
        if any(source in e.outvars for e in inside.eqns):
            return _origin(inside, source)
    return f"{_description(eqn)} from {show_line(eqn.line)}"


def _description(eqn: JaxprEqn) -> str:
    if eqn.primitive is name_p:
        return f"named {eqn.params['name']!r}"
    if eqn.primitive is jit_p:
        return f"output of jitted function {eqn.params['name']!r}"
    return f"output of {eqn.primitive.name}"
