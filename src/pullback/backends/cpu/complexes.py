"""Operations on complex numbers as programs on their parts.

A function takes pairs (real part, imaginary part) and gives a pair, or a real array. The programs
take the place of the operations before loops are built; the parts of a number that was just put
together cancel, so chains of operations never store it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...control.call import jit_p
from ...core.aval import ShapedArray
from ...core.ir import Atom, Jaxpr, JaxprEqn
from ...core.memo import weak_memo
from ...core.primitive import Primitive
from ...core.rewrite import each, inside
from ...core.stage import stage
from ...primitives import contract
from ...primitives import cumulative as cum
from ...primitives import elementwise as ew
from ...primitives import scatter as sc
from ...primitives.shape import full_like, reduce_sum


class Pair(NamedTuple):
    """A complex number."""

    re: Any
    im: Any


Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    def register(fn: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, fn))
        return fn

    return register


@weak_memo
def in_parts(jaxpr: Jaxpr) -> Jaxpr:
    """The program with calls of programs on parts for operations on complex numbers."""
    return each(jaxpr, lambda e: _in_parts(inside(e, in_parts)))


def _in_parts(eqn: JaxprEqn) -> JaxprEqn:
    if eqn.primitive.name not in RULES or not any(map(_is_complex, [*eqn.invars, *eqn.outvars])):
        return eqn
    if _is_left(eqn):
        return eqn
    (out,) = eqn.outvars

    def fun(*args: Any) -> list[Any]:
        return [_whole(RULES[eqn.primitive.name](*map(_parts, args), **eqn.params), out.aval)]

    jaxpr = stage(fun, [v.aval for v in eqn.invars], eqn.primitive.name).jaxpr
    params = {"name": eqn.primitive.name, "jaxpr": jaxpr}
    return eqn.replace(primitive=jit_p, params=params)


def _is_left(eqn: JaxprEqn) -> bool:
    """Whether an operation is a product or an extremum of nothing."""
    return eqn.primitive.name.startswith("reduce_") and eqn.invars[0].aval.size == 0


def _is_complex(atom: Atom) -> bool:
    return dtypes.kind(atom.aval.dtype) == "complex"


def _whole(out: Any, aval: ShapedArray) -> Any:
    """A result, with the weak type that the operation gives."""
    parts = [p if p.aval.weak_type == aval.weak_type else
             ew.convert_element_type(p, p.dtype, aval.weak_type)
             for p in (out if type(out) is Pair else (out,))]  # fmt: skip
    return ew.complex(*parts) if type(out) is Pair else parts[0]


def _parts(x: Any) -> Any:
    return Pair(ew.real(x), ew.imag(x)) if dtypes.kind(x.dtype) == "complex" else x


def _one(x: Pair) -> Pair:
    return Pair(full_like(x.re, 1), full_like(x.re, 0))


# Arithmetic


@rule("add", "add_any")
def add(x: Pair, y: Pair) -> Pair:
    return Pair(ew.add(x.re, y.re), ew.add(x.im, y.im))


@rule("sub")
def sub(x: Pair, y: Pair) -> Pair:
    return Pair(ew.sub(x.re, y.re), ew.sub(x.im, y.im))


@rule("neg")
def neg(x: Pair) -> Pair:
    return Pair(ew.neg(x.re), ew.neg(x.im))


@rule("mul")
def mul(x: Pair, y: Pair) -> Pair:
    re = ew.sub(ew.mul(x.re, y.re), ew.mul(x.im, y.im))
    return Pair(re, ew.add(ew.mul(x.re, y.im), ew.mul(x.im, y.re)))


@rule("div")
def div(x: Pair, y: Pair) -> Pair:
    """Smith's algorithm: the smaller part of the divisor is measured by the larger. Zero divides
    each part.
    """
    a, b = ew.abs(y.re), ew.abs(y.im)
    wide, none = ew.ge(a, b), ew.eq(ew.max(a, b), 0)
    big, small = ew.select(wide, y.re, y.im), ew.select(wide, y.im, y.re)
    ratio = ew.div(small, big)
    scale = ew.select(none, a, ew.add(big, ew.mul(small, ratio)))
    first, second = ew.select(wide, x.re, x.im), ew.select(wide, x.im, x.re)
    re = ew.div(ew.select(none, first, ew.add(first, ew.mul(second, ratio))), scale)
    im = ew.div(ew.select(none, second, ew.sub(second, ew.mul(first, ratio))), scale)
    return Pair(re, ew.select(wide, im, ew.neg(im)))


@rule("square")
def square(x: Pair) -> Pair:
    return mul(x, x)


@rule("integer_pow")
def integer_pow(x: Pair, *, y: int) -> Pair:
    """By repeated squaring."""
    result: Pair | None = None
    n = abs(y)
    while n:
        if n & 1:
            result = x if result is None else mul(result, x)
        n >>= 1
        x = mul(x, x) if n else x
    result = _one(x) if result is None else result
    return div(_one(x), result) if y < 0 else result


@rule("conj")
def conj(x: Any, *, input_dtype: Any = None) -> Pair:
    if type(x) is not Pair:
        return Pair(x, full_like(x, 0))
    return Pair(x.re, ew.neg(x.im))


@rule("abs")
def magnitude(x: Pair) -> Any:
    """The smaller part is measured by the larger, so nothing overflows."""
    a, b = ew.abs(x.re), ew.abs(x.im)
    big, small = ew.max(a, b), ew.min(a, b)
    ratio = ew.div(small, big)
    found = ew.mul(big, ew.sqrt(ew.add(ew.mul(ratio, ratio), 1)))
    found = ew.select(ew.eq(big, 0), big, found)
    infinite = ew.bitwise_or(ew.eq(a, np.inf), ew.eq(b, np.inf))
    return ew.select(infinite, full_like(found, np.inf), found)


@rule("sign")
def sign(x: Pair) -> Pair:
    size = magnitude(x)
    still = ew.eq(size, 0)
    return Pair(*[ew.select(still, full_like(p, 0), ew.div(p, size)) for p in x])


# Exponentials


@rule("exp")
def exp(x: Pair) -> Pair:
    """Of an infinite real part with an angle that is no number, C's Annex G tells the values."""
    size, angle = ew.exp(x.re), _angle(x)
    return Pair(ew.mul(size, ew.cos(angle)), _exp_im(x, size, angle))


def _exp_im(x: Pair, size: Any, angle: Any) -> Any:
    im = _product(size, ew.sin(angle))
    nowhere = ew.bitwise_and(ew.eq(x.re, np.inf), ew.bitwise_not(ew.is_finite(x.im)))
    return ew.select(nowhere, full_like(im, np.nan), im)


def _angle(x: Pair) -> Any:
    """The imaginary part, but 0 where it is no number and the real part is infinite."""
    lost = ew.bitwise_and(ew.eq(ew.abs(x.re), np.inf), ew.bitwise_not(ew.is_finite(x.im)))
    return ew.select(lost, full_like(x.im, 0), x.im)


def _product(a: Any, b: Any) -> Any:
    """a b, and 0 where b is, even if a is no finite number."""
    side = ew.select(ew.lt(a, 0), full_like(a, -1), full_like(a, 1))
    lost = ew.bitwise_and(ew.eq(b, 0), ew.bitwise_not(ew.is_finite(a)))
    return ew.mul(ew.select(lost, side, a), b)


@rule("expm1")
def expm1(x: Pair) -> Pair:
    angle = _angle(x)
    half = ew.sin(ew.mul(angle, 0.5))
    down = ew.sub(0, ew.mul(ew.mul(half, half), 2))
    re = ew.add(down, ew.mul(ew.expm1(x.re), ew.cos(angle)))
    return Pair(re, _exp_im(x, ew.exp(x.re), angle))


@rule("log")
def log(x: Pair) -> Pair:
    """log|x| = log1p((a - 1)(a + 1) + b²) / 2 near the unit circle, a the larger part."""
    a, b = ew.abs(x.re), ew.abs(x.im)
    big, small = ew.max(a, b), ew.min(a, b)
    off = ew.add(ew.mul(ew.sub(big, 1), ew.add(big, 1)), ew.mul(small, small))
    near = ew.bitwise_and(ew.gt(big, 0.5), ew.lt(big, 2))
    far = ew.log(magnitude(x))
    return Pair(ew.select(near, ew.mul(ew.log1p(off), 0.5), far), ew.atan2(x.im, x.re))


@rule("log1p")
def log1p(x: Pair) -> Pair:
    one = Pair(ew.add(x.re, 1), x.im)
    off = ew.add(ew.mul(x.re, ew.add(x.re, 2)), ew.mul(x.im, x.im))
    near = ew.lt(ew.max(ew.abs(x.re), ew.abs(x.im)), 0.5)
    size = ew.select(near, ew.mul(ew.log1p(ew.select(near, off, x.re)), 0.5), log(one).re)
    return Pair(size, ew.atan2(x.im, one.re))


@rule("logistic")
def logistic(x: Pair) -> Pair:
    down = exp(neg(x))
    return div(_one(x), Pair(ew.add(down.re, 1), down.im))


@rule("sqrt")
def sqrt(x: Pair) -> Pair:
    """The part that needs no subtraction first (Kahan, "Branch cuts for complex elementary
    functions", 1987)."""
    size = magnitude(x)
    first = ew.sqrt(ew.mul(ew.add(size, ew.abs(x.re)), 0.5))
    second = ew.div(ew.mul(ew.abs(x.im), 0.5), first)
    second = ew.select(ew.eq(first, 0), first, second)
    right = ew.ge(x.re, 0)
    re, im = ew.select(right, first, second), ew.select(right, second, first)
    endless = ew.eq(ew.abs(x.im), np.inf)
    re, im = [ew.select(endless, full_like(p, np.inf), p) for p in (re, im)]
    bits = ew.bitcast_convert_type(x.im, np.dtype(f"int{8 * x.im.dtype.itemsize}"))
    return Pair(re, ew.select(ew.lt(bits, 0), ew.neg(im), im))


@rule("rsqrt")
def rsqrt(x: Pair) -> Pair:
    return div(_one(x), sqrt(x))


@rule("pow")
def power(x: Pair, y: Any) -> Pair:
    """exp(y log x). That of exponent zero is one; a power of zero is zero or is none."""
    logs = log(x)
    if type(y) is not Pair:
        y = ew.convert_element_type(y, x.re.dtype)
        y = Pair(y, full_like(y, 0))
    found = exp(mul(y, logs))
    still = ew.bitwise_and(ew.eq(x.re, 0), ew.eq(x.im, 0))
    none = ew.bitwise_and(ew.eq(y.re, 0), ew.eq(y.im, 0))
    zero, one, nan = (full_like(found.re, k) for k in (0, 1, np.nan))
    at_zero = ew.select(ew.gt(y.re, 0), zero, nan)
    re = ew.select(none, one, ew.select(still, at_zero, found.re))
    return Pair(re, ew.select(none, zero, ew.select(still, at_zero, found.im)))


# Circular and hyperbolic functions, with the special values of C's Annex G


@rule("sinh")
def sinh(x: Pair) -> Pair:
    im = _product(ew.cosh(x.re), ew.sin(x.im))
    return Pair(_product(ew.cos(_angle(x)), ew.sinh(x.re)), im)


@rule("cosh")
def cosh(x: Pair) -> Pair:
    a, b = ew.sinh(x.re), ew.sin(x.im)
    im = ew.select(ew.eq(a, 0), _product(b, a), _product(a, b))
    return Pair(ew.mul(ew.cosh(x.re), ew.cos(_angle(x))), im)


@rule("sin")
def sin(x: Pair) -> Pair:
    """-i sinh(i x)."""
    found = sinh(Pair(ew.neg(x.im), x.re))
    return Pair(found.im, ew.neg(found.re))


@rule("cos")
def cos(x: Pair) -> Pair:
    """cosh(i x)."""
    return cosh(Pair(ew.neg(x.im), x.re))


@rule("tanh")
def tanh(x: Pair) -> Pair:
    """With t = tan y, h = tanh x: (h (1 + t²) + i t (1 - h²)) / (1 + h² t²)."""
    t, h = ew.tan(_angle(x)), ew.tanh(x.re)
    decay = ew.exp(ew.mul(ew.abs(x.re), -2))
    inverse = ew.add(decay, 1)
    # 1 - h², without cancellation.
    rest = ew.div(ew.mul(decay, 4), ew.mul(inverse, inverse))
    scale = ew.add(ew.mul(ew.mul(h, h), ew.mul(t, t)), 1)
    re = _product(ew.div(ew.add(ew.mul(t, t), 1), scale), h)
    return Pair(re, _product(ew.div(rest, scale), t))


@rule("tan")
def tan(x: Pair) -> Pair:
    """-i tanh(i x)."""
    found = tanh(Pair(ew.neg(x.im), x.re))
    return Pair(found.im, ew.neg(found.re))


# Comparisons and conversions


@rule("eq")
def eq(x: Pair, y: Pair) -> Any:
    return ew.bitwise_and(ew.eq(x.re, y.re), ew.eq(x.im, y.im))


@rule("ne")
def ne(x: Pair, y: Pair) -> Any:
    return ew.bitwise_or(ew.ne(x.re, y.re), ew.ne(x.im, y.im))


@rule("is_finite")
def is_finite(x: Pair) -> Any:
    return ew.bitwise_and(ew.is_finite(x.re), ew.is_finite(x.im))


@rule("convert_element_type")
def convert(x: Any, *, new_dtype: Any, weak_type: bool = False, **_: Any) -> Any:
    if dtypes.kind(new_dtype) != "complex":
        if new_dtype == dtypes.bool_:
            return ew.bitwise_or(ew.ne(x.re, 0), ew.ne(x.im, 0))
        return ew.convert_element_type(x.re, new_dtype)
    part = np.dtype(f"float{new_dtype.itemsize * 4}")
    if type(x) is Pair:
        return Pair(*[ew.convert_element_type(p, part) for p in x])
    re = ew.convert_element_type(x, part)
    return Pair(re, full_like(re, 0))


# Sums and products


@rule("reduce_sum")
def total(x: Pair, *, axes: tuple[int, ...], **_: Any) -> Pair:
    return Pair(*[reduce_sum(p, axes) for p in x])


@rule("cumsum")
def cumsum(x: Pair, *, axis: int, reverse: bool) -> Pair:
    return Pair(*[cum.cumsum(p, axis, reverse) for p in x])


def bilinear(primitive: Primitive) -> Rule:
    """An operation that is linear in each of two operands."""

    def apply(x: Pair, y: Pair, **params: Any) -> Pair:
        params = {**params, "preferred_element_type": None}
        re = ew.sub(primitive.bind(x.re, y.re, **params), primitive.bind(x.im, y.im, **params))
        crossed = primitive.bind(x.re, y.im, **params), primitive.bind(x.im, y.re, **params)
        return Pair(re, ew.add(*crossed))

    return apply


rule("dot_general")(bilinear(contract.dot_general_p))


# Scatters


def _of_parts(primitive: Primitive, combine: Rule) -> Rule:
    def apply(x: Pair, indices: Any, u: Pair, **params: Any) -> Any:
        if sc.is_single(indices):
            return read_and_written(combine)(x, indices, u, **params)
        return Pair(*[primitive.bind(a, indices, b, **params) for a, b in zip(x, u, strict=True)])

    return apply


def read_and_written(combine: Rule) -> Rule:
    """What is there is read and written, so that an update in place stays one."""

    def apply(x: Pair, indices: Any, u: Pair, **params: Any) -> Any:
        array, update = ew.complex(*x), ew.complex(*u)
        old = _parts(sc.read_windows(array, indices, update, params))
        return sc.scatter_p.bind(array, indices, ew.complex(*combine(old, u)), **params)

    return apply


rule("scatter-add")(_of_parts(sc.scatter_add_p, add))
rule("scatter-sub")(_of_parts(sc.scatter_sub_p, sub))
