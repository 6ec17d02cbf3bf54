"""Random keys through XLA: arrays of them moved about, and numbers that are the same to the bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from xla_run import compare

import pullback as pb
from pullback import config
from pullback import numpy as pnp

WORDS = np.arange(24, dtype=np.uint32).reshape(2, 6, 2)


def keys(words: Any) -> Any:
    """Keys of shape (2, 6)."""
    return pb.random.wrap_key_data(words)


MOVES: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda k: k.reshape(3, 4),
    "transpose": lambda k: k.T,
    "broadcast": lambda k: pnp.broadcast_to(k[:, None], (2, 3, 6)),
    "of a scalar": lambda k: pnp.broadcast_to(k[0, 0], (3, 2)),
    "slice": lambda k: k[:, 1:5:2],
    "rev": lambda k: k[::-1],
    "squeeze": lambda k: pnp.squeeze(k[:1]),
    "concatenate": lambda k: pnp.concatenate([k, k[:1]]),
    "stack": lambda k: pnp.stack([k, k], axis=1),
    "split": lambda k: pnp.split(k, 3, axis=1)[1],
    "gather": lambda k: k[:, np.array([3, 0, 3])],
    "index": lambda k: pb.jit(lambda k, i: k[i, i + 1])(k, 1),
    "dynamic_slice": lambda k: pb.lax.dynamic_slice_in_dim(k, np.int32(2), 3, 1),
    "dynamic_update": lambda k: pb.lax.dynamic_update_slice(k, k[:1, :2], (np.int32(1), 3)),
    "scatter": lambda k: k.at[:, np.array([4, 1])].set(k[:, :2]),
    "where": lambda k: pnp.where(np.arange(6) % 2 == 0, k, k[:, ::-1]),
    "pad": lambda k: pb.lax.pad(k, k[0, 0], [(1, 0, 0), (0, 2, 1)]),
    "eq": lambda k: [k == k[:, ::-1], k != k[0, 0]],
    "scan": lambda k: pb.lax.scan(lambda c, x: (x, c), k[0], k)[1],
    "while": lambda k: pb.lax.fori_loop(0, 3, lambda i, c: c[::-1], k),
    "cond": lambda k: pb.lax.cond(True, lambda a, b: a, lambda a, b: b, k[0], k[1]),
    "vmap": lambda k: pb.vmap(pb.vmap(lambda a: pb.random.fold_in(a, 7)))(k),
    "grad": lambda k: pb.grad(lambda x: pb.random.uniform(k[0, 0]) * x)(2.0),
}


@pytest.mark.parametrize("name", MOVES)
def test_arrays_of_keys(name: str) -> None:
    compare(lambda words: MOVES[name](keys(words)), WORDS)


DRAWS: dict[str, Callable[[Any], Any]] = {
    "bits": lambda k: [pb.random.bits(k, (3, 5), f"uint{n}") for n in (8, 16, 32, 64)],
    "split": lambda k: pb.random.split(k, 4),
    "uniform": lambda k: [
        pb.random.uniform(k, (7,), d) for d in ("float32", "float64", "bfloat16")
    ],
    "randint": lambda k: pb.random.randint(k, (9,), -5, 50),
    "permutation": lambda k: pb.random.permutation(k, 20),
    "choice": lambda k: pb.random.choice(k, np.arange(10.0), (4,), replace=False),
    "bernoulli": lambda k: pb.random.bernoulli(k, 0.3, (20,)),
    "categorical": lambda k: pb.random.categorical(k, np.zeros((3, 5))),
    "rademacher": lambda k: pb.random.rademacher(k, (11,)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws(name: str) -> None:
    """Bits, and what is made of them without elementary functions, are the same."""
    with config.override(enable_x64=True):
        compare(lambda seed: DRAWS[name](pb.random.key(seed)), np.uint32(3), tol=0)


REAL = "normal exponential gumbel laplace logistic cauchy".split()


@pytest.mark.parametrize("name", REAL)
def test_real_draws(name: str) -> None:
    compare(
        lambda seed: getattr(pb.random, name)(pb.random.key(seed), (100,)), np.uint32(3), tol=64
    )


@pytest.mark.parametrize("name", ["gamma", "beta", "poisson", "dirichlet", "multivariate_normal"])
def test_draws_by_loops(name: str) -> None:
    arguments = {
        "gamma": (2.5, (20,)),
        "beta": (2.0, 3.0, (20,)),
        "poisson": (4.0, (20,)),
        "dirichlet": (np.ones(3, np.float32), (5,)),
        "multivariate_normal": (np.zeros(2, np.float32), np.eye(2, dtype=np.float32), (5,)),
    }[name]
    draw = getattr(pb.random, name)
    compare(lambda seed: draw(pb.random.key(seed), *arguments), np.uint32(3), tol=256)
