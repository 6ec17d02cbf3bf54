"""Elementwise arithmetic over large arrays."""

from typing import Any

from benchmarks.case import Call, Case, jax, numpy
from benchmarks.programs import normal

SIZE = 4_000_000


def sin_exp_tanh(np: Any, x: Any) -> Any:
    return np.sin(x) * np.exp(-x * x) + np.tanh(x)


def compiled(xp: Any) -> Call:
    f = xp.jit(lambda x: sin_exp_tanh(xp.np, x))
    x = normal(xp, SIZE)
    return lambda: f(x).block_until_ready()


def plain(xp: Any) -> Call:
    x = normal(xp, SIZE)
    return lambda: sin_exp_tanh(xp.np, x)


AGAINST = (jax(0.3), numpy(plain))
CASES = (Case("sin*exp+tanh, 4M float32", "flat", compiled, AGAINST, memory=True),)
