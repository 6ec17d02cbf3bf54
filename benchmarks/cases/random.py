"""Random numbers by the key."""

from collections.abc import Callable
from typing import Any

from benchmarks.build import Inputs, normals
from benchmarks.case import Build, Call, Case, jax, numpy

MANY, MILLION = 100_000, 1_000_000


def draw(make: Callable[..., Any], inputs: Inputs) -> Build:
    """`make(random, key, *arrays)`, compiled."""

    def build(xp: Any) -> Call:
        key = xp.random.key(0)
        args = [xp.np.asarray(x) for x in inputs()]
        f = xp.jit(lambda key, *args: make(xp.random, key, *args))
        return lambda: xp.block_until_ready(f(key, *args))

    return build


def generator(make: Callable[[Any], Any]) -> Build:
    """The same by NumPy's generator."""

    def build(xp: Any) -> Call:
        rng = xp.np.random.default_rng(0)
        return lambda: make(rng)

    return build


def case(
    name: str, make: Callable[..., Any], own: Callable[[Any], Any] | None = None, *,
    inputs: Inputs = list,
) -> Case:  # fmt: skip
    rivals = (jax(1.0),) if own is None else (jax(1.0), numpy(generator(own), 1.2))
    return Case(name, "random", draw(make, inputs), rivals)


LOG_ODDS = normals((10_000, 10))
CASES = (
    case("bits 1M", lambda r, k: r.bits(k, (MILLION,)), lambda g: g.integers(2**32, size=MILLION)),
    case("uniform 1M", lambda r, k: r.uniform(k, (MILLION,)), lambda g: g.random(MILLION)),
    case("normal 1M", lambda r, k: r.normal(k, (MILLION,)), lambda g: g.normal(size=MILLION)),
    case("categorical 10k of 10", lambda r, k, x: r.categorical(k, x), inputs=LOG_ODDS),
    case("gamma 100k", lambda r, k: r.gamma(k, 2.5, (MANY,)), lambda g: g.gamma(2.5, size=MANY)),
    case("beta 100k", lambda r, k: r.beta(k, 2.0, 3.0, (MANY,)), lambda g: g.beta(2, 3, size=MANY)),
    case("poisson 100k", lambda r, k: r.poisson(k, 4.0, (MANY,)), lambda g: g.poisson(4, MANY)),
    case("permutation 100k", lambda r, k: r.permutation(k, MANY), lambda g: g.permutation(MANY)),
    case("choice 100k", lambda r, k: r.choice(k, 1000, (MANY,)), lambda g: g.choice(1000, MANY)),
    case("split 10k keys", lambda r, k: r.split(k, 10_000)),
)
