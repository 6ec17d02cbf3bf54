"""Compiled programs made of matrix products and what surrounds them."""

from typing import Any

from benchmarks.case import Call, Case, jax
from benchmarks.programs import dumb_computation, dumb_gradient, dumb_input


def dumb(xp: Any) -> Call:
    f, x = xp.jit(dumb_computation(xp)), dumb_input(xp)
    return lambda: xp.block_until_ready(f(x))


def gradient(xp: Any) -> Call:
    f, x = xp.jit(dumb_gradient(xp)), dumb_input(xp)
    return lambda: f(x).block_until_ready()


CASES = (
    Case("dumb_computation 50x50", "contractions", dumb, (jax(0.5),)),
    Case("gradient of dumb_computation", "contractions", gradient, (jax(0.5),)),
)
