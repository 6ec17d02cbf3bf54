"""Sequential loops over small states, and their gradients."""

from collections.abc import Callable
from typing import Any

from benchmarks.case import Build, Call, Case, jax, own
from benchmarks.programs import lorenz

START = [1.0, 1.0, 1.0]


def trajectory(dtype: str) -> Build:
    def build(xp: Any) -> Call:
        f = xp.jit(lorenz(xp))
        start = xp.np.array(START, dtype=dtype)
        return lambda: f(start).block_until_ready()

    return build


def gradient(dtype: str) -> Build:
    def build(xp: Any) -> Call:
        run: Callable[[Any], Any] = lorenz(xp)
        f = xp.jit(xp.grad(lambda start: run(start).sum()))
        start = xp.np.array(START, dtype=dtype)
        return lambda: f(start).block_until_ready()

    return build


def forward(dtype: str) -> Build:
    """What a gradient is measured against: the sum over the trajectory."""

    def build(xp: Any) -> Call:
        run: Callable[[Any], Any] = lorenz(xp)
        f = xp.jit(lambda start: run(start).sum())
        start = xp.np.array(START, dtype=dtype)
        return lambda: f(start).block_until_ready()

    return build


single, double = "float32", "float64"
grad32 = (jax(None), own("own forward", forward(single), 5.0))
grad64 = (jax(0.1), own("own forward", forward(double), 5.0))

CASES = (
    Case("Lorenz RK4, 10k steps, float32", "loops", trajectory(single), (jax(1.0),)),
    Case("Lorenz RK4, 10k steps, float64", "loops", trajectory(double), (jax(1.0),), x64=True),
    Case("Lorenz gradient, float32", "loops", gradient(single), grad32),
    Case("Lorenz gradient, float64", "loops", gradient(double), grad64, x64=True),
)
