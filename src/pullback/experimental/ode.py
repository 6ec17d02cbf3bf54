"""Ordinary differential equations: Dormand and Prince's method with steps of adapted size.

The pair of orders 5 and 4 is Dormand and Prince's (1980), its fourth-order interpolant Shampine's
(1986, https://doi.org/10.1090/S0025-5718-1986-0815836-3); the size of steps follows Hairer, Norsett
and Wanner, Solving Ordinary Differential Equations I, II.4. Reverse mode integrates the adjoint
equation backward in time (Chen et al. 2018, https://arxiv.org/abs/1806.07366, appendix C).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes, lax, tree
from .. import numpy as pnp
from ..control.custom_vjp import custom_vjp
from ..core.stage import JaxprFunction, stage_hoisted
from ..core.trace import get_aval
from ..jit import jit
from ..transforms.flat import Flat, arguments, is_value
from ..transforms.grad import vjp
from ..transforms.vmap import vmap

__all__ = ["odeint"]

# Butcher's tableau: the places of the stages in time, their weights, the solution's weights (which
# are those of the last stage), the error's, and those of the solution in the middle of the step.
ALPHA = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
BETA = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
FOURTH = (1951 / 21600, 0.0, 22642 / 50085, 451 / 720, -12231 / 42400, 649 / 6300, 1 / 60)
ERROR = tuple(a - b for a, b in zip((*BETA[-1], 0.0), FOURTH, strict=True))
MIDDLE = (
    6025192743 / 30085553152 / 2,
    0.0,
    51252292925 / 65400821598 / 2,
    -2691868925 / 45128329728 / 2,
    187940372067 / 1594534317056 / 2,
    -1776094331 / 19743644256 / 2,
    11237099 / 235043384 / 2,
)


class Control(NamedTuple):
    """How exact the solution is to be, and how many and how long the steps may be."""

    rtol: Any
    atol: Any
    mxstep: Any
    hmax: Any


class State(NamedTuple):
    """A step: its end (y, y', t), the next step's size, its start and its interpolant."""

    y: Any
    slope: Any
    t: Any
    dt: Any
    last_t: Any
    fit: Any


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    *args: Any,
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    mxstep: float = np.inf,
    hmax: float = np.inf,
) -> Any:
    """The solution of y'(t) = func(y, t, *args) from y(t[0]) = y0, at the times t.

    Args:
      func: the derivative of y with respect to time, of y's structure, shapes and dtypes.
      y0: array or pytree of arrays, the state at t[0].
      t: array of strictly increasing times, of a float dtype.
      args: further arguments of func, arrays or pytrees of arrays.
      rtol, atol: relative and absolute tolerance of a step's error.
      mxstep: the most steps between two times.
      hmax: the longest step.

    Returns:
      The states at the times t, along a new leading axis. They have derivatives in y0, t, args and
      what func captures, which are computed by integrating backward.

    Raises:
      TypeError: t is not of a float dtype, or an argument is no array.

    >>> import pullback as pb
    >>> t = pb.numpy.array([0.0, 1.0])
    >>> ys = pb.experimental.ode.odeint(lambda y, t: -y, 1.0, t, rtol=1e-5, atol=1e-5)
    >>> pb.numpy.round(ys, 3)
    Array([1.   , 0.368], dtype=float32)
    """
    for leaf in tree.leaves(args):
        if not is_value(leaf):
            raise TypeError(
                f"odeint: the contents of *args must be arrays or numbers, got {leaf!r} of type"
                f" {type(leaf).__name__}: let func capture other values"
            )
    ts = pnp.asarray(t)
    if dtypes.kind(ts.dtype) != "float":
        raise TypeError(f"odeint: t must be an array of a float dtype, got {get_aval(ts)}")
    leaves, in_tree = arguments((y0, ts[0], *args), "odeint")
    jaxpr, consts = stage_hoisted(
        Flat(func, in_tree, name="odeint"), [get_aval(x) for x in leaves], "odeint"
    )
    n = tree.structure(y0).num_leaves
    flat, shapes = ravel(leaves[:n])
    slope = Slope(JaxprFunction(jaxpr), shapes, len(consts))
    ys = _solved(slope, Control(rtol, atol, mxstep, hmax), flat, ts, *consts, *leaves[n + 1 :])
    return tree.structure(y0).unflatten(vmap(shapes.parts)(ys))


class Shapes(NamedTuple):
    """The types of the leaves of a state; a state is one vector of all of them."""

    leaves: tuple[tuple[tuple[int, ...], Any], ...]

    def parts(self, flat: Any) -> list[Any]:
        """The leaves of a vector."""
        found: list[Any] = []
        start = 0
        for shape, dtype in self.leaves:
            end = start + int(np.prod(shape, dtype=int))
            found.append(flat[start:end].reshape(shape).astype(dtype))
            start = end
        return found


def ravel(leaves: Sequence[Any]) -> tuple[Any, Shapes]:
    """Arrays as one vector of their common dtype, and how to take it apart."""
    arrays = [pnp.asarray(x) for x in leaves]
    dtype = pnp.result_type(*arrays) if arrays else dtypes.default_dtype(float)
    vector = pnp.concatenate([pnp.zeros(0, dtype), *[x.ravel().astype(dtype) for x in arrays]])
    return vector, Shapes(tuple((x.shape, x.dtype) for x in arrays))


class Slope(NamedTuple):
    """The derivative of a state's vector, as a function of (vector, time, captured, arguments)."""

    dynamics: JaxprFunction
    shapes: Shapes
    captured: int

    def __call__(self, y: Any, t: Any, *args: Any) -> Any:
        n = self.captured
        return ravel(self.dynamics(*args[:n], *self.shapes.parts(y), t, *args[n:]))[0]


@partial(jit, static_argnums=(0, 1))
def _solved(slope: Slope, control: Control, y0: Any, ts: Any, *args: Any) -> Any:
    return _integrate(slope, control, y0, ts, *args)


@partial(custom_vjp, nondiff_argnums=(0, 1))
def _integrate(slope: Slope, control: Control, y0: Any, ts: Any, *args: Any) -> Any:
    """The states at the times ts, each from a step that reaches beyond it."""

    def f(y: Any, t: Any) -> Any:
        return slope(y, t, *args)

    def until(state: State, target: Any) -> tuple[State, Any]:
        def running(carry: Any) -> Any:
            i, now = carry
            return (now.t < target) & (i < control.mxstep) & (now.dt > 0)

        def step(carry: Any) -> Any:
            i, now = carry
            return i + 1, attempt(f, control, now)

        _, end = lax.while_loop(running, step, (0, state))
        place = (target - end.last_t) / (end.t - end.last_t)
        return end, _polynomial(end.fit, place.astype(y0.dtype))

    f0 = f(y0, ts[0])
    dt = _bounded(first_step(f, control, y0, ts[0], f0), control)
    start = State(y0, f0, ts[0], dt, ts[0], (y0,) * 5)
    _, ys = lax.scan(until, start, ts[1:])
    return pnp.concatenate([y0[None], ys])


def attempt(f: Callable[..., Any], control: Control, now: State) -> State:
    """A step: the new state if its error is small enough, else the old one with a smaller step."""
    h = now.dt.astype(now.y.dtype)
    k = [now.slope]
    for alpha, beta in zip(ALPHA, BETA, strict=True):
        k.append(f(now.y + h * _combined(beta, k), now.t + now.dt * alpha))
    y = now.y + h * _combined(BETA[-1], k)
    scale = control.atol + control.rtol * pnp.maximum(abs(now.y), abs(y))
    ratio = _rms(h * _combined(ERROR, k) / scale.astype(y.dtype))
    fit = _fit(now.y, y, now.y + h * _combined(MIDDLE, k), k[0], k[-1], h)
    dt = _bounded(_next_size(now.dt, ratio), control)
    new = State(y, k[-1], now.t + now.dt, dt, now.t, fit)
    return tree.map(partial(pnp.where, ratio <= 1), new, now._replace(dt=dt))


def _combined(weights: Sequence[float], k: Sequence[Any]) -> Any:
    terms = [w * x for w, x in zip(weights, k, strict=False) if w]
    return sum(terms[1:], terms[0])


def _rms(x: Any) -> Any:
    square = x.real**2 + x.imag**2 if pnp.iscomplexobj(x) else x**2
    return pnp.sqrt(pnp.mean(square))


def _bounded(dt: Any, control: Control) -> Any:
    return pnp.clip(dt, 0.0, control.hmax)


def _next_size(dt: Any, ratio: Any, safety: float = 0.9, most: float = 10.0) -> Any:
    """The step whose error should be just allowed: the error grows with its fifth power."""
    least = pnp.where(ratio < 1, 1.0, 0.2)
    factor = pnp.minimum(most, pnp.maximum(ratio ** (-1.0 / 5.0) * safety, least))
    return pnp.where(ratio == 0, dt * most, dt * factor)


def first_step(f: Callable[..., Any], control: Control, y0: Any, t0: Any, f0: Any) -> Any:
    """The size of the first step, from the sizes of y, y' and y''."""
    y0, f0 = (x.astype(pnp.result_type(y0, f0)) for x in (y0, f0))
    scale = (control.atol + abs(y0) * control.rtol).astype(y0.dtype)
    d0, d1 = pnp.linalg.norm(y0 / scale), pnp.linalg.norm(f0 / scale)
    h0 = pnp.where((d0 < 1e-5) | (d1 < 1e-5), 1e-6, 0.01 * d0 / d1)
    f1 = f(y0 + h0.astype(y0.dtype) * f0, t0 + h0)
    d2 = pnp.linalg.norm((f1 - f0) / scale) / h0
    flat = (d1 <= 1e-15) & (d2 <= 1e-15)
    h1 = pnp.where(flat, pnp.maximum(1e-6, h0 * 1e-3), (0.01 / pnp.maximum(d1, d2)) ** (1.0 / 5.0))
    return pnp.minimum(100.0 * h0, h1).astype(t0.dtype)


def _fit(y0: Any, y1: Any, middle: Any, dy0: Any, dy1: Any, h: Any) -> tuple[Any, ...]:
    """The polynomial of degree 4 on [0, 1] with these values at 0, 1/2, 1 and slopes at 0 and 1."""
    a = -2.0 * h * dy0 + 2.0 * h * dy1 - 8.0 * y0 - 8.0 * y1 + 16.0 * middle
    b = 5.0 * h * dy0 - 3.0 * h * dy1 + 18.0 * y0 + 14.0 * y1 - 32.0 * middle
    c = -4.0 * h * dy0 + h * dy1 - 11.0 * y0 - 5.0 * y1 + 16.0 * middle
    return a, b, c, h * dy0, y0


def _polynomial(coefficients: Sequence[Any], x: Any) -> Any:
    first, *rest = coefficients
    for c in rest:
        first = first * x + c
    return first


def _forward(slope: Slope, control: Control, y0: Any, ts: Any, *args: Any) -> Any:
    ys = _integrate(slope, control, y0, ts, *args)
    return ys, (ys, ts, args)


def _backward(slope: Slope, control: Control, saved: Any, g: Any) -> Any:
    """The adjoint: y_bar' = -(df/dy)^T y_bar, from the last time to the first."""
    ys, ts, args = saved
    moving = [dtypes.is_float(get_aval(x).dtype) for x in args]
    floats = [x for x, m in zip(args, moving, strict=True) if m]

    def whole(own: Sequence[Any]) -> list[Any]:
        rest = iter(own)
        return [next(rest) if m else x for x, m in zip(args, moving, strict=True)]

    def augmented(state: Any, t: Any, own: Sequence[Any]) -> Any:
        """Time runs backward: t is the negative time."""
        dy, pull = vjp(lambda y, t, own: slope(y, t, *whole(own)), state[0], -t, own)
        return (-dy, *pull(state[1]))

    def back(carry: Any, i: Any) -> Any:
        y_bar, t0_bar, floats_bar = carry
        t_bar = pnp.dot(slope(ys[i], ts[i], *args), g[i]).real.astype(ts.dtype)
        start = (ys[i], y_bar, t0_bar - t_bar, floats_bar)
        span = pnp.stack([-ts[i], -ts[i - 1]])
        _, *ends = odeint(augmented, start, span, floats, **control._asdict())
        y_bar, t0_bar, floats_bar = tree.map(lambda x: x[1], tuple(ends))
        return (y_bar + g[i - 1], t0_bar, floats_bar), t_bar

    first = (g[-1], pnp.zeros((), ts.dtype), [pnp.zeros_like(x) for x in floats])
    (y_bar, t0_bar, bars), ts_bar = lax.scan(back, first, pnp.arange(len(ts) - 1, 0, -1))
    found = iter(bars)
    cotangents = [next(found) if m else None for m in moving]
    return (y_bar, pnp.concatenate([t0_bar[None], ts_bar[::-1]]), *cotangents)


_integrate.defvjp(_forward, _backward)
