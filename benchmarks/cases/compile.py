"""First calls: trace, compile and run, in a fresh process and without a cache on disk."""

from collections.abc import Callable
from typing import Any

from benchmarks.build import Fun, Inputs, compiled, gradient, normals
from benchmarks.case import Build, Call, Case, jax
from benchmarks.cases.learning import transformer, transformer_inputs
from benchmarks.programs import dumb_computation, dumb_gradient, dumb_input


def first_dumb(xp: Any) -> Call:
    f, x = xp.jit(dumb_computation(xp)), dumb_input(xp)
    return lambda: xp.block_until_ready(f(x))


def first_dumb_gradient(xp: Any) -> Call:
    f, x = xp.jit(dumb_gradient(xp)), dumb_input(xp)
    return lambda: f(x).block_until_ready()


def one_line(xp: Any, x: Any) -> Any:
    return xp.np.sin(x) * 2 + 1


def unrolled(xp: Any, a: Any, x: Any) -> Any:
    for _ in range(50):
        x = xp.np.tanh(a @ x)
    return x


def elementwise(xp: Any, x: Any) -> Any:
    for k in range(800):
        x = x * 0.999 + 0.001 * k
    return x


def layers(xp: Any, params: Any, x: Any) -> Any:
    for w, b in params:
        x = xp.np.tanh(x @ w + b)
    return xp.np.sum(x)


def layers_inputs() -> Any:
    (w, b, x) = normals((32, 32), (32,), (8, 32))()
    return [(w * 0.1, b) for _ in range(100)], x


def many_leaves(xp: Any, leaves: Any) -> Any:
    return [x + 1 for x in leaves]


def small_functions(xp: Any) -> Call:
    """200 functions, each compiled by its own first call."""

    def power(k: int) -> Callable[[Any], Any]:
        return xp.jit(lambda x: x**2 * k + xp.np.sin(x))

    x = xp.np.ones(10)
    return lambda: [xp.block_until_ready(power(k)(x)) for k in range(200)]


def first(
    name: str, fun: Fun, inputs: Inputs, how: Callable[[Fun, Inputs], Build] = compiled
) -> Case:
    return Case(f"first call, {name}", "compile", how(fun, inputs), (jax(0.125),), first=True)


CASES = (
    Case("first call, dumb_computation", "compile", first_dumb, (jax(0.2),), first=True),
    Case("first call, its gradient", "compile", first_dumb_gradient, (jax(0.2),), first=True),
    first("one line", one_line, normals((1000,))),
    first("50 x tanh(A @ x)", unrolled, normals((50, 50), (50,))),
    first("1600 elementwise operations", elementwise, normals((1000,))),
    first("100 equal layers", layers, layers_inputs),
    first("100 equal layers, gradient", layers, layers_inputs, gradient),
    first("8-layer transformer, gradient", transformer, lambda: transformer_inputs(8), gradient),
    first("a pytree of 1000 leaves", many_leaves, lambda: [normals(*[(3,)] * 1000)()]),
    Case("first call, 200 small functions", "compile", small_functions, (jax(0.125),), first=True),
)
