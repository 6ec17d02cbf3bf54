"""Linear algebra as programs of other operations, where no library has it as one call."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ....control.loop import fori_loop, scan
from ....primitives import pieces
from ....primitives.arithmetic import add, div, mul, rem, sub
from ....primitives.compare import eq, gt, lt, ne
from ....primitives.complex import is_complex, real
from ....primitives.convert import convert_element_type
from ....primitives.dynamic import dynamic_slice, dynamic_update_slice
from ....primitives.exponential import log
from ....primitives.linalg.lu import lu
from ....primitives.linalg.matrices import (
    adjoint,
    as_columns,
    block,
    conjugate,
    diagonal,
    matmul,
    padded,
    transposed,
    upper_part,
)
from ....primitives.linalg.svd import svd
from ....primitives.linalg.triangular import triangular_solve
from ....primitives.magnitude import abs, max, sign
from ....primitives.power import sqrt
from ....primitives.reduce import argmax, products_of_others, reduce_prod
from ....primitives.rules import const
from ....primitives.select import select
from ....primitives.shape import broadcast_in_dim, iota, reduce_sum, reshape
from ....primitives.sort import sort, take_along
from ....transforms.vmap import vmap

Function = Callable[..., Any]


def over_matrices(f: Function, rank: int, *args: Any) -> Any:
    """A function of single matrices on all of them; `rank` is that of the first operand."""
    for _ in range(len(args[0].shape) - rank):
        f = vmap(f)
    return f(*args)


def count(n: int, body: Function, init: Any) -> Any:
    """body(k, value) for k from 0 to n - 1."""
    return fori_loop(np.int32(0), np.int32(n), body, init) if n else init


def at(x: Any, k: Any) -> Any:
    """x[k] of a vector."""
    return reshape(dynamic_slice(x, [k], (1,)), ())


def with_at(x: Any, k: Any, value: Any) -> Any:
    """The vector with x[k] = value."""
    return dynamic_update_slice(x, reshape(value, (1,)), [k])


def row(x: Any, k: Any) -> Any:
    """x[k] of a matrix."""
    n = x.shape[1]
    return reshape(dynamic_slice(x, [k, np.int32(0)], (1, n)), (n,))


def column(x: Any, k: Any) -> Any:
    """x[:, k] of a matrix."""
    m = x.shape[0]
    return reshape(dynamic_slice(x, [np.int32(0), k], (m, 1)), (m,))


# Shapes


def resized(rows: int, columns: int) -> Function:
    """Matrices cut or filled with zeros to a size."""

    def resize(x: Any) -> Any:
        m, n = x.shape[-2:]
        kept = block(x, (0, min(m, rows)), (0, min(n, columns)))
        return padded(kept, rows, columns)

    return resize


def upper(rows: int, columns: int) -> Function:
    """The upper triangle of matrices, cut or filled to a size."""

    def upper_triangle(x: Any) -> Any:
        return upper_part(resized(rows, columns)(x))

    return upper_triangle


def part(axis: int, start: int, stop: int) -> Function:
    """Elements start to stop - 1 along an axis that is counted from the end."""

    def slice_in_dim(x: Any) -> Any:
        return pieces.slice_in_dim(x, start, stop, axis=axis % len(x.shape))

    return slice_in_dim


# LU factors and what follows from them


def order_of(size: int) -> Function:
    """The permutation that exchanging row k with row pivots[k] in turn makes."""

    def pivots_to_permutation(pivots: Any) -> Any:
        return over_matrices(_order, 1, pivots)

    def _order(pivots: Any) -> Any:
        def exchange(k: Any, order: Any) -> Any:
            p = at(pivots, k)
            here, there = at(order, k), at(order, p)
            return with_at(with_at(order, k, there), p, here)

        return count(pivots.shape[0], exchange, iota(np.int32, (size,)))

    return pivots_to_permutation


def solve_with_factors(transpose_a: bool) -> Function:
    """x with a x = b, or a^T x = b, from the factors of a and its exchanged rows."""

    def lu_solve(factors: Any, pivots: Any, b: Any) -> Any:
        order = order_of(b.shape[-2])(pivots)
        axis = len(b.shape) - 2
        lower = {"left_side": True, "lower": True, "unit_diagonal": True}
        if not transpose_a:
            y = triangular_solve(factors, take_rows(b, order, axis), **lower)
            return triangular_solve(factors, y, left_side=True)
        y = triangular_solve(factors, b, left_side=True, transpose_a=True)
        z = triangular_solve(factors, y, **lower, transpose_a=True)
        places = iota(np.int32, order.shape, len(order.shape) - 1)
        inverse = sort([order, places], len(order.shape) - 1)[1]
        return take_rows(z, inverse, axis)

    return lu_solve


def take_rows(x: Any, order: Any, axis: int) -> Any:
    """The rows of matrices in an order."""
    return take_along(x, as_columns(order, x.shape), axis)


def solve(transpose_a: bool) -> Function:
    """x with a x = b, or a^T x = b."""

    def solve_equations(a: Any, b: Any) -> Any:
        factors, pivots, _ = lu(a)
        return solve_with_factors(transpose_a)(factors, pivots, b)

    return solve_equations


def _parity(pivots: Any, dtype: Any) -> Any:
    """-1 for an odd number of exchanges, else 1."""
    axis = len(pivots.shape) - 1
    moved = ne(pivots, iota(np.int32, pivots.shape, axis))
    odd = rem(reduce_sum(convert_element_type(moved, np.int32), (axis,)), 2)
    return convert_element_type(sub(1, mul(odd, 2)), dtype)


def det(x: Any) -> Any:
    """The product of the factors' diagonal, with a sign for exchanged rows."""
    factors, pivots, _ = lu(x)
    d = diagonal(factors)
    return mul(reduce_prod(d, (len(d.shape) - 1,)), _parity(pivots, x.dtype))


def slogdet(x: Any) -> list[Any]:
    """The sign, or phase, and the logarithm of the absolute value of the determinant."""
    factors, pivots, _ = lu(x)
    d = diagonal(factors)
    last = (len(d.shape) - 1,)
    phases = reduce_prod(sign(d), last)
    return [mul(phases, _parity(pivots, x.dtype)), reduce_sum(log(abs(d)), last)]


def cofactor(x: Any) -> Any:
    """det(x) x^-T by singular values, which are never divided."""
    u, s, vh = svd(x)
    others = convert_element_type(products_of_others(s), x.dtype)
    scaled = mul(u, broadcast_in_dim(others, u.shape, _but(len(u.shape), 2)))
    phase = broadcast_in_dim(mul(det(u), det(vh)), x.shape, tuple(range(len(x.shape) - 2)))
    return mul(phase, conjugate(matmul(scaled, vh)))


def _but(ndim: int, last: int) -> tuple[int, ...]:
    """All axes but the one that is so many from the end."""
    return tuple(d for d in range(ndim) if d != ndim - last)


# Reflections and rotations


def reflected(left: bool, transpose: bool) -> Function:
    """q c or c q, or with q^H, for a product q of reflections."""

    def ormqr(a: Any, taus: Any, c: Any) -> Any:
        if left:
            return over_matrices(partial(_reflect, transpose), 2, a, taus, c)
        return adjoint(over_matrices(partial(_reflect, not transpose), 2, a, taus, adjoint(c)))

    return ormqr


def _reflect(adjointed: bool, a: Any, taus: Any, c: Any) -> Any:
    """The last reflection first; the first one first for the adjoint."""
    k, rows = taus.shape[0], iota(np.int32, (a.shape[0],))

    def reflect(i: Any, c: Any) -> Any:
        place = i if adjointed else sub(k - 1, i)
        below = select(gt(rows, place), column(a, place), const(a, 0))
        v = select(eq(rows, place), const(a, 1), below)
        tau = conjugate(at(taus, place)) if adjointed else at(taus, place)
        along = reduce_sum(mul(as_columns(conjugate(v), c.shape), c), (0,))
        step = mul(as_columns(mul(tau, v), c.shape), broadcast_in_dim(along, c.shape, (1,)))
        return sub(c, step)

    return count(k, reflect, c)


def cholesky_update(r: Any, w: Any) -> Any:
    """The factor of r^T r + w w^T: one plane rotation a row takes w into r."""
    return over_matrices(_update, 2, upper_part(r), w)


def _update(r: Any, w: Any) -> Any:
    n = w.shape[0]

    def rotate(k: Any, state: Any) -> Any:
        r, w = state
        line = row(r, k)
        a, b = at(line, k), at(w, k)
        scale = max(abs(a), abs(b))
        safe = select(gt(scale, 0), scale, const(scale, 1))
        p, q = div(a, safe), div(b, safe)
        length = sqrt(add(mul(p, p), mul(q, q)))
        nothing = eq(length, 0)
        length = select(nothing, const(length, 1), length)
        c = select(nothing, const(p, 1), div(p, length))
        s = div(q, length)
        turned = add(mul(c, line), mul(s, w))
        r = dynamic_update_slice(r, reshape(turned, (1, n)), [k, np.int32(0)])
        return r, sub(mul(c, w), mul(s, line))

    return count(n, rotate, (r, w))[0]


def pivoted_order(x: Any) -> Any:
    """The order of columns in which each has the largest rest of those that are left."""
    return over_matrices(_pivoted_order, 2, x)


def _pivoted_order(x: Any) -> Any:
    m, n = x.shape
    columns = iota(np.int32, (n,))

    def take(k: Any, state: Any) -> Any:
        rest, order = state
        sizes = reduce_sum(squared(rest), (0,))
        free = select(lt(columns, k), const(sizes, -1), sizes)
        best = argmax(free, 0, np.int32)
        order = _exchanged(order, k, best)
        rest = _exchanged_columns(rest, k, best)
        c = column(rest, k)
        size = reduce_sum(squared(c), (0,))
        safe = convert_element_type(select(gt(size, 0), size, const(size, 1)), x.dtype)
        along = matmul(reshape(conjugate(c), (1, m)), rest)
        part = matmul(reshape(div(c, safe), (m, 1)), along)
        later = broadcast_in_dim(gt(columns, k), (m, n), (1,))
        return select(later, sub(rest, part), rest), order

    return count(min(m, n), take, (x, columns))[1]


def squared(x: Any) -> Any:
    """|x|^2."""
    return real(mul(x, conjugate(x))) if is_complex(x) else mul(x, x)


def _exchanged(x: Any, i: Any, j: Any) -> Any:
    here, there = at(x, i), at(x, j)
    return with_at(with_at(x, i, there), j, here)


def _exchanged_columns(x: Any, i: Any, j: Any) -> Any:
    m = x.shape[0]
    here, there = (reshape(column(x, k), (m, 1)) for k in (i, j))
    zero = np.int32(0)
    return dynamic_update_slice(dynamic_update_slice(x, there, [zero, i]), here, [zero, j])


def take_columns(x: Any, order: Any) -> Any:
    """The columns of matrices in an order."""
    return transposed(take_rows(transposed(x), order, len(x.shape) - 2))


# Tridiagonal equations


def thomas(dl: Any, d: Any, du: Any, b: Any) -> Any:
    """Elimination without exchanges (Thomas), forward and back."""
    return over_matrices(_thomas, 1, dl, d, du, b)


def _thomas(dl: Any, d: Any, du: Any, b: Any) -> Any:
    if not d.shape[0]:
        return b
    zero = broadcast_in_dim(const(b, 0), b.shape[1:], ())

    def forward(state: Any, line: Any) -> Any:
        c, y = state
        low, mid, high, right = line
        pivot = sub(mid, mul(low, c))
        state = div(high, pivot), div(sub(right, mul(low, y)), pivot)
        return state, state

    def back(x: Any, line: Any) -> Any:
        c, y = line
        x = sub(y, mul(c, x))
        return x, x

    first = broadcast_in_dim(const(b, 0), (), ()), zero
    low = select(eq(iota(np.int32, dl.shape), 0), const(dl, 0), dl)
    _, found = scan(forward, first, (low, d, du, b))
    high = select(eq(iota(np.int32, dl.shape), dl.shape[0] - 1), const(dl, 0), found[0])
    return scan(back, zero, (high, found[1]), reverse=True)[1]
