"""Gradients of loops over small states: own forward is the loop itself."""

from collections.abc import Callable
from itertools import product
from typing import Any

from benchmarks.case import Build, Call, Case, own

STEPS = 10_000
SIZES = (1, 3, 10, 100)
Loop = Callable[[Any, Any, Any], Any]


def step(xp: Any, c: Any) -> Any:
    """One step of every loop."""
    return xp.np.sin(c) * 1.01 + 0.1


def scan(xp: Any, c: Any, n: Any) -> Any:
    """A loop of known length, whose slices are summed too."""
    last, sums = xp.lax.scan(lambda c, _: (step(xp, c), c.sum()), c, None, length=STEPS)
    return last.sum() + sums.sum()


def fori_known(xp: Any, c: Any, n: Any) -> Any:
    """A counted loop with Python's bounds."""
    return xp.lax.fori_loop(0, STEPS, lambda i, c: step(xp, c), c).sum()


def fori_unknown(xp: Any, c: Any, n: Any) -> Any:
    """A counted loop whose bound is an argument."""
    return xp.lax.fori_loop(0, n, lambda i, c: step(xp, c), c).sum()


def while_loop(xp: Any, c: Any, n: Any) -> Any:
    """A loop that ends when the time that it carries is up."""
    last, _ = xp.lax.while_loop(
        lambda s: s[1] < n, lambda s: (step(xp, s[0]), s[1] + 1.0), (c, 0.0)
    )
    return last.sum()


LOOPS: dict[str, Loop] = {
    "scan": scan,
    "fori_loop": fori_known,
    "fori_loop to n": fori_unknown,
    "while_loop": while_loop,
}


def measured(loop: Loop, size: int, dtype: str, transform: Callable[[Any, Any], Any]) -> Build:
    """A call of the loop, or of its gradient."""

    def build(xp: Any) -> Call:
        f = xp.jit(transform(xp, lambda c, n: loop(xp, c, n)))
        start = xp.np.full(size, 0.5, dtype=dtype)
        return lambda: f(start, STEPS).block_until_ready()

    return build


def case(loop: str, size: int, dtype: str) -> Case:
    """The gradient of one loop; it may take five times as long as the loop."""
    backward = measured(LOOPS[loop], size, dtype, lambda xp, f: xp.grad(f))
    forward = measured(LOOPS[loop], size, dtype, lambda xp, f: f)
    return Case(
        f"{loop}, {size} of {dtype}",
        "loop gradients",
        backward,
        (own("own forward", forward, 5.0),),
        x64=dtype == "float64",
    )


CASES = tuple([case(*row) for row in product(LOOPS, SIZES, ("float32", "float64"))])
