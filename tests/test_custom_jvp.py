"""custom_jvp: the same rules on JAX give the same results."""

from functools import partial

import numpy as np
import pytest
from both import Pair, compare, sample

import pullback as pb
from pullback import numpy as pnp


def scaled(s):
    """Sine whose derivative is marked: three times the cosine."""

    @s.custom_jvp
    def f(x):
        return s.np.sin(x)

    @f.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        return f(x), 3 * s.np.cos(x) * t

    return f


def test_all_transformations():
    def program(s, x):
        f = scaled(s)

        def total(x):
            return s.np.sum(f(x) ** 2)

        return (
            f(x),
            s.jvp(f, (x,), (x,)),
            s.grad(total)(x),
            s.hessian(total)(x),
            s.vmap(f)(x),
            s.vmap(s.grad(f))(x),
            s.vmap(s.grad(s.grad(f)))(x),
            s.jit(s.grad(total))(x),
            s.jit(s.vmap(s.grad(f)))(x),
            s.linearize(f, x)[1](x),
        )

    compare(program, sample(3))


def test_several_arguments_and_results():
    def program(s, x, y):
        @s.custom_jvp
        def f(p, y):
            return {"a": p.a * y, "b": (s.np.sin(p.b), None)}

        @f.defjvp
        def _(primals, tangents):
            (p, y), (tp, ty) = primals, tangents
            return f(p, y), {"a": 2 * tp.a * y + p.a * ty, "b": (5 * tp.b, None)}

        def total(x, y):
            out = f(Pair(x, y), y)
            return s.np.sum(out["a"] * out["b"][0])

        return (
            total(x, y),
            s.grad(total, (0, 1))(x, y),
            s.jvp(total, (x, y), (y, x)),
            s.grad(total)(x, y),
        )

    compare(program, sample(3), sample(3, seed=1))


def test_nondiff_argnums():
    def program(s, x):
        def power(f, n, x):
            return f(x) ** n

        g = s.custom_jvp(power, nondiff_argnums=(0, 1))

        @g.defjvp
        def _(f, n, primals, tangents):
            (x,), (t,) = primals, tangents
            return g(f, n, x), 10.0 * n * t

        return (
            g(s.np.sin, 2, x),
            s.grad(g, 2)(s.np.sin, 3, x[0]),
            s.vmap(s.grad(lambda x: g(s.np.cos, 2, x)))(x),
        )

    compare(program, sample(3))


def test_keywords_and_defaults():
    def program(s, x, y):
        @s.custom_jvp
        def f(x, y=2.0):
            return x * y

        @f.defjvp
        def _(primals, tangents):
            (x, y), (tx, ty) = primals, tangents
            return f(x, y), 7 * tx + 11 * ty

        return (
            s.grad(lambda x: f(x))(x),
            s.grad(lambda x, y: f(y=y, x=x), (0, 1))(x, y),
            s.grad(lambda x: f(x, y=x))(x),
        )

    compare(program, sample(), sample(seed=1))


def test_defjvps():
    def program(s, x, y):
        @s.custom_jvp
        def f(x, y):
            return s.np.sin(x) * y

        f.defjvps(lambda t, out, x, y: 2 * t * out, None)
        return s.value_and_grad(f, (0, 1))(x, y), s.jvp(f, (x, y), (y, x))

    compare(program, sample(), sample(seed=1))


def test_integer_arguments_and_results():
    def program(s, x, n):
        @s.custom_jvp
        def f(x, n):
            return x * n, n + 1

        @f.defjvp
        def _(primals, tangents):
            (x, n), (t, _) = primals, tangents
            return f(x, n), (5 * t, np.zeros((), s.float0))

        def total(x):
            y, m = f(x, n)
            return y * m

        return s.grad(total)(x), s.vmap(s.grad(total))(s.np.stack([x, x + 1]))

    compare(program, sample(), np.asarray(3))


def steps(s, body, c):
    """The sum of three steps' results.

    JAX loses the rule in second derivatives of a scan, so its loop is written out.
    """
    if s.name == "pullback":
        return s.lax.scan(lambda c, _: body(c), c, None, length=3)[1].sum()
    ys = []
    for _ in range(3):
        c, y = body(c)
        ys.append(y)
    return sum(ys)


def test_in_loops_and_branches_twice_differentiated():
    def program(s, x):
        f = scaled(s)

        def loop(x):
            return steps(s, lambda c: (f(c) * x, f(c)), x)

        def branch(x):
            return s.lax.cond(x > 0, f, lambda x: f(f(x)), x)

        xs = s.np.stack([x, -x])
        return (
            [s.value_and_grad(g)(x) for g in (loop, branch)],
            [s.grad(s.grad(g))(x) for g in (loop, branch)],
            [s.vmap(s.grad(s.grad(g)))(xs) for g in (loop, branch)],
            [s.grad(lambda xs, g=g: s.np.sum(s.vmap(g)(xs)))(xs) for g in (loop, branch)],
            s.lax.fori_loop(0, 3, lambda i, c: f(c), x),
            s.lax.while_loop(lambda c: c < 0, lambda c: f(c) + 3, x),
        )

    compare(program, sample())


def test_python_control_flow_inside():
    def program(s, x):
        @s.custom_jvp
        def f(x):
            return x * 2 if x > 0 else -x

        @f.defjvp
        def _(primals, tangents):
            (x,), (t,) = primals, tangents
            return f(x), (3 * t if x > 0 else 5 * t)

        return s.grad(f)(x), s.grad(f)(-x), s.jvp(f, (x,), (x,))

    compare(program, np.asarray(2.0), eager=True)


def test_captured_constants():
    def program(s, x, y):
        @s.custom_jvp
        def f(x):
            return x * y

        @f.defjvp
        def _(primals, tangents):
            (x,), (t,) = primals, tangents
            return f(x), 2 * t * y

        return s.grad(f)(x), s.jit(s.grad(f))(x), s.vmap(lambda y: s.grad(f)(x))(s.np.stack([x, x]))

    compare(program, sample(), sample(seed=1))


def test_rules_with_arrays_inside_programs():
    def program(s, w, x):
        f = s.custom_jvp(lambda x: s.np.sin(w * x))
        f.defjvp(lambda p, t: (f(*p), 2 * s.np.cos(w * p[0]) * w * t[0] * w[0]))

        def loop(x):
            return s.lax.scan(lambda c, _: (c + s.np.sum(f(c)), None), x, None, length=3)[0]

        return [
            (s.grad(g)(x), s.jit(s.grad(g))(x), s.jvp(g, (x,), (x,)), s.vmap(s.grad(g))(w))
            for g in (s.jit(lambda x: s.np.sum(f(x))), loop)
        ]

    w = sample(3)
    compare(lambda s, x: program(s, s.np.asarray(w), x), sample(), eager=True)


def test_methods():
    class Model:
        def __init__(self, k):
            self.k = k

        @partial(pb.custom_jvp, nondiff_argnums=(0,))
        def apply(self, x):
            return self.k * x

        @apply.defjvp
        def rule(self, primals, tangents):
            return self.apply(*primals), 10 * self.k * tangents[0]

    assert float(pb.grad(Model(2.0).apply)(3.0)) == 20.0


def test_symbolic_zeros():
    def program(s, x, y):
        @s.custom_jvp
        def f(x, y):
            return x * y

        seen = []

        def rule(primals, tangents):
            (x, y), (tx, ty) = primals, tangents
            zero = s.custom_derivatives.SymbolicZero
            seen.append((type(tx) is zero, type(ty) is zero))
            return f(x, y), 2 * y * tx if type(ty) is zero else 3 * ty

        f.defjvp(rule, symbolic_zeros=True)
        out = s.grad(f)(x, y), s.grad(f, 1)(x, y)
        return out, [s.np.asarray(z) for pair in seen for z in pair]

    compare(program, sample(), sample(seed=1))


def one(x):
    return pnp.asarray(np.float32(x))


def with_rule(rule):
    f = pb.custom_jvp(lambda x: x * 2)
    f.defjvp(rule)
    return lambda: pb.grad(f)(one(1.0))


def capturing(x):
    f = pb.custom_jvp(lambda y: x * y)
    f.defjvp(lambda p, t: (f(*p), t[0]))
    return pb.jit(f)(2.0)


ERRORS = [
    (
        lambda: pb.custom_jvp(lambda x: x)(1.0),
        AttributeError,
        "<lambda> has no rule: set one with @<lambda>.defjvp",
    ),
    (with_rule(lambda p, t: p[0]), TypeError, "must return a pair .result, tangent., got"),
    (
        with_rule(lambda p, t: (p[0], (t[0], t[0]))),
        TypeError,
        "a tangent of the result's structure",
    ),
    (
        with_rule(lambda p, t: (p[0], pnp.stack([t[0]]))),
        TypeError,
        r"of type float32\[\], a tangent of type float32\[\], got float32\[1\]",
    ),
    (
        with_rule(lambda p, t: (p[0], one(1).astype(int))),
        TypeError,
        r"a tangent of type float32\[\], got int32\[\]",
    ),
    (
        lambda: pb.grad(capturing)(one(1.0)),
        TypeError,
        "captures a value that is being differentiated.*Pass the value as an argument",
    ),
    (
        lambda: pb.custom_jvp(lambda x: x).defjvp(3),
        TypeError,
        "defjvp: the rule must be a function, got 3",
    ),
    (lambda: with_argument("abc"), TypeError, "custom_jvp: argument.* is 'abc' of type str"),
    (lambda: with_argument(1.0, 2.0), TypeError, "takes 1 positional argument but 2 were given"),
]


def with_argument(*args):
    f = pb.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (p[0], t[0]))
    return f(*args)


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, kind, wanted = ERRORS[case]
    with pytest.raises(kind, match=f"(?s){wanted}"):
        f()


AROUND = {
    "nothing": lambda s: lambda f: f,
    "jit": lambda s: s.jit,
    "checkpoint": lambda s: s.checkpoint,
    "cond": lambda s: lambda f: lambda x: s.lax.cond(x[0] > 0, f, lambda x: (x, x), x),
    "scan": lambda s: lambda f: lambda x: s.lax.scan(lambda c, _: (c, f(c)), x, None, 2)[1],
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("both", [False, True])
def test_rules_that_write_zeros(around, both):
    def program(s, x):
        @s.custom_jvp
        def f(x):
            return 2 * x, x + 1

        @f.defjvp
        def _(primals, tangents):
            return f(*primals), (s.np.zeros(2), s.np.zeros(2) if both else tangents[0])

        def total(x):
            a, b = AROUND[around](s)(f)(x)
            return s.np.sum(a) * 3 + s.np.sum(b * x)

        return s.grad(total)(x), s.jit(s.grad(total))(x), s.linearize(total, x)[1](x)

    compare(program, sample(2) + 2)


def test_keywords_after_arguments_that_are_left_out():
    def program(s, x):
        @partial(s.custom_jvp, nondiff_argnums=(1, 2, 4))
        def f(x, axis=None, keep=False, b=None, sign=False):
            y = s.np.sum(x if b is None else x * b, axis, keepdims=keep)
            return (y, x) if sign else y

        @f.defjvp
        def _(axis, keep, sign, primals, tangents):
            out = f(primals[0], axis, keep, primals[1], sign)
            t = 3 * s.np.sum(tangents[0], axis, keepdims=keep)
            return out, (t, tangents[0]) if sign else t

        @s.custom_vjp
        def g(x, y=2.0, z=3.0):
            return x * y * z

        g.defvjp(lambda x, y, z: (g(x, y, z), x), lambda x, ct: (5 * ct * x, ct.sum(), ct.sum()))
        return (
            f(x, sign=True),
            s.grad(lambda x: f(x, b=x, sign=True)[0])(x),
            s.jit(s.grad(lambda x: f(x, keep=True)[0]))(x),
            s.grad(lambda x: s.np.sum(g(x, z=4.0)))(x),
        )

    compare(program, sample(3))
