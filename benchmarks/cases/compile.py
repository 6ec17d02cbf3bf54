"""First calls: trace, compile and run, in a fresh process and without a cache on disk."""

from typing import Any

from benchmarks.case import Call, Case, jax
from benchmarks.programs import dumb_computation, dumb_gradient, dumb_input


def first_dumb(xp: Any) -> Call:
    f, x = xp.jit(dumb_computation(xp)), dumb_input(xp)
    return lambda: xp.block_until_ready(f(x))


def first_dumb_gradient(xp: Any) -> Call:
    f, x = xp.jit(dumb_gradient(xp)), dumb_input(xp)
    return lambda: f(x).block_until_ready()


CASES = (
    Case("first call, dumb_computation", "compile", first_dumb, (jax(0.2),), first=True),
    Case("first call, its gradient", "compile", first_dumb_gradient, (jax(0.2),), first=True),
)
