"""Loops that scientists write, and the gradients of some."""

from typing import Any

import numpy as onp

from benchmarks.build import both, case, gradient, integers, normals, uniforms
from benchmarks.programs import lorenz


def adaptive(xp: Any, x0: Any) -> Any:
    """A pendulum to time 20 by steps of Heun's method that halve or grow by the error."""
    np = xp.np

    def slope(x: Any) -> Any:
        return np.stack([x[1], -np.sin(x[0]) - 0.1 * x[1]])

    def step(carry: Any) -> Any:
        t, h, x = carry
        k1 = slope(x)
        k2 = slope(x + h * k1)
        error = np.max(np.abs(h * (k2 - k1) / 2))
        good = error < 1e-4
        x = np.where(good, x + h * (k1 + k2) / 2, x)
        t = np.where(good, t + h, t)
        factor = 0.9 * np.sqrt(1e-4 / (error + 1e-12))
        return t, h * np.clip(factor, 0.2, 3.0), x

    start = (np.zeros((), x0.dtype), np.full((), 0.01, x0.dtype), x0)
    return xp.np.sum(xp.lax.while_loop(lambda c: c[0] < 20.0, step, start)[2])


def lstm(xp: Any, params: Any, xs: Any) -> Any:
    np, sigmoid = xp.np, xp.nn.sigmoid

    def step(carry: Any, x: Any) -> Any:
        h, c = carry
        i, f, g, o = np.split(x @ params["x"] + h @ params["h"] + params["b"], 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return (h, c), h

    zero = np.zeros((xs.shape[1], params["h"].shape[0]), xs.dtype)
    return np.mean(xp.lax.scan(step, (zero, zero), xs)[1] ** 2)


def lstm_inputs() -> Any:
    x, h, b, xs = normals((16, 128), (32, 128), (128,), (100, 8, 16))()
    return {"x": x * 0.1, "h": h * 0.1, "b": b}, xs


def particle_filter(xp: Any, noise: Any, shifts: Any, seen: Any) -> Any:
    np = xp.np
    count = noise.shape[1]

    def step(x: Any, inputs: Any) -> Any:
        eps, u, y = inputs
        x = 0.5 * x + 25 * x / (1 + x * x) + eps
        weights = np.exp(-((y - x * x / 20) ** 2) / 2) + 1e-20
        edges = np.cumsum(weights / np.sum(weights))
        at = np.searchsorted(edges, (np.arange(count) + u) / count)
        x = x[np.minimum(at, count - 1)]
        return x, np.mean(x)

    return xp.lax.scan(step, noise[0], (noise, shifts, seen))[1]


def metropolis(xp: Any, proposals: Any, uniform: Any) -> Any:
    np = xp.np

    def log_density(x: Any) -> Any:
        return -np.sum((x[1:] - x[:-1] ** 2) ** 2) * 10 - np.sum((1 - x[:-1]) ** 2)

    def step(carry: Any, inputs: Any) -> Any:
        x, lp = carry
        move, u = inputs
        y = x + 0.1 * move
        lq = log_density(y)
        accept = np.log(u) < lq - lp
        x, lp = np.where(accept, y, x), np.where(accept, lq, lp)
        return (x, lp), x[0]

    x = proposals[0] * 0
    return xp.lax.scan(step, (x, log_density(x)), (proposals, uniform))[1]


def jacobi(xp: Any, x: Any) -> Any:
    def step(_: Any, u: Any) -> Any:
        inner = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4
        return u.at[1:-1, 1:-1].set(inner)

    return xp.lax.fori_loop(0, 50, step, x)


def jacobi_loss(xp: Any, x: Any) -> Any:
    return xp.np.sum(jacobi(xp, x) ** 2)


def life(xp: Any, x: Any) -> Any:
    np = xp.np

    def step(_: Any, u: Any) -> Any:
        rows = np.roll(u, 1, 0) + u + np.roll(u, -1, 0)
        n = np.roll(rows, 1, 1) + rows + np.roll(rows, -1, 1) - u
        return ((n == 3) | ((u == 1) & (n == 2))).astype(u.dtype)

    return xp.lax.fori_loop(0, 50, step, x)


def edit_distance(xp: Any, a: Any, b: Any) -> Any:
    np = xp.np
    n, m = len(a), len(b)

    def cell(i: Any, j: Any, d: Any) -> Any:
        change = d[i, j] + (a[i] != b[j])
        return d.at[i + 1, j + 1].set(np.minimum(change, np.minimum(d[i, j + 1], d[i + 1, j]) + 1))

    def row(i: Any, d: Any) -> Any:
        return xp.lax.fori_loop(0, m, lambda j, d: cell(i, j, d), d)

    d = np.zeros((n + 1, m + 1), a.dtype)
    d = d.at[:, 0].set(np.arange(n + 1)).at[0, :].set(np.arange(m + 1))
    return xp.lax.fori_loop(0, n, row, d)[n, m]


def recurrence(xp: Any, a: Any, b: Any) -> Any:
    def step(y: Any, inputs: Any) -> Any:
        y = 0.9 * inputs[0] * y + inputs[1]
        return y, y

    return xp.np.sum(xp.lax.scan(step, xp.np.zeros((), a.dtype), (a, b))[1])


def paths(xp: Any, dw: Any) -> Any:
    np = xp.np

    def step(x: Any, w: Any) -> Any:
        x = x + 0.01 * (1.0 - x) + 0.1 * np.sqrt(np.abs(x)) * w
        return x, None

    return np.mean(xp.lax.scan(step, np.ones(dw.shape[1:], dw.dtype), dw)[0])


def trajectories(xp: Any, starts: Any) -> Any:
    return xp.np.sum(xp.vmap(lorenz(xp, steps=100))(starts))


STARTS = normals((1000, 3))
PARTICLES = both(normals((100, 1000)), uniforms((100,), seed=1), normals((100,), seed=2))
CHAIN = both(normals((5000, 10)), uniforms((5000,), seed=1))


def pendulum() -> Any:
    return [onp.array([2.0, 0.0])]


def with_gradient(name: str, fun: Any, inputs: Any, x64: bool = False) -> tuple[Any, ...]:
    """A loop and its gradient."""
    return (
        case("loops", name, fun, inputs, x64=x64),
        case("loops", f"{name}, gradient", fun, inputs, how=gradient, x64=x64),
    )


CASES = (
    case("loops", "adaptive steps, while", adaptive, pendulum, x64=True),
    *with_gradient("LSTM 100x8x16-32", lstm, lstm_inputs),
    case("loops", "particle filter 100x1000", particle_filter, PARTICLES),
    case("loops", "Metropolis 5000 steps", metropolis, CHAIN),
    case("loops", "Jacobi 512x512, 50 steps", jacobi, normals((512, 512))),
    case("loops", "Jacobi 512x512, gradient", jacobi_loss, normals((512, 512)), how=gradient),
    case("loops", "game of life 256x256", life, integers(2, (256, 256))),
    case("loops", "edit distance 200x200", edit_distance, integers(4, (200,), (200,))),
    *with_gradient("recurrence of 10k", recurrence, uniforms((10_000,), (10_000,))),
    *with_gradient(
        "recurrence of 10k, float64", recurrence,
        uniforms((10_000,), (10_000,), dtype="float64"), x64=True,
    ),
    *with_gradient("1000 SDE paths, 500 steps", paths, normals((500, 1000))),
    *with_gradient("1000 Lorenz trajectories", trajectories, STARTS),
)  # fmt: skip
