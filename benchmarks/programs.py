"""The programs that several cases time, written as a user writes them."""

from collections.abc import Callable
from typing import Any

import numpy as onp

Lib = Any
Fun = Callable[..., Any]


def normal(xp: Lib, *shape: int, seed: int = 0, scale: float = 1.0, dtype: str = "float32") -> Any:
    """Random numbers, equal on every library."""
    sample = onp.random.default_rng(seed).normal(size=shape) * scale
    return xp.np.array(sample.astype(dtype))


def dumb_computation(xp: Lib) -> Fun:
    """Products, elementwise functions, a softmax, a power and a sum: an array and a scalar."""
    np = xp.np

    def dumb(x: Any) -> Any:
        a = np.tanh(x @ x.T)
        b = np.exp(-(x**2)) @ x
        c = np.sin(x) + np.cos(x.T @ x)
        d = xp.nn.softmax(x)
        e = np.linalg.matrix_power(x, 3)
        entropy = np.sum(x * np.log(np.abs(x) + 1e-8))
        return a + b + c + d + e, entropy

    return dumb


def dumb_gradient(xp: Lib) -> Fun:
    """The gradient of the sum of all that `dumb_computation` returns."""
    dumb = dumb_computation(xp)

    def total(x: Any) -> Any:
        matrix, entropy = dumb(x)
        return matrix.sum() + entropy

    return xp.grad(total)


def dumb_input(xp: Lib) -> Any:
    """A 50x50 matrix whose powers stay of order one."""
    return normal(xp, 50, 50, scale=0.1)


def sigmoid_sum(xp: Lib) -> Fun:
    """One layer of a network, summed."""

    def f(params: Any, x: Any) -> Any:
        A, b = params
        return xp.nn.sigmoid(A @ x + b).sum()

    return f


def sigmoid_params(xp: Lib) -> Any:
    """The layer's weights and biases."""
    return normal(xp, 3, 3), normal(xp, 3, seed=1)


def lorenz(xp: Lib, steps: int = 10_000, dt: float = 1e-3) -> Fun:
    """The trajectory of the Lorenz system from a state of three, by Runge and Kutta's method."""
    np = xp.np

    def slope(s: Any) -> Any:
        x, y, z = s[0], s[1], s[2]
        return np.array([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])

    def step(s: Any, _: Any) -> Any:
        k1 = slope(s)
        k2 = slope(s + dt / 2 * k1)
        k3 = slope(s + dt / 2 * k2)
        k4 = slope(s + dt * k3)
        s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return s, s

    return lambda start: xp.lax.scan(step, start, None, length=steps)[1]
