"""Contractions of two arrays: dot_general. Its NumPy value is planned once for each form."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, type_name
from ..core.primitive import Linear, Primitive, Zero
from ..core.trace import get_aval
from ..dtypes import DType
from .convert import convert_element_type
from .nary import add_any
from .precision import canonical_precision
from .quiet import quiet
from .shape import transpose

Axes = tuple[int, ...]
# ((contracted axes of x, of y), (batch axes of x, of y))
DotDimensionNumbers = tuple[tuple[Axes, Axes], tuple[Axes, Axes]]
Product = Callable[[np.ndarray, np.ndarray], np.ndarray]

dot_general_p = Primitive("dot_general")


# dot_general -- z[b.., i.., j..] = sum_k.. x[b.., i.., k..] y[b.., j.., k..]
def dot_general(
    lhs: Any,
    rhs: Any,
    dimension_numbers: DotDimensionNumbers,
    precision: Any = None,
    preferred_element_type: DType | None = None,
) -> Any:
    """Contract two arrays. The result's axes: batch, free ones of lhs, free ones of rhs."""
    return dot_general_p.bind(
        lhs,
        rhs,
        dimension_numbers=dimension_numbers,
        precision=canonical_precision(precision),
        preferred_element_type=preferred_element_type,
    )


def free_axes(ndim: int, *used: Sequence[int]) -> Axes:
    """The axes that are in none of the given groups, in order."""
    taken = {axis for group in used for axis in group}
    return tuple(axis for axis in range(ndim) if axis not in taken)


@dot_general_p.def_type
def _(x, y, *, dimension_numbers, precision, preferred_element_type):
    (xc, yc), (xb, yb) = dimension_numbers
    _check_axes(x, y, xc, yc, "contracted")
    _check_axes(x, y, xb, yb, "batch")
    if preferred_element_type is None and x.dtype != y.dtype:
        raise TypeError(
            f"dot_general: the operands' dtypes differ, got {_product_name(x, y)}:"
            " convert one of them, or give preferred_element_type"
        )
    batch = tuple(x.shape[a] for a in xb)
    rows = tuple(x.shape[a] for a in free_axes(x.ndim, xc, xb))
    cols = tuple(y.shape[a] for a in free_axes(y.ndim, yc, yb))
    weak = x.weak_type and y.weak_type and preferred_element_type is None
    return ShapedArray(
        batch + rows + cols,
        x.dtype if preferred_element_type is None else preferred_element_type,
        weak,
    )


def _product_name(x: ShapedArray, y: ShapedArray) -> str:
    return f"{type_name(x)} @ {type_name(y)}"


def _check_axes(x: ShapedArray, y: ShapedArray, xs: Axes, ys: Axes, what: str) -> None:
    for aval, axes in ((x, xs), (y, ys)):
        if len(set(axes)) != len(axes) or not all(0 <= a < aval.ndim for a in axes):
            raise TypeError(
                f"dot_general: the {what} axes must be different axes of the operand,"
                f" got {axes} for {type_name(aval)}"
            )
    xsizes, ysizes = (tuple(v.shape[a] for a in axes) for v, axes in ((x, xs), (y, ys)))
    if len(xs) != len(ys):
        raise TypeError(
            f"dot_general: as many {what} axes are wanted of each operand, got {xs} and {ys}"
        )
    if xsizes != ysizes:
        got, wanted = (", ".join(map(str, sizes)) for sizes in (xsizes, ysizes))
        raise TypeError(
            f"dot_general: the {what} sizes differ, got {_product_name(x, y)}: {got} and {wanted}"
        )


# Sums of these are kept in a wider type and rounded once.
_ACCUMULATE = {
    **dict.fromkeys((dtypes.float16, dtypes.BFLOAT16, *dtypes.FLOAT8), dtypes.float32),
    **dict.fromkeys((*dtypes.INT_SMALL, *dtypes.UINT_SMALL), np.dtype(np.int8)),
}
# Products of these, and sums of up to 2**21 of them, are exact in float64, where BLAS is.
_EXACT_IN_FLOAT64 = frozenset(np.dtype(t) for t in ("int8", "uint8", "int16", "uint16"))
_products: dict[tuple[DotDimensionNumbers, int, int], Product] = {}


@dot_general_p.def_value
@quiet
def _(x, y, *, dimension_numbers, precision, preferred_element_type):
    form = (dimension_numbers, x.ndim, y.ndim)
    product = _products.get(form)
    if product is None:
        product = _products[form] = _plan(*form)
    dtype = x.dtype
    out = dtype if preferred_element_type is None else preferred_element_type
    if dtype is y.dtype is out and dtype.char in "fdFD":
        return product(x, y)
    return _mixed_product(product, x, y, out)


def _mixed_product(product: Product, x: Any, y: Any, dtype: DType) -> Any:
    """A product whose sums are kept in another type than the operands'."""
    if (
        x.dtype in _EXACT_IN_FLOAT64
        and y.dtype in _EXACT_IN_FLOAT64
        and max(x.size, y.size) <= 2**21
    ):
        exact = np.asarray(product(x.astype(np.float64), y.astype(np.float64)))
        return exact.astype(np.int64).astype(dtype)
    held = {dtype} if x.dtype == y.dtype else {x.dtype, y.dtype, dtype}
    wide = np.result_type(*[_ACCUMULATE.get(d, d) for d in held])
    z = product(x.astype(wide, copy=False), y.astype(wide, copy=False))
    return z if wide == dtype else np.asarray(z).astype(dtype)


# A product of more multiplications takes a good part of the time that it takes to compile it. BLAS
# would share it among threads of its own, which spin for more; what is not for BLAS is slow.
LARGE = 1 << 18
LARGE_FOR_BLAS = 1 << 24
OF_BLAS = frozenset((dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128))


def is_large(args: Sequence[Any], params: dict[str, Any]) -> bool:
    """Whether so many numbers are multiplied, and some with several others."""
    x, y = args
    if getattr(x, "size", 1) * getattr(y, "size", 1) <= LARGE:
        return False
    most = LARGE_FOR_BLAS if x.dtype in OF_BLAS else LARGE
    (contracted, _), (batch, _) = params["dimension_numbers"]
    shared = prod([x.shape[a] for a in (*contracted, *batch)])
    return x.size * y.size > shared * max(min(x.size, y.size), most)


_MATRIX_MATRIX: dict[tuple[Axes, Axes], Product] = {
    ((1,), (0,)): np.ndarray.dot,
    ((1,), (1,)): lambda x, y: x.dot(y.T),
    ((0,), (0,)): lambda x, y: x.T.dot(y),
    ((0,), (1,)): lambda x, y: x.T.dot(y.T),
}


def _plan(dimension_numbers: DotDimensionNumbers, xndim: int, yndim: int) -> Product:
    """How NumPy computes products of this form."""
    contracted, (xb, _) = dimension_numbers
    if not xb and len(contracted[0]) == 1:
        if xndim == yndim == 2:
            return _MATRIX_MATRIX[contracted]
        if yndim == 1:
            return _move_last(np.ndarray.dot, contracted[0][0], xndim)
        if xndim == 1 and yndim == 2:
            return (lambda x, y: y.T.dot(x)) if contracted[1] == (0,) else (lambda x, y: y.dot(x))
    return _plan_general(dimension_numbers, xndim, yndim)


def _move_last(product: Product, axis: int, ndim: int) -> Product:
    if axis == ndim - 1:
        return product
    perm = (*range(axis), *range(axis + 1, ndim), axis)
    return lambda x, y: product(x.transpose(perm), y)


def _plan_general(dimension_numbers: DotDimensionNumbers, xndim: int, yndim: int) -> Product:
    (xc, yc), (xb, yb) = dimension_numbers
    xf, yf = free_axes(xndim, xc, xb), free_axes(yndim, yc, yb)
    xperm, yperm = xb + xf + xc, yb + yf + yc
    nb, nx, ny = len(xb), len(xf), len(yf)

    def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = x.transpose(xperm), y.transpose(yperm)
        batch, rows, k = x.shape[:nb], x.shape[nb : nb + nx], x.shape[nb + nx :]
        cols = y.shape[nb : nb + ny]
        if y.shape[:nb] != batch or y.shape[nb + ny :] != k:
            raise ValueError("the sizes differ")
        z = _matmul(x.reshape(*batch, prod(rows), prod(k)), y.reshape(*batch, prod(cols), prod(k)))
        return z.reshape(batch + rows + cols)

    return product


def _matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """sum_k x[..., i, k] y[..., j, k], without a call of BLAS for each small item."""
    if x.shape[-1] == 1:
        return x * y.swapaxes(-1, -2)
    if x.ndim > 2 and x.shape[-2] == y.shape[-2] == 1 and x.dtype.kind == "f":
        return np.vecdot(x, y)[..., None]
    return np.matmul(x, y.swapaxes(-1, -2))


@dot_general_p.def_jvp
def _(primals, tangents, **params):
    x, y = primals
    tx, ty = tangents
    out = dot_general_p.bind(x, y, **params)
    terms = []
    if type(tx) is not Zero:
        terms.append(dot_general_p.bind(tx, y, **params))
    if type(ty) is not Zero:
        terms.append(dot_general_p.bind(x, ty, **params))
    return out, terms[0] if len(terms) == 1 else add_any(*terms)


# With one operand known, the other's cotangent contracts ct with it over its free axes.
@dot_general_p.def_transpose
def _(ct, x, y, *, dimension_numbers, **params):
    (xc, yc), (xb, yb) = dimension_numbers
    if type(x) is Linear:
        xf = len(x.aval.shape) - len(xc) - len(xb)
        return [_transpose_one(ct, x, y, (xc, yc), (xb, yb), len(xb) + xf, params), None]
    return [None, _transpose_one(ct, y, x, (yc, xc), (yb, xb), len(xb), params)]


def _transpose_one(ct, linear, known, contracted, batch, start, params):
    """The cotangent of `linear`; the free axes of `known` are those of ct from `start` on."""
    ranks = len(linear.aval.shape), len(get_aval(known).shape)
    numbers, order = _transposed_numbers(contracted, batch, start, *ranks)
    z = dot_general_p.bind(ct, known, dimension_numbers=numbers, **params)
    if get_aval(z).dtype != linear.aval.dtype:
        z = convert_element_type(z, linear.aval.dtype)
    return _transpose_back(z, order)


@lru_cache(maxsize=1024)
def _transposed_numbers(contracted, batch, start, linear_rank, known_rank):
    """The axes of the product of ct and `known`, and where the result's axes belong."""
    (lc, kc), (lb, kb) = contracted, batch
    lf, kf = free_axes(linear_rank, lc, lb), free_axes(known_rank, kc, kb)
    numbers = (tuple(range(start, start + len(kf))), kf), (tuple(range(len(lb))), kb)
    lc_in_order_of_known = tuple(axis for _, axis in sorted(zip(kc, lc, strict=True)))
    return numbers, lb + lf + lc_in_order_of_known


def _transpose_back(z: Any, axes: Axes) -> Any:
    """Put axis i of z at place axes[i]."""
    perm = tuple(sorted(range(len(axes)), key=axes.__getitem__))
    return z if perm == tuple(range(len(axes))) else transpose(z, perm)


@dot_general_p.def_batch
def _(args, dims, *, dimension_numbers, **params):
    x, y = args
    ranks = len(get_aval(x).shape), len(get_aval(y).shape)
    numbers, out = _batched_numbers(dimension_numbers, *dims, *ranks)
    return dot_general_p.bind(x, y, dimension_numbers=numbers, **params), out


@lru_cache(maxsize=1024)
def _batched_numbers(dimension_numbers, dx, dy, x_rank, y_rank):
    """The axes of a product of batches, and the batch axis of the result."""
    (xc, yc), (xb, yb) = dimension_numbers
    xc, xb = _shift(xc, dx), _shift(xb, dx)
    yc, yb = _shift(yc, dy), _shift(yb, dy)
    if dx is not None and dy is not None:
        xb, yb, out = (dx, *xb), (dy, *yb), 0
    elif dx is not None:
        out = len(xb) + free_axes(x_rank, xc, xb).index(dx)
    else:
        rows = free_axes(x_rank, xc, xb)
        out = len(xb) + len(rows) + free_axes(y_rank, yc, yb).index(dy)
    return ((xc, yc), (xb, yb)), out


def _shift(axes: Axes, dim: int | None) -> Axes:
    """The same axes of an array that has a further one at `dim`."""
    return axes if dim is None else tuple(a + (a >= dim) for a in axes)
