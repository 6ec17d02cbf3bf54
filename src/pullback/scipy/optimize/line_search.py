"""A step along a line that satisfies the strong Wolfe conditions.

Algorithms 3.5 and 3.6 of Nocedal and Wright, Numerical Optimization (1999).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ... import lax, tree
from ... import numpy as pnp
from ...transforms.grad import value_and_grad

# Sufficient decrease and curvature.
DECREASE, CURVATURE = 1e-4, 0.9
# How near to its ends an interpolated step may lie in an interval, as parts of its width.
CUBIC_MARGIN, QUADRATIC_MARGIN = 0.2, 0.1
MOST_ZOOMS = 30


class Point(NamedTuple):
    """A place on the line: the step, and the function's value and slope there."""

    step: Any
    value: Any
    slope: Any


class Place(NamedTuple):
    """A point and the function's gradient there."""

    point: Point
    gradient: Any


class Step(NamedTuple):
    """The step that was found, what the function is there, and how the search ended."""

    size: Any
    value: Any
    gradient: Any
    evaluations: Any
    failed: Any
    status: Any


class Line(NamedTuple):
    """A function on a line, and the Wolfe conditions relative to its start."""

    at: Callable[[Any], Place]
    start: Point

    def too_high(self, p: Point) -> Any:
        """Whether the first condition fails."""
        return p.value > self.start.value + DECREASE * p.step * self.start.slope

    def flat(self, p: Point) -> Any:
        """Whether the second condition holds."""
        return pnp.abs(p.slope) <= -CURVATURE * self.start.slope


def dot(x: Any, y: Any) -> Any:
    """The product of two vectors, in full precision."""
    return pnp.dot(x, y, precision="highest")


def choose(which: Any, new: Any, old: Any) -> Any:
    """One of two trees of values."""
    return tree.map(partial(pnp.where, which), new, old)


def _cubic(p: Point, q: Point, r: Point) -> Any:
    """The minimum of the cubic with p's value and slope and the values of q and r."""
    q_step, r_step = q.step - p.step, r.step - p.step
    q_rest = q.value - p.value - p.slope * q_step
    r_rest = r.value - p.value - p.slope * r_step
    scale = (q_step * r_step) ** 2 * (q_step - r_step)
    a = (r_step**2 * q_rest - q_step**2 * r_rest) / scale
    b = (q_step**3 * r_rest - r_step**3 * q_rest) / scale
    return p.step + (-b + pnp.sqrt(b * b - 3 * a * p.slope)) / (3 * a)


def _quadratic(p: Point, q: Point) -> Any:
    """The minimum of the parabola with p's value and slope and the value of q."""
    width = q.step - p.step
    curvature = (q.value - p.value - p.slope * width) / width**2
    return p.step - p.slope / (2 * curvature)


class Zoom(NamedTuple):
    """The interval from `low`, the lower end, to `high`, and the end that was given up last."""

    done: Any
    failed: Any
    count: Any
    low: Point
    high: Point
    given_up: Point
    found: Place


def _between(z: Zoom) -> Any:
    """A step inside the interval: of a cubic, a parabola, or the middle."""
    width = z.high.step - z.low.step
    left, right = (f(z.high.step, z.low.step) for f in (pnp.minimum, pnp.maximum))

    def inside(step: Any, margin: float) -> Any:
        return (step > left + margin * width) & (step < right - margin * width)

    cubic, quadratic = _cubic(z.low, z.high, z.given_up), _quadratic(z.low, z.high)
    step = pnp.where(inside(quadratic, QUADRATIC_MARGIN), quadratic, (z.low.step + z.high.step) / 2)
    return pnp.where((z.count > 0) & inside(cubic, CUBIC_MARGIN), cubic, step)


def _narrowed(line: Line, z: Zoom) -> Zoom:
    smallest = 1e-5 if np.finfo(z.low.step.dtype).bits < 64 else 1e-10
    stuck = pnp.abs(z.high.step - z.low.step) <= smallest
    place = line.at(_between(z))
    p = place.point
    higher = line.too_high(p) | (p.value >= z.low.value)
    found = line.flat(p) & ~higher
    turned = (p.slope * (z.high.step - z.low.step) >= 0) & ~higher & ~found
    return Zoom(
        done=z.done | found,
        failed=z.failed | stuck | (z.count + 1 >= MOST_ZOOMS),
        count=z.count + 1,
        low=choose(higher, z.low, p),
        high=choose(higher, p, choose(turned, z.low, z.high)),
        given_up=choose(higher | turned, z.high, z.low),
        found=choose(found, place, z.found),
    )


def _zoomed(line: Line, low: Point, high: Point, start: Place, wanted: Any) -> Zoom:
    """The interval narrowed until it holds a good step; nothing is done unless `wanted`."""
    middle = Point((low.step + high.step) / 2, (low.value + high.value) / 2, low.slope)
    found = Place(Point(pnp.ones_like(low.step), low.value, low.slope), start.gradient)
    never = pnp.zeros_like(wanted)
    state = Zoom(never, never, pnp.int32(0), low, high, middle, found)
    return lax.while_loop(
        lambda z: ~z.done & wanted & ~z.failed, lambda z: _narrowed(line, z), state
    )


class Search(NamedTuple):
    """The last point tried, and the place that was found."""

    done: Any
    failed: Any
    count: Any
    evaluations: Any
    last: Point
    found: Place


def _further(line: Line, start: Place, first: Any, over: Any, s: Search) -> Search:
    place = line.at(pnp.where(s.count == 1, first, s.last.step * 2))
    p = place.point
    higher = line.too_high(p) | ((p.value >= s.last.value) & (s.count > 1))
    found = line.flat(p) & ~higher
    rising = (p.slope >= 0) & ~higher & ~found
    low, high = choose(higher, s.last, p), choose(higher, p, s.last)
    zoom = _zoomed(line, low, high, start, (higher | rising) & ~over)
    return Search(
        done=s.done | higher | found | rising,
        failed=s.failed | ((higher | rising) & zoom.failed),
        count=s.count + 1,
        evaluations=s.evaluations + 1 + zoom.count,
        last=p,
        found=choose(higher | rising, zoom.found, choose(found, place, s.found)),
    )


def line_search(
    f: Callable[[Any], Any],
    x: Any,
    direction: Any,
    value: Any,
    gradient: Any,
    *,
    value_before: Any = None,
    maxiter: int,
    wanted: Any = True,
) -> Step:
    """A step from x, where the function's value and gradient are given.

    `value_before`, its value one step earlier, tells how long the first step shall be. Nothing is
    searched unless `wanted`: in a batch the last steps are taken for all elements, and those that
    have long ended, where no step is good enough, would take the longest.
    """

    def at(step: Any) -> Place:
        y, g = value_and_grad(f)(x + step.astype(direction.dtype) * direction)
        g = g.astype(gradient.dtype)
        slope = pnp.real(dot(g, direction))
        return Place(Point(step, y.astype(value.dtype), slope), g)

    slope = pnp.real(dot(gradient, direction))
    start = Place(Point(pnp.zeros_like(slope), value, slope), gradient)
    first = pnp.ones_like(slope)
    if value_before is not None:
        guess = (2.02 * (value - value_before) / slope).astype(slope.dtype)
        first = pnp.where(guess > 1, first, guess)
    no = pnp.zeros(value.shape, bool)
    state = Search(no, no, pnp.int32(1), pnp.int32(0), start.point, start)
    line = Line(at, start.point)

    def over(s: Search) -> Any:
        return s.done | (s.count > maxiter) | s.failed | ~pnp.asarray(wanted)

    end = lax.while_loop(
        lambda s: ~over(s), lambda s: _further(line, start, first, over(s), s), state
    )
    status = pnp.where(end.failed, 1, pnp.where(end.count > maxiter, 3, 0))
    point, gradient = end.found
    size = _not_too_small(point.step)
    return Step(size, point.value, gradient, end.evaluations, end.failed | ~end.done, status)


def _not_too_small(step: Any) -> Any:
    """A step that moves x also in 32 bits."""
    if np.finfo(step.dtype).bits == 64:
        return step
    return pnp.where(pnp.abs(step) < 1e-8, pnp.sign(step) * 1e-8, step)
