"""random_gamma: samples of gamma distributions by rejection, each under a key of its own
(Marsaglia and Tsang, "A simple method for generating gamma variables", 2000).

With d = a - 1/3 and c = 1/3 / sqrt(d): draw x ~ normal until v = 1 + c x > 0, and u ~ uniform;
d v^3 is a sample of shape a >= 1 unless u >= 1 - 0.0331 x^4 and
log u >= x^2 / 2 + d (1 - v^3 + log v^3). For a < 1, the sample of a + 1 times u^(1/a) is one.
"""

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, type_name
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Primitive, Zero
from ..core.stage import stage
from ..core.trace import get_aval
from ..dtypes import DType
from ..primitives import elementwise as ew
from ..primitives.batching import batch_size, to_axis
from ..primitives.incomplete import random_gamma_grad
from ..primitives.pieces import slice
from ..primitives.random import joined_words, key_words, random_bits, random_split
from ..primitives.rules import const, zero_like
from ..primitives.shape import broadcast_in_dim, full_like, iota, reshape, squeeze
from ..primitives.threefry import threefry2x32
from ..primitives.uniform import drawn_bits, normal_of, unit_interval
from .blocks import any_of, in_blocks
from .call import interpret
from .loop import map, while_loop

random_gamma_p = Primitive("random_gamma")


def random_gamma(keys: Any, a: Any, log_space: bool) -> Any:
    """Samples, or their logarithms, of the shapes `a`, whose leading axes are those of the keys."""
    return random_gamma_p.bind(keys, a, log_space=log_space)


@random_gamma_p.def_type
def _(keys: ShapedArray, a: ShapedArray, *, log_space: bool) -> ShapedArray:
    if dtypes.kind(keys.dtype) != "key" or a.shape[: keys.ndim] != keys.shape:
        raise TypeError(
            f"random_gamma: keys and floats for each are wanted, got {type_name(keys)} and"
            f" {type_name(a)}"
        )
    return ShapedArray(a.shape, a.dtype)


class Words(NamedTuple):
    """Keys of threefry2x32 as two arrays of words; other keys are typed, one at a time."""

    low: Any
    high: Any


def _split(key: Any, n: int) -> list[Any]:
    if not isinstance(key, Words):
        keys = random_split(key, (n,))
        return [squeeze(slice(keys, (k,), (k + 1,)), (0,)) for k in range(n)]
    zero = full_like(key.low, 0)
    return [_hashed(key, zero, full_like(key.low, k)) for k in range(n)]


def _hashed(key: Words, x0: Any, x1: Any) -> Words:
    low, high = threefry2x32(key.low, key.high, x0, x1)
    return Words(low, high)


def _unit(key: Any, dtype: DType) -> Any:
    if not isinstance(key, Words):
        return unit_interval(random_bits(key, drawn_bits(dtype), ()), dtype)
    zero = full_like(key.low, 0)
    hashed = _hashed(key, zero, zero)
    return unit_interval(joined_words(hashed.low, hashed.high, drawn_bits(dtype)), dtype)


def _normal_above(key: Any, c: Any) -> tuple[Any, Any]:
    """Normal numbers x for which v = 1 + c x > 0; x and v."""

    def draw(state: Any) -> Any:
        key, x, v = state
        key, own = _split(key, 2)
        drawn = normal_of(_unit(own, c.dtype))
        again = ew.le(v, 0)
        x = ew.select(again, drawn, x)
        return key, x, ew.select(again, ew.add(ew.mul(drawn, c), 1), v)

    first = (key, full_like(c, 0), full_like(c, -1))
    _, x, v = while_loop(lambda state: any_of(ew.le(state[2], 0)), draw, first)
    return x, v


def _accepted_cube(key: Any, d: Any, c: Any) -> Any:
    """The first v^3 that is not rejected."""

    def draw(state: Any) -> Any:
        key, cube, waits = state
        key, of_x, of_u = _split(key, 3)
        x, v = _normal_above(of_x, c)
        square, drawn, u = ew.mul(x, x), ew.mul(ew.mul(v, v), v), _unit(of_u, d.dtype)
        cube = ew.select(waits, drawn, cube)
        return key, cube, ew.bitwise_and(waits, _rejected(square, drawn, u, d))

    waits = full_like(ew.eq(d, d), True)
    first = (key, full_like(d, 1), waits)
    return while_loop(lambda state: any_of(state[2]), draw, first)[1]


def _rejected(square: Any, cube: Any, u: Any, d: Any) -> Any:
    squeeze = ew.sub(const(u, 1), ew.mul(ew.mul(square, square), 0.0331))
    bound = ew.add(ew.sub(const(u, 1), cube), ew.log(cube))
    limit = ew.add(ew.mul(square, 0.5), ew.mul(d, bound))
    return ew.bitwise_and(ew.ge(u, squeeze), ew.ge(ew.log(u), limit))


def _samples(key: Any, a: Any, log_space: bool) -> Any:
    """A block of samples of keys and shapes."""
    large = ew.ge(a, 1)
    d = ew.sub(ew.select(large, a, ew.add(a, 1)), 1 / 3)
    c = ew.div(const(d, 1 / 3), ew.sqrt(d))
    key, of_boost = _split(key, 2)
    cube = _accepted_cube(key, d, c)
    u, power = _unit(of_boost, d.dtype), ew.div(const(a, 1), a)
    if not log_space:
        boost = ew.pow(ew.sub(const(u, 1), u), power)
        return ew.mul(ew.mul(d, cube), ew.select(large, full_like(d, 1), boost))
    log_u = ew.log1p(ew.neg(u))
    none = ew.bitwise_or(large, ew.eq(log_u, 0))
    boost = ew.select(none, full_like(d, 0), ew.mul(log_u, power))
    return ew.add(ew.add(ew.log(d), ew.log(cube)), boost)


def _program(keys: Any, a: Any, log_space: bool) -> Any:
    aval, batch = get_aval(a), get_aval(keys).shape
    own = (prod(batch), prod(aval.shape[len(batch) :]))
    each = _in_blocks if get_aval(keys).dtype == dtypes.key_fry else _one_by_one
    drawn = each(reshape(keys, own[:1]), reshape(a, (prod(own),)), own, log_space)
    return reshape(drawn, aval.shape)


def _in_blocks(keys: Any, a: Any, own: tuple[int, int], log_space: bool) -> Any:
    """Samples of own[1] keys split from each key."""

    def spread(x: Any, axis: int) -> Any:
        return reshape(broadcast_in_dim(x, own, (axis,)), (prod(own),))

    def block(low: Any, high: Any, place: Any, a: Any) -> Any:
        return _samples(_hashed(Words(low, high), full_like(place, 0), place), a, log_space)

    low, high = (spread(k, 0) for k in key_words(keys))
    return in_blocks(block, low, high, spread(iota(np.uint32, own[1:]), 1), a)


def _one_by_one(keys: Any, a: Any, own: tuple[int, int], log_space: bool) -> Any:
    """The same, of keys whose numbers depend on how many are drawn at once."""
    parted = reshape(random_split(keys, own[1:]), (prod(own),))
    return map(lambda x: _samples(x[0], x[1], log_space), (parted, a))


@random_gamma_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return _staged(tuple(v.aval for v in eqn.invars), eqn.params["log_space"])


@lru_cache(maxsize=4096)
def _staged(avals: tuple[ShapedArray, ...], log_space: bool) -> Jaxpr:
    return stage(lambda keys, a: [_program(keys, a, log_space)], avals).jaxpr


@random_gamma_p.def_value
def _(keys: np.ndarray, a: np.ndarray, *, log_space: bool) -> np.ndarray:
    avals = (ShapedArray(keys.shape, keys.dtype), ShapedArray(a.shape, a.dtype))
    return interpret(_staged(avals, log_space), keys, a)[0]


# Of the distribution function F(x; a), which stays the same: dx/da = -(dF/da) / (dF/dx).
@random_gamma_p.def_jvp
def _(primals: Any, tangents: Any, *, log_space: bool) -> Any:
    keys, a = primals
    y = random_gamma(keys, a, log_space)
    t = tangents[1]
    if type(t) is Zero:
        return y, zero_like(y)
    if not log_space:
        return y, ew.mul(t, random_gamma_grad(a, y))
    x = ew.max(ew.exp(y), float(dtypes.info(y.dtype).tiny))
    return y, ew.mul(t, ew.div(random_gamma_grad(a, x), x))


@random_gamma_p.def_batch
def _(args: Any, dims: Any, *, log_space: bool) -> Any:
    size = batch_size(args, dims)
    keys, a = (to_axis(x, d, size, 0) for x, d in zip(args, dims, strict=True))
    return random_gamma(keys, a, log_space), 0
