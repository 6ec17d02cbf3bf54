"""Programs as users write them: each takes a library (`side`) and arrays."""

from typing import Any

import numpy as np

ROWS: dict[str, tuple[Any, tuple[Any, ...]]] = {}


def row(*args: Any) -> Any:
    """Put a program and its arguments into the table."""

    def add(f: Any) -> Any:
        ROWS[f.__name__] = (f, args)
        return f

    return add


def sample(*shape: int, seed: int = 0) -> np.ndarray:
    """Random numbers, the same at every call."""
    return np.random.default_rng((seed, *shape)).standard_normal(shape).astype(np.float32)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    """Random numbers between one half and about four."""
    return np.abs(sample(*shape, seed=seed)) + np.float32(0.5)


# Statistics


@row(sample(20, 3), sample(20, seed=1))
def least_squares(s: Any, x: Any, y: Any) -> Any:
    w = s.np.linalg.solve(x.T @ x + 0.1 * s.np.eye(3), x.T @ y)
    residuals = y - x @ w
    return w, (residuals**2).mean(), 1 - residuals.var() / y.var()


@row(sample(30))
def moments(s: Any, x: Any) -> Any:
    mean, std = x.mean(), x.std(ddof=1)
    z = (x - mean) / std
    return {"skew": (z**3).mean(), "kurtosis": (z**4).mean() - 3, "median": s.np.median(x)}


@row(sample(25), np.float32(0.5))
def kernel_density(s: Any, x: Any, h: Any) -> Any:
    grid = s.np.linspace(-2, 2, 9)
    k = s.np.exp(-0.5 * ((grid[:, None] - x[None, :]) / h) ** 2)
    return k.sum(axis=1) / (len(x) * h * s.np.sqrt(2 * s.np.pi))


@row(sample(12, 3))
def covariance(s: Any, x: Any) -> Any:
    centred = x - x.mean(0, keepdims=True)
    c = centred.T @ centred / (x.shape[0] - 1)
    d = s.np.sqrt(s.np.diag(c))
    return c, c / s.np.outer(d, d), s.np.trace(c)


@row(sample(8), sample(8, seed=1))
def mixture(s: Any, x: Any, m: Any) -> Any:
    """One step of expectation and maximization."""
    logits = -0.5 * (x[:, None] - m[None, :3]) ** 2
    r = s.nn.softmax(logits, axis=1)
    return (r * x[:, None]).sum(0) / r.sum(0), s.nn.logsumexp(logits, axis=1).sum()


@row(sample(40), np.int32(7))
def bootstrap(s: Any, x: Any, seed: Any) -> Any:
    keys = s.random.split(s.random.PRNGKey(seed), 5)
    return s.vmap(lambda k: s.random.choice(k, x, (10,)).mean())(keys)


@row(sample(10), sample(10, seed=2))
def ranks(s: Any, x: Any, y: Any) -> Any:
    rx, ry = s.np.argsort(s.np.argsort(x)), s.np.argsort(s.np.argsort(y))
    d = (rx - ry).astype(float)
    return 1 - 6 * (d**2).sum() / (10 * (10**2 - 1)), rx


@row(sample(16))
def histogram(s: Any, x: Any) -> Any:
    bins = s.np.clip(s.np.floor((x + 2) * 2), 0, 7).astype(int)
    counts = s.np.zeros(8, int).at[bins].add(1)
    return counts, s.np.cumsum(counts) / counts.sum(), s.np.bincount(bins, length=8)


@row(positive(6), positive(6, seed=1))
def divergences(s: Any, p: Any, q: Any) -> Any:
    p, q = p / p.sum(), q / q.sum()
    m = 0.5 * (p + q)

    def kl(a: Any, b: Any) -> Any:
        return s.np.sum(s.np.where(a > 0, a * s.np.log(a / b), 0.0))

    return kl(p, q), 0.5 * kl(p, m) + 0.5 * kl(q, m), s.np.max(s.np.abs(p - q))


# Physics


@row(sample(5, 2), positive(5))
def n_body(s: Any, x: Any, mass: Any) -> Any:
    def energy(x: Any) -> Any:
        d = x[:, None] - x[None, :]
        r = s.np.sqrt((d**2).sum(-1) + 0.1)
        return -0.5 * s.np.sum(mass[:, None] * mass[None, :] * (1 - s.np.eye(5)) / r)

    def step(c: Any, _: Any) -> Any:
        x, v = c
        v = v - 0.01 * s.grad(energy)(x) / mass[:, None]
        return (x + 0.01 * v, v), energy(x)

    return s.lax.scan(step, (x, s.np.zeros_like(x)), None, length=10)


@row(sample(16))
def heat(s: Any, u: Any) -> Any:
    def step(i: Any, u: Any) -> Any:
        return u + 0.1 * (s.np.roll(u, 1) - 2 * u + s.np.roll(u, -1))

    return s.lax.fori_loop(0, 20, step, u)


@row(np.asarray([1.0, 0.5, 0.2], np.float32), np.float32(0.05))
def lorenz(s: Any, y: Any, dt: Any) -> Any:
    def f(y: Any) -> Any:
        a, b, c = y
        return s.np.array([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c])

    def step(y: Any, _: Any) -> Any:
        k1 = f(y)
        k2 = f(y + dt / 2 * k1)
        return y + dt * k2, y

    return s.lax.scan(step, y, None, length=8)[1]


@row(sample(6, 6))
def ising(s: Any, x: Any) -> Any:
    spins = s.np.where(x > 0, 1, -1)
    near = sum(s.np.roll(spins, k, a) for k in (1, -1) for a in (0, 1))
    energy = -(spins * near).sum() / 2
    return energy, spins.mean(), s.np.where(near * spins < 0, -spins, spins)


@row(sample(4), sample(3, 3))
def quaternion(s: Any, q: Any, x: Any) -> Any:
    q = q / s.np.linalg.norm(q)
    v = q[1:]
    t = 2 * s.np.cross(v[None], x)
    return x + q[0] * t + s.np.cross(v[None], t)


@row(sample(7), sample(7, seed=3))
def phasors(s: Any, a: Any, b: Any) -> Any:
    z = a + 1j * b
    w = z * s.np.exp(1j * s.np.pi / 3) / (1 + s.np.abs(z))
    return w.real, w.imag, s.np.angle(w), (z * z.conj()).real.sum()


@row(np.float32(0.3), np.float32(2.0))
def pendulum(s: Any, theta: Any, length: Any) -> Any:
    def lagrangian(q: Any, v: Any) -> Any:
        return 0.5 * length**2 * v**2 + 9.8 * length * s.np.cos(q)

    def acceleration(q: Any, v: Any) -> Any:
        dq = s.grad(lagrangian, 0)(q, v)
        dvv = s.grad(s.grad(lagrangian, 1), 1)(q, v)
        dqv = s.grad(s.grad(lagrangian, 1), 0)(q, v)
        return (dq - dqv * v) / dvv

    def step(c: Any, _: Any) -> Any:
        q, v = c
        v = v + 0.1 * acceleration(q, v)
        return (q + 0.1 * v, v), q

    return s.lax.scan(step, (theta, 0.0 * theta), None, length=6)


# Machine learning


@row(sample(6, 4), sample(4, 8), sample(8), sample(8, 3))
def mlp(s: Any, x: Any, w1: Any, b1: Any, w2: Any) -> Any:
    def loss(p: Any) -> Any:
        h = s.nn.gelu(x @ p["w1"] + p["b1"])
        logits = h @ p["w2"]
        labels = s.nn.one_hot(s.np.arange(6) % 3, 3)
        return -(s.nn.log_softmax(logits) * labels).sum(-1).mean()

    params = {"w1": w1, "b1": b1, "w2": w2}
    value, g = s.value_and_grad(loss)(params)
    return value, s.tree_util.tree_map(lambda p, d: p - 0.1 * d, params, g)


@row(sample(2, 5, 4))
def attention(s: Any, x: Any) -> Any:
    n = x.shape[1]
    scores = s.np.einsum("bqd,bkd->bqk", x, x) / s.np.sqrt(4.0)
    scores = s.np.where(s.np.tril(s.np.ones((n, n), bool)), scores, -1e9)
    return s.np.einsum("bqk,bkd->bqd", s.nn.softmax(scores), x)


@row(sample(7, 3), sample(3, 5), sample(5, 5))
def rnn(s: Any, xs: Any, wx: Any, wh: Any) -> Any:
    def cell(h: Any, x: Any) -> Any:
        h = s.np.tanh(x @ wx + 0.3 * h @ wh)
        return h, h.sum()

    return s.lax.scan(cell, s.np.zeros(5), xs)


@row(sample(3, 8), positive(8), sample(8, seed=5))
def layer_norm(s: Any, x: Any, scale: Any, shift: Any) -> Any:
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * s.lax.rsqrt(var + 1e-5) * scale + shift


@row(sample(9, 4), np.array([0, 3, 8, 3, -1], np.int32))
def embedding(s: Any, table: Any, tokens: Any) -> Any:
    vectors = table[tokens]
    return vectors.mean(0), (vectors @ table.T).argmax(-1), table.at[tokens].add(1.0)


@row(sample(8, 2), sample(3, 2, seed=4))
def k_means(s: Any, x: Any, centres: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        d = ((x[:, None] - c[None]) ** 2).sum(-1)
        near = s.nn.one_hot(d.argmin(1), 3)
        return (near.T @ x) / s.np.maximum(near.sum(0), 1)[:, None], d.min(1).sum()

    return s.lax.scan(step, centres, None, length=3)


@row(sample(6, 6), sample(3, 3, seed=6))
def convolution(s: Any, x: Any, k: Any) -> Any:
    windows = s.np.stack([x[i : i + 4, j : j + 4] for i in range(3) for j in range(3)], -1)
    y = s.nn.relu((windows * k.reshape(-1)).sum(-1))
    return y, y.reshape(2, 2, 2, 2).max((1, 3))


@row(sample(10), sample(10, seed=7))
def contrastive(s: Any, a: Any, b: Any) -> Any:
    cos = a @ b / (s.np.linalg.norm(a) * s.np.linalg.norm(b))
    hinge = s.np.maximum(0.0, 1 - a * s.np.sign(b)).mean()
    return cos, hinge, s.nn.sigmoid(a).sum(), s.nn.softplus(b).max()


@row(sample(4), np.int32(3))
def dropout(s: Any, x: Any, seed: Any) -> Any:
    key = s.random.PRNGKey(seed)
    keep = s.random.bernoulli(key, 0.5, x.shape)
    noise = s.random.normal(s.random.fold_in(key, 1), x.shape)
    return s.np.where(keep, x / 0.5, 0), x + 0.1 * noise


@row(sample(5))
def adam(s: Any, x: Any) -> Any:
    def loss(x: Any) -> Any:
        return ((x - 1) ** 2).sum() + s.np.prod(s.np.cos(x))

    def step(i: Any, c: Any) -> Any:
        x, m, v = c
        g = s.grad(loss)(x)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        t = i + 1
        return x - 0.1 * (m / (1 - 0.9**t)) / (s.np.sqrt(v / (1 - 0.99**t)) + 1e-8), m, v

    zero = s.np.zeros_like(x)
    return s.lax.fori_loop(0, 5, step, (x, zero, zero))[0]


# Dynamic programming and algorithms


@row(sample(6, 4), sample(4, 4, seed=8))
def viterbi(s: Any, emissions: Any, moves: Any) -> Any:
    def step(score: Any, e: Any) -> Any:
        through = score[:, None] + moves
        return through.max(0) + e, through.argmax(0)

    last, back = s.lax.scan(step, emissions[0], emissions[1:])
    end = last.argmax()
    _, path = s.lax.scan(lambda k, b: (b[k], b[k]), end, back, reverse=True)
    return last.max(), path


@row(sample(6, 4), sample(4, 4, seed=8))
def forward_algorithm(s: Any, emissions: Any, moves: Any) -> Any:
    def step(a: Any, e: Any) -> Any:
        return s.nn.logsumexp(a[:, None] + moves, axis=0) + e, None

    return s.nn.logsumexp(s.lax.scan(step, emissions[0], emissions[1:])[0])


@row(np.array([1, 3, 2, 5, 3], np.int32), np.array([3, 1, 2, 3], np.int32))
def edit_distance(s: Any, a: Any, b: Any) -> Any:
    def row_of(above: Any, x: Any) -> Any:
        def cell(left: Any, c: Any) -> Any:
            up, diagonal, y = c
            best = s.np.minimum(s.np.minimum(up, left) + 1, diagonal + (x != y))
            return best, best

        first = above[0] + 1
        _, rest = s.lax.scan(cell, first, (above[1:], above[:-1], b))
        return s.np.concatenate([first[None], rest]), None

    return s.lax.scan(row_of, s.np.arange(len(b) + 1), a)[0][-1]


@row(positive(5, 5))
def shortest_paths(s: Any, d: Any) -> Any:
    def relax(k: Any, d: Any) -> Any:
        return s.np.minimum(d, d[:, k, None] + d[None, k, :])

    return s.lax.fori_loop(0, 5, relax, d)


@row(np.array([12, 30, 7, 100, 64], np.int32), np.array([18, 12, 21, 75, 48], np.int32))
def euclid(s: Any, a: Any, b: Any) -> Any:
    def gcd(a: Any, b: Any) -> Any:
        return s.lax.while_loop(lambda c: c[1] != 0, lambda c: (c[1], c[0] % c[1]), (a, b))[0]

    return s.vmap(gcd)(a, b), a // b, -a % b, a << 2, a & b


@row(np.float32(2.0), np.float32(1.0))
def newton(s: Any, a: Any, start: Any) -> Any:
    def f(x: Any) -> Any:
        return x**3 - a

    def step(x: Any, _: Any) -> Any:
        return x - f(x) / s.grad(f)(x), x

    return s.lax.scan(step, start, None, length=6)


@row(positive(8), sample(8, seed=9))
def search(s: Any, x: Any, q: Any) -> Any:
    grid = s.np.sort(s.np.cumsum(x))
    at = s.np.searchsorted(grid, s.np.abs(q) * 3)
    return at, s.np.interp(s.np.abs(q) * 3, grid, s.np.arange(8.0)), grid[s.np.clip(at, 0, 7)]


@row(sample(9))
def scans(s: Any, x: Any) -> Any:
    pairs = (s.np.cos(x), x)
    linear = s.lax.associative_scan(lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), pairs)
    return linear[1], s.np.cumprod(x), s.lax.cummax(x), s.np.diff(x), s.lax.cumlogsumexp(x)


@row(sample(8, 8))
def life(s: Any, x: Any) -> Any:
    board = x > 0

    def step(board: Any, _: Any) -> Any:
        b = s.np.pad(board.astype(s.np.int32), 1)
        n = sum(b[i : i + 8, j : j + 8] for i in range(3) for j in range(3)) - b[1:-1, 1:-1]
        return (n == 3) | (board & (n == 2)), n.sum()

    return s.lax.scan(step, board, None, length=4)


# Strings of transformations


@row(sample(3), sample(3, 3, seed=1))
def curvature(s: Any, x: Any, a: Any) -> Any:
    def f(x: Any) -> Any:
        return s.np.sum(s.np.sin(x) * (a @ x)) + s.nn.logsumexp(x)

    v = s.np.ones_like(x)
    return s.hessian(f)(x), s.jvp(s.grad(f), (x,), (v,))[1], s.jacfwd(s.jacrev(f))(x)


@row(sample(4, 3), sample(3, seed=1))
def per_example(s: Any, xs: Any, w: Any) -> Any:
    def loss(w: Any, x: Any) -> Any:
        return s.np.tanh(w @ x) ** 2

    grads = s.vmap(s.grad(loss), in_axes=(None, 0))(w, xs)
    return s.np.linalg.norm(grads, axis=1), s.vmap(s.jit(s.value_and_grad(loss)), (None, 0))(w, xs)


@row(sample(5))
def own_rule(s: Any, x: Any) -> Any:
    @s.custom_vjp
    def clip(x: Any) -> Any:
        return x

    clip.defvjp(lambda x: (x, None), lambda _, g: (s.np.clip(g, -0.1, 0.1),))

    @s.custom_jvp
    def soft(x: Any) -> Any:
        return s.np.log1p(s.np.exp(x))

    soft.defjvp(lambda p, t: (soft(p[0]), t[0] * s.nn.sigmoid(p[0])))
    return s.grad(lambda x: (clip(x) ** 3).sum())(x), s.vmap(s.grad(soft))(x)


@row(sample(4), np.float32(0.7))
def implicit(s: Any, x: Any, a: Any) -> Any:
    def fixed(x: Any) -> Any:
        return s.lax.fori_loop(0, 10, lambda i, z: s.np.cos(a * z) * 0.5 + 0.1 * x, x)

    z, pull = s.vjp(s.checkpoint(fixed), x)
    return z, pull(s.np.ones_like(z))[0], s.linearize(fixed, x)[1](x)


@row(sample(6))
def branches(s: Any, x: Any) -> Any:
    def pick(v: Any) -> Any:
        k = s.np.clip(v.astype(int), -1, 1) + 1
        return s.lax.switch(k, [lambda v: v * 2, s.np.sin, lambda v: v**2], v)

    flipped = s.lax.cond(x.sum() > 0, lambda x: x, lambda x: -x, x)
    return s.vmap(pick)(x), flipped, s.lax.select(x > 0, x, s.np.zeros_like(x))


@row(sample(3, 4))
def shapes(s: Any, x: Any) -> Any:
    a = x.reshape(2, -1).swapaxes(0, 1)
    b = s.np.stack([x, x[::-1]], axis=1)[..., None]
    c = s.np.tile(x[:, 0], 2), s.np.repeat(x[0], 2), s.np.concatenate([x, x * 2], axis=1)
    d = s.np.split(x, 2, axis=1), s.np.moveaxis(b, 0, -1), s.np.triu(x), x[..., 1:-1:2]
    return a, b, c, d, s.np.kron(x[:2, :2], s.np.eye(2)), s.np.flip(x, 1).ravel()


@row(sample(5), np.array([1, -2, 3, 0, 7], np.int32), np.array([True, False, True, True, False]))
def promotion(s: Any, x: Any, i: Any, b: Any) -> Any:
    return (
        x + i, i + 1, i / 2, i * 1.5, b + 1, b & (i > 0), x * b, 2**i, i**2, x // 1, i % 3,
        s.np.where(b, 1, 2.0), s.np.where(b, i, x), s.np.sqrt(i + 3), s.np.mean(i), s.np.sum(b),
        -i, abs(i), ~b, x.astype(s.np.bfloat16) + 1, s.np.float16(2) * x, s.np.array(3) + x[0],
        s.np.exp(1), s.np.maximum(i, 0), s.np.arange(3) * 0.5, s.np.asarray(1.0) * i,
    )  # fmt: skip


@row(sample(4, 4), sample(4, seed=2))
def gaussian_process(s: Any, x: Any, y: Any) -> Any:
    d = ((x[:, None] - x[None]) ** 2).sum(-1)
    k = s.np.exp(-0.5 * d) + 0.1 * s.np.eye(4)
    chol = s.np.linalg.cholesky(k)
    alpha = s.np.linalg.solve(k, y)
    return alpha, -0.5 * y @ alpha - s.np.log(s.np.diag(chol)).sum(), s.np.linalg.inv(k)
