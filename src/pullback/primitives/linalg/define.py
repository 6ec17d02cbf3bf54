"""What operations on matrices share: operands with leading axes, loops over LAPACK, batching."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive
from ..batching import batch_size, to_axis
from ..rules import INEXACT, check_kind, show

SINGLE_AND_DOUBLE = "fdFD"
# Result types of one matrix from operand types of one matrix.
Results = Callable[..., Any]


def define_type(
    primitive: Primitive, ranks: Sequence[int], results: Results, integers: Sequence[int] = ()
) -> None:
    """The type rule: operands of these ranks after equal leading axes, some of them int32."""
    name = primitive.name

    @primitive.def_type
    def _(*avals: ShapedArray, **params: Any) -> Any:
        lead = _leading(name, ranks, avals, integers)
        core = [a.update(shape=a.shape[len(lead) :]) for a in avals]
        out = results(*core, **params)
        weak = all(a.weak_type for a in avals)
        if primitive.multiple_results:
            return [ShapedArray(lead + o.shape, o.dtype, weak) for o in out]
        return ShapedArray(lead + out.shape, out.dtype, weak)


def _leading(
    name: str, ranks: Sequence[int], avals: Sequence[ShapedArray], integers: Sequence[int]
) -> tuple[int, ...]:
    floats = [a for k, a in enumerate(avals) if k not in integers]
    check_kind(name, INEXACT, *floats)
    for aval, rank in zip(avals, ranks, strict=True):
        if aval.ndim < rank:
            raise TypeError(
                f"{name}: operands of rank at least {rank} are wanted, got {show(avals)}"
            )
        if aval in floats and (
            aval.dtype != floats[0].dtype or aval.dtype.char not in SINGLE_AND_DOUBLE
        ):
            raise TypeError(
                f"{name}: operands of one dtype, float32, float64, complex64 or complex128, are"
                f" wanted, got {show(avals)}: convert with x.astype(dtype)"
            )
    leads = [a.shape[: a.ndim - rank] for a, rank in zip(avals, ranks, strict=True)]
    if any(lead != leads[0] for lead in leads):
        raise TypeError(f"{name}: the operands' leading axes must be equal, got {show(avals)}")
    return leads[0]


def square(name: str, aval: ShapedArray) -> int:
    """The size of a square matrix; ValueError for another."""
    if aval.shape[0] != aval.shape[1]:
        raise ValueError(f"{name}: square matrices are wanted, got {show([aval])}")
    return aval.shape[0]


def define_batch(primitive: Primitive) -> None:
    """Batching: one more leading axis, along which what has none is repeated."""

    @primitive.def_batch
    def _(args: Any, dims: Any, **params: Any) -> Any:
        size = batch_size(args, dims)
        lined = [to_axis(x, d, size, 0) for x, d in zip(args, dims, strict=True)]
        out = primitive.bind(*lined, **params)
        return (out, [0] * len(out)) if primitive.multiple_results else (out, 0)


def value_of_stacks(primitive: Primitive) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a NumPy value rule of stacks of matrices.

    Dtypes are checked first: NumPy widens those that LAPACK does not know, or drops them.
    """

    def define(f: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arrays: np.ndarray, **params: Any) -> Any:
            if any(x.dtype.char not in SINGLE_AND_DOUBLE for x in arrays):
                primitive.infer([ShapedArray(x.shape, x.dtype) for x in arrays], params)
            return f(*arrays, **params)

        primitive.def_value(run)
        return f

    return define


def define_value(primitive: Primitive, ranks: Sequence[int], core: Callable[..., Any]) -> None:
    """The NumPy value from that of single matrices."""
    primitive.def_value(over_matrices(primitive, ranks, core))


def over_matrices(
    primitive: Primitive, ranks: Sequence[int], core: Callable[..., Any]
) -> Callable[..., Any]:
    """A function of single matrices in a loop over the leading axes.

    Types are checked first: LAPACK's wrappers convert and cut what does not fit.
    """

    def run(*arrays: np.ndarray, **params: Any) -> Any:
        types = primitive.infer([ShapedArray(x.shape, x.dtype) for x in arrays], params)
        lead = arrays[0].shape[: arrays[0].ndim - ranks[0]]
        if not lead:
            return core(*arrays, **params)
        many = primitive.multiple_results
        outs = [np.empty(t.shape, t.dtype) for t in (types if many else [types])]
        for place in np.ndindex(lead):
            parts = core(*[x[place] for x in arrays], **params)
            for out, part in zip(outs, parts if many else [parts], strict=True):
                out[place] = part
        return outs if many else outs[0]

    return run


def define_no_derivative(primitive: Primitive) -> None:
    """A derivative rule that says that there is none."""

    @primitive.def_jvp
    def _(primals: Any, tangents: Any, **params: Any) -> Any:
        raise NotImplementedError(
            f"{primitive.name} has no derivative: use stop_gradient on its operand, or a"
            " factorization that has one (qr, eigh, svd, cholesky, lu)"
        )


def nan_where_failing(f: Callable[[np.ndarray], Any], x: np.ndarray) -> Any:
    """f of matrices; NaN for each of those on which LAPACK fails."""
    try:
        return f(x)
    except np.linalg.LinAlgError:
        pass
    if x.ndim == 2:
        return tuple([np.full_like(r, np.nan) for r in f(np.eye(*x.shape, dtype=x.dtype))])
    parts = [nan_where_failing(f, matrix) for matrix in x]
    return tuple([np.stack(p) for p in zip(*parts, strict=True)])
