"""A program that a type checker has nothing to say about."""

import numpy as np

import pullback as pb
from pullback import lax, nn, random
from pullback import numpy as pnp
from pullback.scipy import special, stats


def loss(w: pb.Array, x: pb.Array, y: pb.Array) -> pb.Array:
    return pnp.mean((nn.relu(x @ w) - y) ** 2)


@pb.jit
def step(w: pb.Array, x: pb.Array, y: pb.Array) -> pb.Array:
    value, gradient = pb.value_and_grad(loss)(w, x, y)
    return w - 0.1 * gradient + 0 * value


@pb.jit(static_argnames="n")
def power(x: pb.Array, n: int = 2) -> pb.Array:
    return x**n


class Model:
    """Jitted methods are methods."""

    @pb.jit(static_argnums=0)
    def call(self, x: pb.Array) -> pb.Array:
        return pnp.tanh(x).sum()


key = random.key(0)
w = random.normal(key, (3, 2))
x, y = pnp.linspace(0, 1, 12).reshape(4, 3), pnp.ones((4, 2))
w = step(w, x, y)
shape: tuple[int, ...] = step(w, x, y).at[0].set(1.0).shape
total: float = power(x, n=3).sum(axis=(0, 1), keepdims=True).item()
first = Model().call(x).block_until_ready()
rows = pb.vmap(pnp.dot, in_axes=(0, None))(x, x[0]).T.astype("int32")
hessian = pb.hessian(lambda v: (v**3).sum())(x[0])
jacobian = pb.jacrev(pnp.sin)(x)
carry, ys = lax.scan(lambda c, v: (c + v, c * v), pnp.zeros(3), x)
u, s, vt = pnp.linalg.svd(x)
spectrum = pnp.fft.rfft(x, axis=0).real + pnp.pad(x, 1)[:3, :3].mT.sum()
values = special.erf(x) + stats.norm.pdf(x) + pnp.add.reduce(x, axis=0)
mixed = np.ones(3) @ w + 2.0 * (1 - w) / 3 // 1 % 2 - -w
assert step.lower(w, x, y) is not None
assert pnp.float32(1.0).dtype == pnp.int8(1).astype(pnp.float32).dtype
for row in x:
    assert len(row) == 3 and float(row[0]) < int(pnp.argmax(row)) + 1
shared = pb.dlpack.from_dlpack(np.ones(3, "float32"))
