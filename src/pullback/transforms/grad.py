"""Derivatives of functions of pytrees: jvp, linearize, vjp, grad, value_and_grad."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ParamSpec

import numpy as np

from .. import dtypes, tree
from ..core.aval import ShapedArray
from ..core.trace import get_aval
from ..primitives.convert import convert_element_type
from .border import aux_result, tangent
from .cells import borrow, refuse
from .differentiable import check_input, check_scalar
from .flat import Flat, arguments, check_function, positions, select_argnums
from .jvp import instantiate_zeros, jvp_flat
from .linearize import linearize_flat, record
from .named import ASSIGNED, wraps
from .replicas import bordered
from .tape_function import Linearized, PulledBack, Signature, pull

P = ParamSpec("P")
_PASS = (
    "capture it, pass it as an argument that is not differentiated, or use vjp and its with_refs"
)


def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """Value of `fun` and its derivative along a direction (forward mode).

    Args:
      fun: function of arrays or pytrees of arrays.
      primals: tuple or list of the arguments at which to differentiate.
      tangents: direction, of the same structure, shapes and dtypes (float0 for integers).
      has_aux: whether `fun` returns a pair (result, aux) of which aux is not differentiated.

    Returns:
      (result, tangent of the result), and aux if `has_aux`.

    Raises:
      TypeError: structures, shapes or dtypes of primals and tangents differ.

    >>> import pullback as pb
    >>> y, t = pb.jvp(pb.numpy.sin, (0.0,), (1.0,))
    >>> float(y), float(t)
    (0.0, 1.0)
    """
    check_function(fun, "jvp")
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            "jvp: primals and tangents must be tuples or lists of arguments, got"
            f" {type(primals).__name__} and {type(tangents).__name__}: write jvp(f, (x,), (t,))"
        )
    refuse(primals, "jvp", _PASS)
    flat, in_tree = arguments(tuple(primals), "jvp")
    flat_tangents, tangent_tree = tree.flatten(tuple(tangents))
    if in_tree != tangent_tree:
        raise TypeError(
            f"jvp: primals and tangents must have one structure, got {in_tree} and {tangent_tree}"
        )
    pairs = zip(flat, flat_tangents, strict=True)
    given = [tangent(get_aval(p), t, "jvp", "tangent") for p, t in pairs]
    f = Flat(fun, in_tree, has_aux=has_aux, name="jvp")
    outs, out_tangents = jvp_flat(f, flat, given)
    result = f.out_tree.unflatten(outs), f.out_tree.unflatten(instantiate_zeros(out_tangents))
    return (*result, aux_result(f)) if has_aux else result


def linearize(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Value of `fun` and its derivative as a linear function of the tangents.

    The value is computed once; the returned function may be called for many directions.

    Args:
      fun: function of arrays or pytrees of arrays.
      primals: the arguments at which to linearize.
      has_aux: whether `fun` returns a pair (result, aux).

    Returns:
      (result, f_lin) with `f_lin(*tangents)` the tangent of the result; and aux if `has_aux`.
      `f_lin` is a tree of the values it holds, so compiled functions may return it.

    >>> import pullback as pb
    >>> y, f_lin = pb.linearize(pb.numpy.sin, 0.0)
    >>> float(f_lin(2.0))
    2.0
    """
    check_function(fun, "linearize")
    refuse(primals, "linearize", _PASS)
    flat, in_tree = arguments(primals, "linearize")
    f = Flat(fun, in_tree, has_aux=has_aux, name="linearize")
    active = [dtypes.is_float(get_aval(p).dtype) for p in flat]
    outs, tape = linearize_flat(bordered(f), flat, active)
    linear = Linearized(tape, _signature(f, flat, active, outs))
    result = f.out_tree.unflatten(outs), linear
    return (*result, aux_result(f)) if has_aux else result


def _signature(
    f: Flat, flat: Sequence[Any], active: Sequence[bool], outs: Sequence[Any]
) -> Signature:
    avals, out_avals = (tuple([get_aval(x) for x in xs]) for xs in (flat, outs))
    return Signature(avals, tuple(active), out_avals, f.in_tree, f.out_tree)


def vjp(
    fun: Callable[..., Any], *primals: Any, has_aux: bool = False, reduce_axes: tuple[Any, ...] = ()
) -> tuple[Any, ...]:
    """Value of `fun` and the function that pulls cotangents back (reverse mode).

    Args:
      fun: function of arrays or pytrees of arrays.
      primals: the arguments at which to differentiate. Of a mutable array that is the value that it
        holds before; `vjp_fun.with_refs` says where the gradient goes.
      has_aux: whether `fun` returns a pair (result, aux).
      reduce_axes: accepted for compatibility; must be empty.

    Returns:
      (result, vjp_fun) where `vjp_fun(ct)` takes a cotangent of the result's structure, shapes
      and dtypes and returns a tuple with one cotangent an argument; and aux if `has_aux`.
      `vjp_fun` is a tree of the values it holds, so compiled functions may return it.

    >>> import pullback as pb
    >>> y, f_vjp = pb.vjp(pb.numpy.multiply, 2.0, 3.0)
    >>> [float(ct) for ct in f_vjp(1.0)]
    [3.0, 2.0]
    """
    if reduce_axes:
        raise NotImplementedError("vjp: reduce_axes is not supported")
    check_function(fun, "vjp")
    given, loans = borrow(primals, "vjp")
    flat, in_tree = arguments(given, "vjp")
    f = Flat(fun, in_tree, has_aux=has_aux, name="vjp")
    active = [a.tangent() is a for a in map(get_aval, flat)]
    outs, tape = linearize_flat(bordered(loans.lent(f)), flat, active)
    signature = _signature(f, flat, active, outs)
    if loans.cells:
        lent, written = tuple(loans.cells), tuple(loans.written)
        signature = replace(signature, lent=lent, written=written)
        outs, ends = outs[: -len(written) or None], outs[len(outs) - len(written) :]
        loans.settle(ends)
    result = f.out_tree.unflatten(outs), PulledBack(tape, signature)
    return (*result, aux_result(f)) if has_aux else result


def value_and_grad(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[P, tuple[Any, Any]]:
    """Function that returns `fun`'s value and its gradient.

    Args:
      fun: function whose result is a scalar of floating dtype.
      argnums: position, or positions, of the arguments to differentiate; each may be a pytree.
      has_aux: whether `fun` returns a pair (scalar, aux).
      holomorphic: whether `fun` is promised to be holomorphic: arguments and result complex.
      allow_int: whether integer arguments are allowed (their gradients are float0).
      reduce_axes: accepted for compatibility; must be empty.

    Returns:
      A function of the same arguments that returns `(value, gradient)`, or
      `((value, aux), gradient)` if `has_aux`. The gradient has the argument's structure, shapes
      and dtypes; for a sequence of argnums it is a tuple.

    Raises:
      TypeError: the result is no real scalar, or an argument is of integer dtype.

    >>> import pullback as pb
    >>> value, gradient = pb.value_and_grad(lambda x: x * x)(3.0)
    >>> float(value), float(gradient)
    (9.0, 6.0)
    """
    return _gradient(fun, argnums, has_aux, holomorphic, allow_int, reduce_axes, "value_and_grad")


def grad(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[P, Any]:
    """Function that returns `fun`'s gradient; arguments as for `value_and_grad`.

    Returns:
      A function of the same arguments that returns the gradient, or `(gradient, aux)`.

    >>> import pullback as pb
    >>> float(pb.grad(pb.numpy.tanh)(0.0))
    1.0
    """
    both = _gradient(fun, argnums, has_aux, holomorphic, allow_int, reduce_axes, "grad")

    @wraps(fun, assigned=ASSIGNED, updated=())
    def grad_f(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return grad_f


def _gradient(
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    reduce_axes: Sequence[Any],
    what: str,
) -> Callable[..., Any]:
    check_function(fun, what)
    if reduce_axes:
        raise NotImplementedError(f"{what}: reduce_axes is not supported")
    single = not isinstance(argnums, (tuple, list))
    chosen_positions = positions(argnums, what)

    @wraps(fun, assigned=ASSIGNED, updated=())
    def value_and_grad_f(*args: Any, **kwargs: Any) -> Any:
        partial, chosen = select_argnums(fun, chosen_positions, args, what)
        refuse(chosen, what, _PASS)
        flat, in_tree = arguments(chosen, what)
        for leaf in flat:
            check_input(get_aval(leaf), what, holomorphic, allow_int)
        f = Flat(partial, in_tree, kwargs, has_aux, what)
        avals = [get_aval(p) for p in flat]
        active = [a.tangent() is a for a in avals]
        outs, tape = record(bordered(f), flat, active)  # runs once: the tape is left as it is
        value = f.out_tree.unflatten(outs)
        aval = check_scalar(value, fun, what, holomorphic)
        gradient = in_tree.unflatten(pull(tape, avals, active, [_one(aval)]))
        return (value, aux_result(f)) if has_aux else value, gradient[0] if single else gradient

    return value_and_grad_f


def _one(aval: ShapedArray) -> Any:
    one = np.ones((), aval.dtype)[()]
    return convert_element_type(one, aval.dtype, aval.weak_type)
