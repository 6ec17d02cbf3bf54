"""Reverse mode through loops of unknown length, against loops of known length."""

import numpy as np
import pytest
from both import sample

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.control import while_transposed


def wave(x, n):
    """A loop whose bound may be traced; with a Python integer it is a scan."""
    return lax.fori_loop(0, n, lambda i, v: pnp.sin(v) * x + 0.1 * i, x)


@pytest.mark.parametrize("steps", [0, 1, 7, 16, 17, 300])
@pytest.mark.parametrize("arity", [4, 4096])
def test_as_a_scan(steps, arity, monkeypatch):
    monkeypatch.setattr(while_transposed, "MOST", arity)
    monkeypatch.setattr(while_transposed, "FEWEST", 2)
    monkeypatch.setattr(while_transposed, "LONGEST", 300)
    with pb.enable_x64():
        wanted = pb.value_and_grad(lambda x: wave(x, steps))(0.9)
        got = pb.value_and_grad(wave)(0.9, pnp.array(steps))
        np.testing.assert_allclose(got, wanted, rtol=1e-12)
        np.testing.assert_allclose(pb.jit(pb.grad(wave))(0.9, steps), wanted[1], rtol=1e-12)


def test_implicit_function():
    def root(a):
        return lax.while_loop(lambda c: pnp.abs(c * c - a) > 1e-12, lambda c: (c + a / c) / 2, a)

    with pb.enable_x64():
        np.testing.assert_allclose(pb.grad(root)(2.0), 0.5 / np.sqrt(2), rtol=1e-9)
        np.testing.assert_allclose(pb.grad(pb.grad(root))(2.0), -0.25 / 2**1.5, rtol=1e-9)


def test_pytrees_constants_and_integers():
    def f(params, x, n):
        def body(c):
            i, key, (a, b) = c
            a = pnp.tanh(params["w"] @ a + b * params["scale"])
            return i + 1, pb.random.fold_in(key, i), (a, pnp.cos(a) + b[::-1])

        start = (0, pb.random.key(0), (x, x * 2))
        i, _, (a, b) = lax.while_loop(lambda c: c[0] < n, body, start)
        return (a * b).sum() + i

    def known(params, x):
        a, b = x, x * 2
        for _ in range(6):
            a = pnp.tanh(params["w"] @ a + b * params["scale"])
            a, b = a, pnp.cos(a) + b[::-1]
        return (a * b).sum() + 6

    with pb.enable_x64():
        rng = np.random.default_rng(0)
        params = {"w": pnp.array(rng.normal(size=(3, 3))), "scale": pnp.array(0.7)}
        x = pnp.array(rng.normal(size=3))
        wanted = pb.grad(known, (0, 1))(params, x)
        for got in (pb.grad(f, (0, 1))(params, x, 6), pb.jit(pb.grad(f, (0, 1)))(params, x, 6)):
            pb.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), got, wanted)


def test_batches_of_different_lengths(monkeypatch):
    monkeypatch.setattr(while_transposed, "LONGEST", 4096)
    xs, ns = pnp.array([0.5, 0.6, 0.7]), pnp.array([3, 0, 7])
    got = pb.vmap(pb.grad(wave))(xs, ns)
    wanted = [
        pb.grad(lambda x, n=n: wave(x, n))(float(x)) for x, n in zip(xs, [3, 0, 7], strict=True)
    ]
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
    np.testing.assert_allclose(
        pb.grad(lambda xs: pb.vmap(wave)(xs, ns).sum())(xs), wanted, rtol=1e-5
    )


def test_inside_other_operations(monkeypatch):
    monkeypatch.setattr(while_transposed, "LONGEST", 4096)
    n = pnp.array(4)

    def in_scan(x):
        return lax.scan(lambda c, _: (wave(c, n), c), x, length=3)[0]

    def in_cond(x):
        return lax.cond(x > 0, lambda v: wave(v, n), lambda v: v, x)

    def in_while(x):
        return lax.fori_loop(0, pnp.array(3), lambda i, v: wave(v, n), x)

    def in_checkpoint(x):
        return pb.checkpoint(lambda v: wave(v, n))(x)

    def plain(x, times):
        for _ in range(times):
            x = wave(x, 4)
        return x

    with pb.enable_x64():
        for f, times in ((in_scan, 3), (in_cond, 1), (in_while, 3), (in_checkpoint, 1)):
            wanted = pb.grad(lambda x, times=times: plain(x, times))(0.8)
            np.testing.assert_allclose(pb.grad(f)(0.8), wanted, rtol=1e-10)
            np.testing.assert_allclose(pb.jit(pb.grad(f))(0.8), wanted, rtol=1e-10)
            second = pb.grad(pb.grad(lambda x, times=times: plain(x, times)))(0.8)
            np.testing.assert_allclose(pb.jit(pb.grad(pb.grad(f)))(0.8), second, rtol=1e-8)


def test_linearize_pushes_forward():
    _, push = pb.linearize(lambda x: wave(x, pnp.array(5)), 0.9)
    wanted = pb.jvp(lambda x: wave(x, pnp.array(5)), (0.9,), (2.0,))[1]
    np.testing.assert_allclose(push(2.0), wanted, rtol=1e-6)
    jitted = pb.jit(lambda x, n: pb.linearize(lambda x: wave(x, n), x)[1](2.0))
    np.testing.assert_allclose(jitted(0.9, 5), wanted, rtol=1e-6)


def test_without_compiling():
    with pb.disable_jit():
        got = pb.grad(wave)(0.9, pnp.array(5))
    np.testing.assert_allclose(got, pb.grad(lambda x: wave(x, 5))(0.9), rtol=1e-6)


def test_gradients_of_a_batch_with_different_lengths():
    """The steps of each element are its own, also in second derivatives and where w is shared."""

    def one(w, x, n, k):
        return wave_of(w, x, n) * k

    def wave_of(w, x, n):
        def step(i, c):
            return pnp.sin(c * w) + c[::-1] * x

        return pnp.sum(lax.fori_loop(0, n, step, x))

    w, xs = (pnp.asarray(sample(*shape, dtype=np.float32)) for shape in ((2,), (4, 2)))
    ns, k = pnp.asarray([0, 3, 17, 5]), 2.0
    first = pb.grad(one, (0, 1))

    def second(w, x, n):
        return pb.grad(lambda w: pnp.sum(first(w, x, n, k)[1] ** 2))(w)

    want = [first(w, x, n, k) for x, n in zip(xs, map(int, ns), strict=True)]
    for batched in (pb.vmap(first, (None, 0, 0, None)), pb.jit(pb.vmap(first, (None, 0, 0, None)))):
        got = batched(w, xs, ns, k)
        for part in (0, 1):
            np.testing.assert_allclose(got[part], np.stack([g[part] for g in want]), rtol=1e-5)
    want = [second(w, x, int(n)) for x, n in zip(xs, ns, strict=True)]
    got = pb.vmap(second, (None, 0, 0))(w, xs, ns)
    np.testing.assert_allclose(got, np.stack(want), rtol=1e-4)


def test_gradients_of_a_batch_of_one_length():
    def f(w, x, n):
        return pnp.sum(lax.fori_loop(0, n, lambda i, c: (pnp.sin(c[0] * w), c[1]), (x, w))[0])

    w, xs = (pnp.asarray(sample(*shape, dtype=np.float32)) for shape in ((2,), (4, 2)))
    got = pb.jit(pb.vmap(pb.grad(f, (0, 1)), (None, 0, None)))(w, xs, 9)
    want = [pb.grad(f, (0, 1))(w, x, 9) for x in xs]
    for part in (0, 1):
        np.testing.assert_allclose(got[part], np.stack([g[part] for g in want]), rtol=1e-5)


def test_higher_derivatives_are_those_of_a_scan():
    def f(w, x, n):
        def step(i, c):
            return pnp.sin(c * w) + c[::-1] * x

        return pnp.sum(lax.fori_loop(0, n, step, x))

    def nested(n):
        first = pb.grad(lambda w, x: f(w, x, n), (0, 1))

        def second(w, x):
            a, b = first(w, x)
            return pnp.sum(a * pnp.sin(b))

        third = pb.grad(lambda w, x: pnp.sum(pnp.cos(pb.grad(second)(w, x))), 1)
        return lambda w, x: (
            pb.grad(second, (0, 1))(w, x),
            third(w, x),
            pb.jvp(pb.grad(second), (w, x), (x, w)),
            pb.hessian(lambda w: f(w, x, n))(w),
            pb.jacrev(pb.jacrev(lambda x: f(w, x, n)))(x),
        )

    with pb.enable_x64():
        w, x = pnp.asarray(sample(2)), pnp.asarray(sample(2, seed=1))
        wanted = pb.tree.leaves(nested(5)(w, x))
        for got in (
            nested(pnp.asarray(5))(w, x),
            pb.jit(lambda w, x, n: nested(n)(w, x))(w, x, 5),
        ):
            for a, b in zip(pb.tree.leaves(got), wanted, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
