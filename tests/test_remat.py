"""checkpoint: the same values and derivatives, with less kept for the backward pass."""

import numpy as np
import pytest
from both import Pair, compare, sample

import pullback as pb
from pullback import numpy as pnp
from pullback.ad_checkpoint import saved_residuals
from pullback.transforms.linearize import linearize_flat, residuals


def test_all_transformations():
    def program(s, x):
        f = s.checkpoint(lambda x: s.np.sin(s.np.sin(x) * x))

        def total(x):
            return s.np.sum(f(f(x)) ** 2)

        return (
            f(x),
            s.value_and_grad(total)(x),
            s.jvp(total, (x,), (x,)),
            s.hessian(total)(x),
            s.grad(lambda x: s.np.sum(s.grad(total)(x) ** 2))(x),
            s.vmap(f)(x),
            s.vmap(s.grad(f))(x),
            s.grad(lambda x: s.np.sum(s.vmap(f)(x)))(x),
            s.jit(s.grad(total))(x),
            s.linearize(f, x)[1](x),
            s.jacrev(f)(x),
        )

    compare(program, sample(3))


def test_pytrees_keywords_and_integers():
    def program(s, x, n):
        @s.checkpoint
        def f(p, *, scale, n):
            return {"a": s.np.sin(p.a) * scale, "n": n + 1, "none": None}

        def total(x, scale):
            return s.np.sum(f(Pair(x, None), scale=scale, n=n)["a"] ** 2)

        return f(Pair(x, None), scale=2.0, n=n), s.grad(total, (0, 1))(x, x)

    compare(program, sample(3), np.asarray(3))


def test_closures_over_outer_values():
    def program(s, x):
        def f(x):
            y = s.np.sin(x)
            return s.checkpoint(lambda z: z * y * s.np.cos(y))(x)

        return s.value_and_grad(f)(x), s.grad(s.grad(f))(x), s.vmap(f)(s.np.stack([x, x + 1]))

    compare(program, sample())


@pytest.mark.parametrize("static", [1, (1,), (1, 2)])
def test_static_arguments(static):
    def program(s, x):
        def f(x, n, mode):
            return s.np.sin(x) ** n if mode is not None else x

        mode = "power" if static == (1, 2) else 1.0
        return s.grad(s.checkpoint(f, static_argnums=static))(x, 2, mode)

    compare(program, sample())


def test_as_decorator_with_options():
    def program(s, x):
        @s.checkpoint
        def f(x):
            return s.np.sin(x)

        return s.grad(f)(x), s.grad(s.remat(lambda x: x * x, prevent_cse=False))(x)

    compare(program, sample())


def test_in_loops():
    def program(s, w, x):
        def f(w, x):
            step = s.checkpoint(lambda c, _: (s.np.tanh(s.np.dot(w, c)), s.np.sum(c)))
            last, ys = s.lax.scan(step, x, None, length=4)
            return s.np.sum(last) + s.np.sum(ys)

        return (
            s.value_and_grad(f, (0, 1))(w, x),
            s.hessian(f, 1)(w, x),
            s.vmap(s.grad(f, 1), (None, 0))(w, w),
        )

    compare(program, sample(2, 2), sample(2))


def test_loops_and_branches_inside():
    def program(s, x):
        @s.checkpoint
        def f(x):
            y = s.lax.fori_loop(0, 3, lambda i, c: s.np.sin(c) * x, x)
            return s.lax.cond(y > 0, s.np.sin, lambda y: y * y, y)

        xs = s.np.stack([x, -x])
        return s.value_and_grad(f)(x), s.grad(s.grad(f))(x), s.vmap(s.grad(f))(xs)

    compare(program, sample())


def test_custom_rules_inside():
    def program(s, x):
        f = s.custom_jvp(lambda x: s.np.sin(x))
        f.defjvp(lambda p, t: (f(*p), 3 * t[0]))
        g = s.custom_vjp(lambda x: s.np.sin(x))
        g.defvjp(lambda x: (g(x), x), lambda x, ct: (5 * x * ct,))
        h = s.checkpoint(lambda x: f(g(x)) * x)
        return s.value_and_grad(h)(x), s.grad(s.grad(h))(x), s.vmap(s.grad(h))(s.np.stack([x, x]))

    compare(program, sample())


def saved(f, x):
    """The arrays that the backward pass of f needs."""
    _, tape = linearize_flat(lambda x: [f(x)], [x], [True])
    return residuals(tape)


def test_only_the_arguments_are_kept():
    def f(x):
        for _ in range(5):
            x = pnp.sin(x)
        return x

    x = pnp.ones(3)
    with pb.config.override(disable_jit=True):
        assert len(saved(f, x)) >= 5
        (kept,) = saved(pb.checkpoint(f), x)
    assert kept is x


def test_errors():
    with pytest.raises(TypeError, match="checkpoint: the first argument must be a function, got 3"):
        pb.checkpoint(3)
    with pytest.raises(TypeError, match=r"checkpoint: argument.* 'a' of type str.*static_argnums"):
        pb.checkpoint(lambda x, mode: x)(1.0, "a")
    with pytest.raises(TypeError, match="checkpoint: <lambda> returned 'a' of type str"):
        pb.checkpoint(lambda x: "a")(1.0)


def nested(n, inner, wrap):
    """A loop of n steps as a loop of loops, the inner ones wrapped."""

    def step(c, _):
        return pnp.sin(c) * 1.01, None

    part = wrap(lambda c: pb.lax.scan(step, c, None, length=inner)[0])
    return lambda x: pb.lax.scan(lambda c, _: (part(c), None), x, None, length=n // inner)[0].sum()


def kept_numbers(f, x):
    """How many numbers wait for the backward pass."""
    return sum(aval.size for aval, _ in saved_residuals(f, x))


@pytest.mark.parametrize("root", [8, 16, 32])
def test_a_loop_of_checkpointed_loops_keeps_the_root_of_its_steps(root):
    n, x = root * root, pnp.ones(3)
    plain, thrifty = nested(n, root, lambda f: f), nested(n, root, pb.checkpoint)
    assert kept_numbers(plain, x) >= n * 3
    assert kept_numbers(thrifty, x) <= 2 * root * 3
    np.testing.assert_allclose(pb.grad(thrifty)(x), pb.grad(plain)(x), rtol=1e-5)


def test_compiled_memory_of_a_loop_of_checkpointed_loops():
    """The whole gradient needs the root of the steps in memory: those kept, and one inner loop."""

    def scratch(wrap):
        f = pb.jit(pb.grad(nested(64 * 64, 64, wrap)))
        return f.lower(pnp.ones(3)).compile().memory_analysis().temp_size_in_bytes

    assert scratch(pb.checkpoint) * 10 < scratch(lambda f: f)


def test_a_loop_of_unknown_length_needs_no_memory_for_its_steps():
    """The compiled gradient has one size for all lengths; it reaches 2^31 steps."""

    def f(x, n):
        return pb.lax.fori_loop(0, n, lambda i, c: pnp.sin(c) * 1.01, x).sum()

    g = pb.jit(pb.grad(f)).lower(pnp.ones(3), 1).compile()
    assert g.memory_analysis().temp_size_in_bytes < 1 << 20
    known = pb.grad(lambda x: f(x, 9000))(pnp.ones(3))
    np.testing.assert_allclose(g(pnp.ones(3), 9000), known, rtol=1e-4)
