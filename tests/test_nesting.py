"""Every control operation inside every other, under every transformation.

Each wrapper has a meaning without control operations, so the reference is the same mathematics in
plain Python; single wrappers are compared with JAX too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from both import PULLBACK, compare, same, sample

from pullback import config

Function = Callable[[Any], Any]
STEPS = (0.9, 1.1)


@dataclass(frozen=True)
class Wrapper:
    """`wrap(s, f)` uses a control operation, `plain(s, f)` none; both mean the same.

    forward, reverse: whether it can be differentiated so; `theirs`: whether JAX can, in reverse.
    """

    wrap: Callable[[Any, Function], Function]
    plain: Callable[[Any, Function], Function]
    forward: bool = True
    reverse: bool = True
    theirs: bool = True


def scan(reverse):
    def wrap(s, f):
        def g(x):
            def body(c, a):
                return f(c) * a, f(c) + x

            last, ys = s.lax.scan(body, x, s.np.asarray(STEPS), reverse=reverse)
            return last + s.np.sum(ys)

        return g

    def plain(s, f):
        def g(x):
            c, total = x, 0.0
            for a in reversed(STEPS) if reverse else STEPS:
                c, total = f(c) * a, total + f(c) + x
            return c + total

        return g

    return Wrapper(wrap, plain)


def fori(s, f):
    return lambda x: s.lax.fori_loop(0, 2, lambda i, c: f(c) + 0.1 * x * i, x)


def plain_fori(s, f):
    return lambda x: f(f(x)) + 0.1 * x


def while_loop(s, f):
    def g(x):
        return s.lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, f(c[1]) * x), (0, x))[1]

    return g


def plain_while(s, f):
    return lambda x: f(f(x) * x) * x


def cond(s, f):
    return lambda x: s.lax.cond(x > 0.3, f, lambda x: f(x) * x, x)


def plain_cond(s, f):
    return lambda x: s.np.where(x > 0.3, f(x), f(x) * x)


def switch(s, f):
    def g(x):
        index = (x > 0.3).astype(int) + (x > 0.6).astype(int)
        return s.lax.switch(index, [f, lambda x: f(x) * x, lambda x: s.np.sin(f(x))], x)

    return g


def plain_switch(s, f):
    def g(x):
        return s.np.where(x > 0.6, s.np.sin(f(x)), s.np.where(x > 0.3, f(x) * x, f(x)))

    return g


def mapped(s, f):
    return lambda x: s.np.sum(s.lax.map(lambda a: f(a) * x, s.np.stack([x, 0.5 * x])))


def batched(s, f):
    return lambda x: s.np.sum(s.vmap(lambda a: f(a * x) * x)(s.np.asarray([1.0, 0.5])))


def plain_batched(s, f):
    return lambda x: f(x) * x + f(0.5 * x) * x


def with_jvp(s, f):
    g = s.custom_jvp(f)
    g.defjvp(lambda p, t: s.jvp(f, p, t))
    return g


def with_vjp(s, f):
    g = s.custom_vjp(f)
    g.defvjp(lambda x: (f(x), x), lambda x, ct: s.vjp(f, x)[1](ct))
    return g


def same_function(s, f):
    return f


def saving(s, f):
    """A checkpoint that keeps sines and what comes after."""
    return s.checkpoint(f, policy=lambda primitive, *_, **__: primitive.name in ("sin", "mul"))


def gradient(s, f):
    return lambda x: s.grad(f)(x) * x


def direction(s, f):
    return lambda x: s.jvp(f, (x,), (x,))[1]


WRAPPERS = {
    "scan": scan(False),
    "reverse scan": scan(True),
    "fori_loop": Wrapper(fori, plain_fori),
    "while_loop": Wrapper(while_loop, plain_while, theirs=False),
    "cond": Wrapper(cond, plain_cond),
    "switch": Wrapper(switch, plain_switch),
    "map": Wrapper(mapped, plain_batched),
    "vmap": Wrapper(batched, plain_batched),
    "jit": Wrapper(lambda s, f: s.jit(f), same_function),
    "checkpoint": Wrapper(lambda s, f: s.checkpoint(f), same_function),
    "policy": Wrapper(saving, same_function),
    "barrier": Wrapper(lambda s, f: lambda x: s.lax.optimization_barrier(f(x)), same_function),
    "custom_jvp": Wrapper(with_jvp, same_function),
    "custom_vjp": Wrapper(with_vjp, same_function, forward=False),
    "grad": Wrapper(gradient, gradient),
    "jvp": Wrapper(direction, direction),
}


@dataclass(frozen=True)
class Transform:
    """A transformation of a function of a scalar, applied to a scalar or a batch."""

    apply: Callable[[Any, Function, Any, Any], Any]
    forward: bool = False
    reverse: bool = False
    twice: bool = False


TRANSFORMS = {
    "value": Transform(lambda s, f, x, xs: f(x)),
    "vmap": Transform(lambda s, f, x, xs: s.vmap(f)(xs)),
    "jvp": Transform(lambda s, f, x, xs: s.jvp(f, (x,), (x,)), forward=True),
    "grad": Transform(lambda s, f, x, xs: s.grad(f)(x), reverse=True),
    "grad of grad": Transform(lambda s, f, x, xs: s.grad(s.grad(f))(x), reverse=True, twice=True),
    "vmap of grad": Transform(lambda s, f, x, xs: s.vmap(s.grad(f))(xs), reverse=True),
    "grad of vmap": Transform(
        lambda s, f, x, xs: s.grad(lambda xs: s.np.sum(s.vmap(f)(xs) ** 2))(xs), reverse=True
    ),
    "jvp of grad": Transform(
        lambda s, f, x, xs: s.jvp(s.grad(f), (x,), (x,)), reverse=True, twice=True
    ),
    "jit of vmap of grad": Transform(
        lambda s, f, x, xs: s.jit(s.vmap(s.grad(f)))(xs), reverse=True
    ),
}


def allowed(names, transform):
    """Whether the wrappers, outermost first, can be transformed so."""
    if names.count("custom_vjp") > 1 and transform is TRANSFORMS["jvp of grad"]:
        return False  # the forward rule of one calls the other, which jvp then differentiates
    if transform.twice and {"while_loop", "custom_vjp"} <= set(names):
        return False  # the second derivative of a loop of unknown length runs its body forward
    wrappers = [WRAPPERS[n] for n in names]
    for i, name in enumerate(names):
        inner = wrappers[i + 1 :]
        if name in ("grad", "custom_vjp") and not all(w.reverse for w in inner):
            return False
        if name in ("jvp", "custom_jvp") and not all(w.forward for w in inner):
            return False
    forward = all(w.forward for w in wrappers) or not transform.forward
    return forward and (all(w.reverse for w in wrappers) or not transform.reverse)


def build(s, names, how):
    """sin wrapped in these, outermost first."""
    f = s.np.sin
    for name in reversed(names):
        f = getattr(WRAPPERS[name], how)(s, f)
    return f


def results(names, how, disable_jit):
    """What all the transformations give."""
    with config.override(enable_x64=True, disable_jit=disable_jit):
        s = PULLBACK
        x, xs = s.np.asarray(0.7), s.np.asarray([0.2, 0.5, 0.8])
        return {
            name: t.apply(s, build(s, names, how), x, xs)
            for name, t in TRANSFORMS.items()
            if allowed(names, t)
        }


@pytest.mark.parametrize("inner", WRAPPERS)
@pytest.mark.parametrize("outer", WRAPPERS)
def test_pairs(outer, inner):
    want = results((outer, inner), "plain", True)
    same(results((outer, inner), "wrap", True), want, 1e-9)


@pytest.mark.parametrize(
    "names",
    [
        ("scan", "cond"),
        ("cond", "scan"),
        ("scan", "scan"),
        ("while_loop", "scan"),
        ("scan", "while_loop"),
        ("while_loop", "while_loop"),
        ("while_loop", "cond"),
        ("vmap", "while_loop", "switch"),
        ("checkpoint", "while_loop", "scan"),
        ("policy", "scan", "cond"),
        ("scan", "policy", "jit"),
        ("switch", "checkpoint"),
        ("checkpoint", "reverse scan"),
        ("map", "custom_vjp"),
        ("vmap", "fori_loop"),
        ("jit", "scan", "jit"),
        ("scan", "custom_vjp", "cond"),
        ("checkpoint", "scan", "custom_jvp"),
        ("grad", "scan", "checkpoint", "switch"),
        ("vmap", "cond", "map", "jit"),
    ],
)
def test_compiled(names):
    want = results(names, "plain", True)
    same(results(names, "wrap", False), want, 1e-9)


@pytest.mark.parametrize("name", WRAPPERS)
def test_single_wrappers_as_in_jax(name):
    def program(s, x, xs):
        return {
            n: t.apply(s, build(s, (name,), "wrap"), x, xs)
            for n, t in TRANSFORMS.items()
            if allowed((name,), t) and (WRAPPERS[name].theirs or not t.reverse)
        }

    compare(program, np.asarray(0.7), np.abs(sample(3)), tol=1e-9)
