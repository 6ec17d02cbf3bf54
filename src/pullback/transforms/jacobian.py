"""Jacobians and Hessians: derivatives along every basis vector at once, by batching."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, ParamSpec

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, make_aval, type_name
from ..core.trace import get_aval
from ..dtypes import int32
from ..primitives.arithmetic import add
from ..primitives.compare import eq
from ..primitives.convert import convert_element_type
from ..primitives.pieces import slice
from ..primitives.shape import iota, reshape, transpose, zeros
from ..tree import PyTreeDef
from .batch import to_dim, vmap_flat
from .border import aux_result, weak_as
from .differentiable import check_input
from .flat import Flat, arguments, check_function, positions, select_argnums
from .jvp import instantiate_zeros, jvp_flat
from .linearize import Tape, linearize_flat
from .named import ASSIGNED, wraps
from .replicas import bordered
from .transpose import backward

P = ParamSpec("P")


def jacfwd(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, Any]:
    """Jacobian of `fun`, column by column (forward mode): best for few inputs, many results.

    Args:
      fun: function of arrays or pytrees of arrays.
      argnums: position, or positions, of the arguments to differentiate.
      has_aux: whether `fun` returns a pair (result, aux).
      holomorphic: whether `fun` is promised to be holomorphic.

    Returns:
      A function of the same arguments. For a result of shape S and an argument of shape T the
      Jacobian has shape S + T; for pytrees it is the result's tree of the argument's trees.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.jacfwd(lambda x: x * x)(pnp.array([1.0, 2.0]))
    Array([[2., 0.],
           [0., 4.]], dtype=float32)
    """

    check_function(fun, "jacfwd")

    @wraps(fun, assigned=ASSIGNED, updated=())
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        f, flat, in_tree = _prepare(fun, argnums, args, kwargs, has_aux, holomorphic, "jacfwd")
        avals = [get_aval(x) for x in flat]
        n = sum(a.size for a in avals)
        values: list[Any] = []

        def push(*tangents: Any) -> list[Any]:
            outs, out_tangents = jvp_flat(f, flat, tangents)
            values[:] = outs
            return instantiate_zeros(out_tangents)

        columns, dims = vmap_flat(push, _basis(avals, n), [0] * len(flat), None, n)
        rows = [
            _columns(weak_as(to_dim(c, d, 0, n), get_aval(y)), avals)
            for c, d, y in zip(columns, dims, values, strict=True)
        ]
        result = f.out_tree.unflatten([_choose(in_tree.unflatten(r), argnums) for r in rows])
        return (result, aux_result(f)) if has_aux else result

    return jacobian


def jacrev(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, Any]:
    """Jacobian of `fun`, row by row (reverse mode): best for many inputs, few results.

    Arguments and results as for `jacfwd`; `allow_int` permits integer arguments.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.jacrev(lambda x: x.sum())(pnp.array([1.0, 2.0]))
    Array([1., 1.], dtype=float32)
    """

    check_function(fun, "jacrev")

    @wraps(fun, assigned=ASSIGNED, updated=())
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        f, flat, in_tree = _prepare(
            fun, argnums, args, kwargs, has_aux, holomorphic, "jacrev", allow_int
        )
        avals = [get_aval(x) for x in flat]
        outs, tape = linearize_flat(bordered(f), flat, [dtypes.is_float(a.dtype) for a in avals])
        for out in outs if not holomorphic else ():
            if dtypes.kind(get_aval(out).dtype) == "complex":
                raise TypeError(
                    "jacrev: a complex result has no Jacobian by rows, got"
                    f" {type_name(get_aval(out))}: pass holomorphic=True, or return real and"
                    " imaginary parts"
                )
        by_argument = _rows_of(tape, [get_aval(o) for o in outs], avals)
        trees = [_choose(in_tree.unflatten(row), argnums) for row in zip(*by_argument, strict=True)]
        result = f.out_tree.unflatten(trees)
        return (result, aux_result(f)) if has_aux else result

    return jacobian


def _rows_of(tape: Tape, out_avals: list[ShapedArray], avals: list[ShapedArray]) -> list[Any]:
    """For each argument the Jacobians of all results by it."""
    n = sum(a.size for a in out_avals)

    def pull(*cts: Any) -> list[Any]:
        return instantiate_zeros(backward(tape, cts))

    rows, dims = vmap_flat(pull, _basis(out_avals, n), [0] * len(out_avals), None, n)
    moved = iter([to_dim(r, d, 0, n) for r, d in zip(rows, dims, strict=True)])
    return [
        _split(weak_as(next(moved), a), out_avals)
        if dtypes.is_float(a.dtype)
        else _nothing(out_avals, a)
        for a in avals
    ]


def _nothing(out_avals: list[ShapedArray], aval: ShapedArray) -> list[Any]:
    """Jacobians by an integer argument: zeros of its dtype."""
    return [zeros(make_aval(aval.dtype, (*o.shape, *aval.shape), False)) for o in out_avals]


jacobian = jacrev


def hessian(
    fun: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, Any]:
    """Second derivatives of `fun`: forward mode over reverse mode. Arguments as for `jacfwd`.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.hessian(lambda x: (x**3).sum())(pnp.array([1.0, 2.0]))
    Array([[ 6.,  0.],
           [ 0., 12.]], dtype=float32)
    """
    check_function(fun, "hessian")
    inner = jacrev(fun, argnums, has_aux, holomorphic)
    return jacfwd(inner, argnums, has_aux, holomorphic)


def _prepare(
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    has_aux: bool,
    holomorphic: bool,
    what: str,
    allow_int: bool = False,
) -> tuple[Flat, list[Any], PyTreeDef]:
    partial, chosen = select_argnums(fun, positions(argnums, what), args, what)
    flat, in_tree = arguments(chosen, what)
    for leaf in flat:
        check_input(get_aval(leaf), what, holomorphic, allow_int)
        if what == "jacfwd" and not holomorphic and dtypes.kind(get_aval(leaf).dtype) == "complex":
            raise TypeError(
                f"jacfwd: a complex argument has no Jacobian by columns, got"
                f" {type_name(get_aval(leaf))}: pass"
                " holomorphic=True, or take real and imaginary parts as arguments"
            )
    return Flat(partial, in_tree, kwargs, has_aux, what), flat, in_tree


def _choose(by_argument: Any, argnums: int | Sequence[int]) -> Any:
    return by_argument[0] if not isinstance(argnums, (tuple, list)) else by_argument


def _basis(avals: list[ShapedArray], n: int) -> list[Any]:
    """For each leaf its part of the n basis vectors of all leaves together."""
    starts = [0, *accumulate(a.size for a in avals)]
    return [
        reshape(_unit_rows(n, a, start), (n, *a.shape))
        for a, start in zip(avals, starts, strict=False)
    ]


def _unit_rows(n: int, aval: ShapedArray, start: int) -> Any:
    """The columns from `start` on of the identity matrix of size n, one an element of the type."""
    rows = iota(int32, (n, aval.size), 0)
    columns = iota(int32, (n, aval.size), 1)
    chosen = eq(rows, add(columns, np.int32(start)))
    return convert_element_type(chosen, aval.dtype, aval.weak_type)


def _split(x: Any, avals: list[ShapedArray]) -> list[Any]:
    """Axis 0 of `x` cut into the leaves' parts, each in its leaf's shape."""
    rest = get_aval(x).shape[1:]
    ends = list(accumulate(a.size for a in avals))
    return [
        reshape(_rows(x, end - a.size, end), (*a.shape, *rest))
        for a, end in zip(avals, ends, strict=True)
    ]


def _rows(x: Any, start: int, end: int) -> Any:
    shape = get_aval(x).shape
    return slice(x, (start, *[0] * (len(shape) - 1)), (end, *shape[1:]))


def _columns(x: Any, avals: list[ShapedArray]) -> list[Any]:
    """As `_split`, with the leaves' axes last."""
    found: list[Any] = []
    for part, aval in zip(_split(x, avals), avals, strict=True):
        ndim = len(get_aval(part).shape)
        k = len(aval.shape)
        found.append(transpose(part, (*range(k, ndim), *range(k))))
    return found
