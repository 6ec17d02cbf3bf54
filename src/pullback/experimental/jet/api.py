"""jet as users call it."""

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

from ... import dtypes, tree
from ...core.aval import type_name
from ...core.trace import get_aval
from ...primitives.convert import convert_element_type
from ...primitives.shape import zeros
from ...transforms.flat import Flat, argument, check_function
from .series import scale
from .trace import Series, jet_flat


def jet(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    series: Sequence[Sequence[Any]],
    factorial_scaled: bool = True,
    **_: Any,
) -> tuple[Any, Any]:
    """Value of `fun` and its derivatives along a curve (Taylor mode).

    Args:
      fun: function of arrays that returns arrays or a pytree of them.
      primals: tuple or list of the arguments, float arrays: the point h(0) of the curve h.
      series: for each argument a tuple or list with the first n derivatives of the curve at 0,
        arrays of the argument's shape; all of one length n.
      factorial_scaled: whether terms are derivatives; otherwise they are coefficients of the power
        series, the k-th derivative divided by k!.

    Returns:
      (fun(*primals), terms): terms has the structure of the result with, for each leaf, a list of
      the first n derivatives of fun(h(t)) at t = 0.

    Raises:
      ValueError: the lengths or shapes of the terms differ, or an argument is no array.
      TypeError: an argument has no derivatives.

    >>> import pullback as pb
    >>> y, (dy, ddy) = pb.experimental.jet.jet(pb.numpy.sin, (0.0,), ((1.0, 0.0),))
    >>> float(y), float(dy), float(ddy)
    (0.0, 1.0, 0.0)
    """
    check_function(fun, "jet")
    order = _order(primals, series)
    args = [
        _given(i, x, terms, factorial_scaled)
        for i, (x, terms) in enumerate(zip(primals, series, strict=True))
    ]
    f = Flat(fun, tree.structure((0,) * len(args)), name="jet")
    outs = jet_flat(f, order, args)
    terms = [_terms(s, order, factorial_scaled) for s in outs]
    return f.out_tree.unflatten([s[0] for s in outs]), f.out_tree.unflatten(terms)


def _order(primals: Sequence[Any], series: Sequence[Any]) -> int:
    if len(primals) != len(series):
        raise ValueError(
            f"jet: series must have one entry an argument, got {len(series)} for {len(primals)}"
        )
    lengths = set(map(len, series))
    if len(lengths) != 1:
        raise ValueError(
            "jet: the arguments' series must have one length, got"
            f" {', '.join(str(len(s)) for s in series)}"
        )
    return lengths.pop()


def _given(i: int, x: Any, terms: Sequence[Any], factorial_scaled: bool) -> Series:
    """An argument as a series of coefficients."""
    primal = _array(x, f"primal value at position {i}")
    aval = get_aval(primal)
    if not dtypes.is_float(aval.dtype):
        raise TypeError(f"jet: argument {i} must be of a float or complex type, got {aval}")
    coefficients = [_array(t, f"term {j} for argument {i}") for j, t in enumerate(terms)]
    for j, t in enumerate(coefficients):
        if get_aval(t).shape != aval.shape:
            raise ValueError(
                f"jet: term {j} for argument {i} must have the argument's shape"
                f" {type_name(aval)}, got {type_name(get_aval(t))}"
            )
    own = [convert_element_type(t, aval.dtype) for t in coefficients]
    return [primal, *(_scaled(own, lambda k: 1 / factorial(k)) if factorial_scaled else own)]


def _array(x: Any, what: str) -> Any:
    if not tree.structure(x).is_leaf():
        raise ValueError(f"jet: {what} is not an array, got {x!r}")
    return argument(x, "jet")


def _scaled(terms: Sequence[Any], factor: Callable[[int], float]) -> list[Any]:
    return [scale(t, factor(k)) for k, t in enumerate(terms, 1)]


def _terms(series: Series, order: int, factorial_scaled: bool) -> list[Any]:
    """The terms of a result, zeros for a constant."""
    if len(series) == 1:
        return [zeros(get_aval(series[0])) for _ in range(order)]
    return _scaled(series[1:], factorial) if factorial_scaled else series[1:]
