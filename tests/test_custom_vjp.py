"""custom_vjp: the same rules on JAX give the same results."""

from functools import partial

import jax
import numpy as np
import pytest
from both import Pair, compare, sample

import pullback as pb
from pullback import numpy as pnp


def scaled(s):
    """Sine whose derivative is marked: three times the cosine."""

    @s.custom_vjp
    def f(x):
        return s.np.sin(x)

    f.defvjp(lambda x: (f(x), s.np.cos(x)), lambda c, ct: (3 * c * ct,))
    return f


def test_all_transformations():
    def program(s, x):
        f = scaled(s)

        def total(x):
            return s.np.sum(f(x) ** 2)

        return (
            f(x),
            s.grad(total)(x),
            s.jacrev(f)(x),
            s.grad(lambda x: s.np.sum(s.grad(total)(x) ** 2))(x),
            s.vmap(f)(x),
            s.vmap(s.grad(f))(x),
            s.vmap(s.grad(s.grad(f)))(x),
            s.grad(lambda x: s.np.sum(s.vmap(f)(x)))(x),
            s.jit(s.grad(total))(x),
            s.jit(s.vmap(s.grad(f)))(x),
            s.vjp(f, x)[1](x),
        )

    compare(program, sample(3))


def test_pytrees_and_missing_cotangents():
    def program(s, x, y):
        @s.custom_vjp
        def f(p, y, unused):
            return {"a": p.a * y, "b": (s.np.sin(p.b), None)}

        def fwd(p, y, unused):
            return f(p, y, unused), {"p": p, "y": [y, None]}

        def bwd(res, ct):
            p, (y, _) = res["p"], res["y"]
            return Pair(2 * ct["a"] * y, None), p.a * ct["a"] + ct["b"][0], None

        f.defvjp(fwd, bwd)

        def total(x, y):
            out = f(Pair(x, y), y, {"u": x, "n": 3})
            return s.np.sum(out["a"] * out["b"][0])

        return (
            total(x, y),
            s.grad(total, (0, 1))(x, y),
            s.grad(total)(x, y),
            s.vmap(s.grad(total, 1))(x, y),
        )

    compare(program, sample(3), sample(3, seed=1))


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_batched_arguments(axes):
    def program(s, x, y):
        @s.custom_vjp
        def f(x, y):
            return s.np.sin(x) * y, s.np.sum(y)

        def bwd(res, cts):
            x, y = res
            return 2 * s.np.cos(x) * y * cts[0], 3 * s.np.sin(x) * cts[0] + cts[1]

        f.defvjp(lambda x, y: (f(x, y), (x, y)), bwd)
        args = [a if d == 0 else a[0] for a, d in zip((x, y), axes, strict=True)]

        def one(x, y):
            a, b = f(x, y)
            return s.np.sum(a) * b

        def many(*args):
            # JAX counts the batch twice in the cotangent of an argument that is not batched.
            if s.name == "pullback":
                return s.np.sum(s.vmap(one, axes)(*args))
            return sum(
                one(*[a[i] if d == 0 else a for a, d in zip(args, axes, strict=True)])
                for i in range(2)
            )

        return (
            s.vmap(f, axes)(*args),
            s.vmap(s.grad(one, (0, 1)), axes)(*args),
            s.grad(many, (0, 1))(*args),
        )

    compare(program, sample(2, 3), sample(2, 3, seed=1))


def test_nondiff_argnums():
    def program(s, x):
        def power(f, x, n):
            return f(x) ** n

        g = s.custom_vjp(power, nondiff_argnums=(0, 2))
        g.defvjp(lambda f, x, n: (g(f, x, n), x), lambda f, n, x, ct: (f(x) * n * ct,))
        return (
            g(s.np.sin, x, 2),
            s.grad(g, 1)(s.np.sin, x[0], 3),
            s.vmap(s.grad(lambda x: g(s.np.cos, x, 2)))(x),
        )

    compare(program, sample(3))


def test_keywords_and_defaults():
    def program(s, x, y):
        @s.custom_vjp
        def f(x, y=2.0):
            return x * y

        f.defvjp(lambda x, y: (f(x, y), None), lambda _, ct: (7 * ct, 11 * ct))
        return s.grad(lambda x: f(x))(x), s.grad(lambda x, y: f(y=y, x=x), (0, 1))(x, y)

    compare(program, sample(), sample(seed=1))


def test_integer_arguments():
    def program(s, x, n):
        @s.custom_vjp
        def f(x, n):
            return x * n

        f.defvjp(lambda x, n: (f(x, n), n), lambda n, ct: (5 * ct * n, None))
        return s.grad(f)(x, n), s.vmap(s.grad(f), (0, None))(s.np.stack([x, x + 1]), n)

    compare(program, sample(), np.asarray(3))


def test_no_residuals():
    def program(s, x):
        f = s.custom_vjp(lambda x: s.np.sin(x))
        f.defvjp(lambda x: (x * 2, ()), lambda res, ct: (s.np.clip(ct, -0.5, 0.5),))
        return s.value_and_grad(f)(x), s.grad(lambda x: f(x) * 10)(x)

    compare(program, sample())


def test_in_loops_and_branches_twice_differentiated():
    def program(s, x):
        f = scaled(s)

        def loop(x):
            return s.lax.scan(lambda c, _: (f(c) * x, f(c)), x, None, length=3)[1].sum()

        def branch(x):
            return s.lax.cond(x > 0, f, lambda x: f(f(x)), x)

        xs = s.np.stack([x, -x])
        return (
            [s.value_and_grad(g)(x) for g in (loop, branch)],
            [s.grad(s.grad(g))(x) for g in (loop, branch)],
            [s.vmap(s.grad(s.grad(g)))(xs) for g in (loop, branch)],
            [s.grad(lambda xs, g=g: s.np.sum(s.vmap(g)(xs)))(xs) for g in (loop, branch)],
            s.grad(lambda x: s.lax.map(f, x).sum())(xs),
            s.lax.while_loop(lambda c: c < 0, lambda c: f(c) + 3, x),
        )

    compare(program, sample())


def test_with_custom_jvp_inside_and_outside():
    def program(s, x):
        f = scaled(s)
        g = s.custom_jvp(lambda x: f(x) * 2)
        g.defjvp(lambda p, t: (g(*p), f(p[0]) * t[0]))
        h = s.custom_vjp(lambda x: g(x) + x)
        h.defvjp(lambda x: (h(x), x), lambda x, ct: (g(x) * ct,))
        return [s.grad(k)(x) for k in (f, g, h)], [s.grad(s.grad(k))(x) for k in (f, g, h)]

    compare(program, sample())


def test_python_control_flow_inside():
    def program(s, x):
        @s.custom_vjp
        def f(x):
            return x * 2 if x > 0 else -x

        f.defvjp(lambda x: (f(x), x), lambda x, ct: (3 * ct if x > 0 else 5 * ct,))
        return s.grad(f)(x), s.grad(f)(-x)

    compare(program, np.asarray(2.0), eager=True)


def test_methods():
    class Model:
        def __init__(self, k):
            self.k = k

        @partial(pb.custom_vjp, nondiff_argnums=(0,))
        def apply(self, x):
            return self.k * x

        apply.defvjp(lambda self, x: (self.k, None), lambda self, _, ct: (10 * self.k * ct,))

    assert float(pb.grad(Model(2.0).apply)(3.0)) == 20.0


def test_symbolic_zeros():
    def program(s, x, y):
        f = s.custom_vjp(lambda x, y: (x * y, x + y))
        zero = s.custom_derivatives.SymbolicZero

        def fwd(x, y):
            return f(x.value, y.value), (x.value, x.perturbed, y.perturbed)

        def bwd(res, cts):
            x, *perturbed = res
            code = 1.0 * perturbed[0] + 2.0 * perturbed[1] + 4.0 * (type(cts[1]) is zero)
            return cts[0] * x, code

        f.defvjp(fwd, bwd, symbolic_zeros=True)
        return (
            s.grad(lambda x, y: f(x, y)[0], (0, 1))(x, y),
            s.grad(lambda y: f(x, y)[0])(y),
        )

    compare(program, sample(), sample(seed=1))


def test_reverse_over_the_rules():
    def program(s, x):
        f = s.custom_vjp(lambda x: x**3)
        f.defvjp(lambda x: (x**3, x), lambda x, ct: (ct * s.np.sin(x),))
        return (
            s.grad(f)(x),
            s.grad(s.grad(f))(x),
            s.jvp(s.grad(f), (x,), (x,)),
            s.grad(s.grad(s.grad(f)))(x),
        )

    compare(program, sample())


def one(x):
    return pnp.asarray(np.float32(x))


def with_rules(fwd, bwd, of=pb.grad):
    f = pb.custom_vjp(lambda x: x * 2)
    f.defvjp(fwd, bwd)
    return lambda: of(f)(one(1.0))


def capturing(x):
    f = pb.custom_vjp(lambda y: x * y)
    f.defvjp(lambda y: (y, None), lambda _, ct: (ct,))
    return pb.jit(f)(2.0)


def saved(x):
    return x, None


ERRORS = [
    (
        lambda: pb.custom_vjp(lambda x: x)(1.0),
        AttributeError,
        "<lambda> has no rules: set them with <lambda>.defvjp",
    ),
    (
        with_rules(lambda x: x, lambda r, c: (c,)),
        TypeError,
        "forward rule of <lambda> must return a pair",
    ),
    (
        with_rules(saved, lambda r, c: c),
        TypeError,
        "backward rule of <lambda> must return a tuple of 1 cotangents, .* got",
    ),
    (
        with_rules(saved, lambda r, c: (c, c)),
        TypeError,
        "tuple of 1 cotangents, one an argument, got 2 values",
    ),
    (
        with_rules(saved, lambda r, c: ({"a": c, "b": c},)),
        TypeError,
        "a cotangent of the structure",
    ),
    (
        with_rules(saved, lambda r, c: (c,), lambda f: lambda x: pb.jvp(f, (x,), (x,))),
        TypeError,
        "forward-mode .* custom_jvp",
    ),
    (with_rules(saved, lambda r, c: (c,), pb.jacfwd), TypeError, "forward-mode .* custom_jvp"),
    (
        with_rules(saved, lambda r, c: (c,), lambda f: lambda x: pb.linearize(f, x)[1](x)),
        TypeError,
        "forward-mode .* custom_jvp",
    ),
    (
        lambda: pb.grad(capturing)(one(1.0)),
        TypeError,
        "captures a value that is being differentiated.*Pass the value as an argument",
    ),
    (
        lambda: pb.custom_vjp(lambda x: x).defvjp(3, 4),
        TypeError,
        "defvjp: fwd and bwd must be functions, got 3 and 4",
    ),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, kind, wanted = ERRORS[case]
    with pytest.raises(kind, match=f"(?s){wanted}"):
        f()


@pytest.mark.parametrize("how", ("eager", "jit", "vmap", "checkpoint"))
def test_python_numbers_kept_for_the_backward_rule_stay_python_numbers(how):
    def slope(p):
        @p.custom_vjp
        def f(x):
            return p.numpy.sin(x)

        def bwd(kept, ct):
            x, doubled, by = kept
            assert isinstance(doubled, bool) and isinstance(by, int), (doubled, by)
            return (ct * by * p.numpy.cos(x) if doubled else ct,)

        f.defvjp(lambda x: (f(x), (x, True, 2)), bwd)
        if how == "vmap":
            return p.vmap(p.grad(f))(np.ones(3, np.float32))
        wrapped = {"eager": f, "jit": p.jit(f), "checkpoint": p.checkpoint(f)}[how]
        return p.grad(wrapped)(1.0)

    np.testing.assert_allclose(slope(pb), slope(jax), rtol=1e-6)


def test_one_cotangent_may_stand_for_a_part_of_an_argument():
    def run(m):
        f = m.custom_vjp(lambda x: x["a"] * x["b"][0] * x["b"][1])
        f.defvjp(lambda x: (f(x), None), lambda _, ct: ({"a": 2 * ct, "b": ct},))
        return m.tree.map(float, m.grad(f)({"a": 1.0, "b": [2.0, 3.0]}))

    assert run(pb) == run(jax) == {"a": 2.0, "b": [1.0, 1.0]}
