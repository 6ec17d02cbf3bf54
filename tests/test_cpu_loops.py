"""Loops and branches compiled for the CPU, against the same programs run by their NumPy values."""

import signal
import threading
from typing import Any

import numpy as np
import pytest
from cpu import compare, executable, program

from pullback.control.cond import cond, switch
from pullback.control.loop import fori_loop, scan, while_loop
from pullback.core.trace import as_array
from pullback.primitives import dynamic as dy
from pullback.primitives import elementwise as ew
from pullback.primitives import pieces, reduce, shape
from pullback.transforms.grad import grad

VECTOR = np.random.default_rng(0).normal(size=3)


def numbers(*size: int, dtype: str = "float64", seed: int = 1) -> np.ndarray:
    """Random numbers."""
    return np.random.default_rng(seed).normal(size=size).astype(dtype)


def part(s: Any, k: int) -> Any:
    """s[k] of a vector."""
    return shape.squeeze(pieces.slice(s, (k,), (k + 1,)), (0,))


def stack(*xs: Any) -> Any:
    """Scalars as a vector."""
    return pieces.concatenate([shape.broadcast_in_dim(x, (1,), ()) for x in xs], 0)


def lorenz_slope(s: Any) -> Any:
    """The Lorenz system."""
    x, y, z = part(s, 0), part(s, 1), part(s, 2)
    dx = ew.mul(10.0, ew.sub(y, x))
    dy_ = ew.sub(ew.mul(x, ew.sub(28.0, z)), y)
    dz = ew.sub(ew.mul(x, y), ew.mul(8.0 / 3.0, z))
    return stack(dx, dy_, dz)


def lorenz(start: Any, steps: int) -> Any:
    """A trajectory by Runge and Kutta's method."""

    def step(s: Any, _: Any) -> Any:
        k1 = lorenz_slope(s)
        k2 = lorenz_slope(ew.add(s, ew.mul(k1, 5e-4)))
        k3 = lorenz_slope(ew.add(s, ew.mul(k2, 5e-4)))
        k4 = lorenz_slope(ew.add(s, ew.mul(k3, 1e-3)))
        total = ew.add(ew.add(k1, ew.mul(k2, 2.0)), ew.add(ew.mul(k3, 2.0), k4))
        s = ew.add(s, ew.mul(total, 1e-3 / 6))
        return s, s

    return scan(step, start, None, length=steps)[1]


def total(x: Any) -> Any:
    """The sum of all elements."""
    return reduce.reduce_sum(x, tuple(range(x.ndim)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lorenz(dtype: str) -> None:
    compare(lambda s: lorenz(s, 50), VECTOR.astype(dtype), ulps=200)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradient_of_lorenz(dtype: str) -> None:
    compare(grad(lambda s: total(lorenz(s, 50))), VECTOR.astype(dtype), ulps=2000)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_scan_of_slices(length: int, reverse: bool) -> None:
    def f(c: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            return ew.add(ew.mul(c, 0.5), x), ew.sin(ew.mul(c, x))

        return scan(step, c, xs, reverse=reverse)

    compare(f, numbers(4, 3), numbers(length, 4, 3))


def test_scan_swaps_carries() -> None:
    def step(c: Any, _: Any) -> Any:
        a, b, k = c
        return (b, a, k), ew.add(a, ew.mul(b, k))

    compare(lambda *c: scan(step, c, None, length=5)[1], numbers(400), numbers(400), numbers(400))


def test_scan_of_large_state_with_constants() -> None:
    def f(w: Any, x: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            d = ew.add(c, w)
            return ew.tanh(d), total(d)

        return scan(step, x, None, length=6)

    compare(f, numbers(30, 40), numbers(30, 40))


def test_scan_reads_neighbours_of_its_carry() -> None:
    def step(c: Any, _: Any) -> Any:
        left = pieces.concatenate(
            [pieces.slice(c, (499,), (500,)), pieces.slice(c, (0,), (499,))], 0
        )
        return ew.add(ew.mul(c, 0.5), ew.mul(left, 0.5)), part(c, 3)

    compare(lambda c: scan(step, c, None, length=9), numbers(500))


def test_scan_updates_its_carry_in_place() -> None:
    def f(x: Any, xs: Any) -> Any:
        def step(c: Any, v: Any) -> Any:
            i, x = c
            at = part(dy.dynamic_slice(x, (i,), (1,)), 0)
            y = dy.dynamic_update_slice(x, shape.broadcast_in_dim(ew.add(at, v), (1,), ()), (i,))
            return (ew.add(i, 1), y), at

        return scan(step, (np.int32(0), x), xs)

    def flat(x: Any, xs: Any) -> Any:
        (_, y), at = f(x, xs)
        return y, at

    compare(flat, numbers(1000), numbers(20))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reverse", [False, True])
def test_rows_that_lie_across_are_laid_out_first(dtype: str, reverse: bool) -> None:
    """A step reads one number of each of 600 lines; of 60 it reads them where they are."""

    def f(x: Any) -> Any:
        def step(c: Any, row: Any) -> Any:
            return ew.add(ew.mul(c, row), 0.5), reduce.reduce_sum(c, (0,))

        start = shape.broadcast_in_dim(as_array(np.asarray(1, dtype)), (x.shape[0],), ())
        return scan(step, start, shape.transpose(x, (1, 0)), reverse=reverse)

    for rows, copies in ((600, 1), (60, 0)):
        compiled = compare(f, numbers(rows, 32, dtype=dtype) * 0.3, ulps=200)
        written = [b for b in compiled.program.buffers.values() if b.kind == "temp"]
        assert sum(b.size == rows * 32 for b in written) == copies


def test_while() -> None:
    def f(x: Any, limit: Any) -> Any:
        return while_loop(
            lambda c: ew.lt(total(c), limit), lambda c: ew.add(ew.mul(c, 1.5), 0.1), x
        )

    compare(f, np.abs(numbers(5)), np.float64(1000))
    compare(f, np.abs(numbers(600)), np.float64(10000))
    compare(f, np.abs(numbers(5)), np.float64(-1))


def test_fori_with_traced_bounds() -> None:
    def f(n: Any, x: Any) -> Any:
        return fori_loop(0, n, lambda i, x: ew.add(x, ew.convert_element_type(i, np.float64)), x)

    for n in (0, 1, 9):
        compare(f, np.int32(n), numbers(3))


@pytest.mark.parametrize("which", [False, True])
def test_cond(which: bool) -> None:
    def f(p: Any, x: Any) -> Any:
        return cond(p, lambda x: (ew.sin(x), total(x)), lambda x: (x, ew.neg(total(x))), x)

    compare(f, np.bool_(which), numbers(3, 200))
    compare(f, np.bool_(which), numbers(2))


@pytest.mark.parametrize("which", [-1, 0, 1, 2, 5])
def test_switch(which: int) -> None:
    branches = [lambda x: ew.sin(x), lambda x: ew.mul(x, 2.0), lambda x: ew.neg(x)]
    compare(lambda k, x: switch(k, branches, x), np.int32(which), numbers(7))


def test_loop_inside_loop_with_branches() -> None:
    def f(x: Any, ys: Any) -> Any:
        def inner(i: Any, c: Any) -> Any:
            big = ew.gt(total(c), 3.0)
            return cond(big, lambda c: ew.mul(c, 0.25), lambda c: ew.add(c, 0.3), c)

        def step(c: Any, y: Any) -> Any:
            c = fori_loop(0, 4, inner, ew.add(c, y))
            return c, total(c)

        return scan(step, x, ys)

    compare(f, numbers(3), numbers(6, 3))
    compare(grad(lambda x, ys: total(f(x, ys)[1])), numbers(3), numbers(6, 3), ulps=64)


def test_donated_arguments() -> None:
    def f(x: Any, i: Any, u: Any) -> Any:
        return dy.dynamic_update_slice(ew.mul(x, 2.0), u, (i,))

    def g(x: Any, i: Any, u: Any) -> Any:
        return dy.dynamic_update_slice(x, u, (i,))

    for h in (f, g):
        x, i, u = numbers(5000), np.int32(7), numbers(3)
        wanted = h(*[as_array(a) for a in (x, i, u)])
        jaxpr, arrays = program(h, [x, i, u])
        run, compiled = executable(jaxpr, donated=(0,))
        assert compiled.donated == ((0, 0),)
        (got,) = run([as_array(x.copy()), *arrays[1:]])
        np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))


def test_donated_argument_read_later_is_not_overwritten() -> None:
    def f(x: Any) -> Any:
        return pieces.rev(x, (0,)), total(x)

    jaxpr, _ = program(f, [numbers(5000)])
    _, compiled = executable(jaxpr, donated=(0,))
    assert compiled.donated == ((0, -1),)


def test_endless_loop_can_be_interrupted() -> None:
    def f(x: Any) -> Any:
        return while_loop(lambda c: ew.lt(total(c), 1e9), lambda c: ew.mul(c, 1.0), x)

    jaxpr, arrays = program(f, [numbers(3)])
    run, _ = executable(jaxpr)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run(arrays)
    timer.join()


def test_a_strip_knows_nothing_of_the_whole_vectors_before_it() -> None:
    # The padding value is an element in memory; the last strip has whole vectors and a rest.
    def f(x: Any, filler: Any) -> Any:
        return pieces.pad(x, filler, ((0, 0, 0), (2, 3, 0), (2, 3, 0), (0, 0, 0)))

    compare(f, numbers(4, 112, 112, 3, dtype="float32"), np.float32(2))
