"""Training steps of small networks, per-example gradients, Hessian-vector products, optimizers."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as onp

from benchmarks.build import case, normals
from benchmarks.cases.sequences import lstm, lstm_inputs

Loss = Callable[..., Any]


def train(loss: Loss) -> Callable[..., Any]:
    """A step of gradient descent."""

    def step(xp: Any, params: Any, *batch: Any) -> Any:
        value, slopes = xp.value_and_grad(lambda p: loss(xp, p, *batch))(params)
        return value, xp.tree_util.tree_map(lambda p, g: p - 1e-3 * g, params, slopes)

    return step


def weights(*shapes: tuple[int, ...], seed: int = 0) -> list[Any]:
    rng = onp.random.default_rng(seed)
    return [(rng.normal(size=s) / max(s[0], 1) ** 0.5).astype("float32") for s in shapes]


def mlp(xp: Any, params: Any, x: Any, y: Any) -> Any:
    for w, b in params[:-1]:
        x = xp.nn.relu(x @ w + b)
    w, b = params[-1]
    return -xp.np.mean(xp.np.sum(xp.nn.log_softmax(x @ w + b) * y, axis=-1))


def mlp_inputs() -> Any:
    sizes = (784, 256, 128, 10)
    layers = [weights((i, o), (o,)) for i, o in pairwise(sizes)]
    x, y = normals((64, 784), (64, 10))()
    return layers, x, y


def convolve(xp: Any, x: Any, w: Any) -> Any:
    layout = ("NHWC", "HWIO", "NHWC")
    return xp.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=layout)


def resnet_block(xp: Any, params: Any, x: Any) -> Any:
    np = xp.np
    y = x
    for w, scale, shift in params:
        y = convolve(xp, xp.nn.relu(y), w)
        mean, var = np.mean(y, (0, 1, 2)), np.var(y, (0, 1, 2))
        y = (y - mean) / np.sqrt(var + 1e-5) * scale + shift
    return np.mean((x + y) ** 2)


def resnet_inputs() -> Any:
    rng = onp.random.default_rng(0)
    w = [(rng.normal(size=(3, 3, 32, 32)) / 17).astype("float32") for _ in range(2)]
    params = [(k, onp.ones(32, "float32"), onp.zeros(32, "float32")) for k in w]
    return params, *normals((8, 16, 16, 32))()


def transformer_block(xp: Any, params: Any, x: Any) -> Any:
    np = xp.np

    def norm(x: Any) -> Any:
        mean = np.mean(x, -1, keepdims=True)
        return (x - mean) / np.sqrt(np.var(x, -1, keepdims=True) + 1e-5)

    batch, length, width = x.shape
    q, k, v = np.split(norm(x) @ params["qkv"], 3, axis=-1)
    q, k, v = (a.reshape(batch, length, 4, width // 4) for a in (q, k, v))
    scores = np.einsum("bqhd,bkhd->bhqk", q, k) / (width // 4) ** 0.5
    mask = np.tril(np.ones((length, length), bool))
    mixed = np.einsum("bhqk,bkhd->bqhd", xp.nn.softmax(np.where(mask, scores, -1e9)), v)
    x = x + mixed.reshape(x.shape) @ params["out"]
    return x + xp.nn.gelu(norm(x) @ params["up"]) @ params["down"]


def transformer(xp: Any, stack: Any, x: Any) -> Any:
    """The loss of a stack of blocks."""
    for params in stack:
        x = transformer_block(xp, params, x)
    return xp.np.mean(x**2)


def transformer_inputs(depth: int = 1) -> Any:
    names = {"qkv": (128, 384), "out": (128, 128), "up": (128, 512), "down": (512, 128)}
    params = {k: weights(s)[0] for k, s in names.items()}
    return [params] * depth, *normals((4, 64, 128))()


def vae(xp: Any, params: Any, x: Any, eps: Any) -> Any:
    np = xp.np
    h = np.tanh(x @ params[0])
    mean, log_var = np.split(h @ params[1], 2, axis=-1)
    z = mean + np.exp(log_var / 2) * eps
    logits = np.tanh(z @ params[2]) @ params[3]
    likelihood = np.sum(xp.nn.log_sigmoid(logits) * x + xp.nn.log_sigmoid(-logits) * (1 - x), -1)
    prior = -0.5 * np.sum(1 + log_var - mean**2 - np.exp(log_var), -1)
    return np.mean(prior - likelihood)


def vae_inputs() -> Any:
    params = weights((784, 200), (200, 40), (20, 200), (200, 784))
    return params, (normals((64, 784))()[0] > 0).astype("float32"), *normals((64, 20))()


def per_example(xp: Any, params: Any, x: Any, y: Any) -> Any:
    def one(p: Any, a: Any, b: Any) -> Any:
        return mlp(xp, p, a[None], b[None])

    slopes = xp.vmap(xp.grad(one), in_axes=(None, 0, 0))(params, x, y)
    return [xp.np.sum(g**2) for g in xp.tree_util.tree_leaves(slopes)]


def hessian_vector(xp: Any, params: Any, x: Any, y: Any) -> Any:
    slope = xp.grad(lambda p: mlp(xp, p, x, y))
    return xp.jvp(slope, (params,), (params,))[1]


def adam(xp: Any, params: Any, slopes: Any, m: Any, v: Any) -> Any:
    np, tree_map = xp.np, xp.tree_util.tree_map
    m = tree_map(lambda m, g: 0.9 * m + 0.1 * g, m, slopes)
    v = tree_map(lambda v, g: 0.999 * v + 0.001 * g * g, v, slopes)
    return tree_map(lambda p, m, v: p - 1e-3 * m / (np.sqrt(v) + 1e-8), params, m, v), m, v


def adam_inputs() -> Any:
    def tree(seed: int) -> Any:
        return {f"layer{k}": weights((32, 32), (32,), seed=seed + k) for k in range(100)}

    zeros = {name: [onp.zeros_like(x) for x in layer] for name, layer in tree(0).items()}
    return tree(0), tree(1000), zeros, zeros


CASES = (
    case("learning", "MLP step", train(mlp), mlp_inputs),
    case("learning", "ResNet block step", train(resnet_block), resnet_inputs),
    case("learning", "transformer block step", train(transformer), transformer_inputs),
    case("learning", "LSTM step", train(lstm), lstm_inputs),
    case("learning", "VAE step", train(vae), vae_inputs),
    case("learning", "per-example gradients", per_example, mlp_inputs),
    case("learning", "Hessian-vector product", hessian_vector, mlp_inputs),
    case("learning", "Adam, 200 leaves", adam, adam_inputs),
)
