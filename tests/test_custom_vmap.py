"""custom_vmap and sequential_vmap: the same rules on JAX give the same results."""

import numpy as np
import pytest
from both import PULLBACK, Pair, compare, sample

import pullback as pb
from pullback import numpy as pnp


def marked(s):
    """A function whose batched version is marked, and says what was batched."""

    @s.custom_batching.custom_vmap
    def f(x, y):
        return s.np.sin(x) * y

    @f.def_vmap
    def _(size, batched, x, y):
        code = 2.0 * batched[0] + 3.0 * batched[1] + size
        return code * s.np.sin(x) * y, True

    return f


TRANSFORMED = {
    "value": lambda s, f, x, y: f(x[0], y[0]),
    "keywords": lambda s, f, x, y: s.vmap(lambda x: f(y=y[0], x=x))(x),
    "both": lambda s, f, x, y: s.vmap(f)(x, y),
    "first": lambda s, f, x, y: s.vmap(f, (0, None))(x, y[0]),
    "second": lambda s, f, x, y: s.vmap(f, (None, 0))(x[0], y),
    "axes": lambda s, f, x, y: s.vmap(f, (1, 0), 1)(s.np.stack([x, x], 1), s.np.stack([y, x])),
    "none": lambda s, f, x, y: s.vmap(lambda z: f(x[0], y[0]) + z)(x),
    "jit": lambda s, f, x, y: s.jit(s.vmap(f))(x, y),
    "inner jit": lambda s, f, x, y: s.vmap(s.jit(f))(x, y),
    "nested": lambda s, f, x, y: s.vmap(s.vmap(f, (None, 0)), (0, None))(x, y),
    "nested both": lambda s, f, x, y: s.vmap(s.vmap(f))(s.np.stack([x, y]), s.np.stack([y, x])),
    "jvp": lambda s, f, x, y: s.jvp(f, (x[0], y[0]), (y[0], x[0])),
    "jvp of vmap": lambda s, f, x, y: s.jvp(s.vmap(f), (x, y), (y, x)),
    "vmap of jvp": lambda s, f, x, y: s.vmap(lambda x, y: s.jvp(f, (x, y), (y, x)))(x, y),
    "vmap of jvp of one": lambda s, f, x, y: s.vmap(
        lambda x: s.jvp(lambda x: f(x, y[0]), (x,), (x,))
    )(x),
    "jacfwd of vmap": lambda s, f, x, y: s.jacfwd(s.vmap(f))(x, y),
    "grad of vmap": lambda s, f, x, y: s.grad(lambda x: s.np.sum(s.vmap(f)(x, y)))(x),
    "hessian of vmap": lambda s, f, x, y: s.hessian(lambda x: s.np.sum(s.vmap(f)(x, y)))(x),
    "scan": lambda s, f, x, y: s.vmap(
        lambda x: s.lax.scan(lambda c, y: (f(c, y), c), x, y)
    )(x),
    "cond": lambda s, f, x, y: s.vmap(
        lambda x: s.lax.cond(y[0] > 0, lambda: f(x, y[0]), lambda: x)
    )(x),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMED)
def test_rule(name):
    def program(s, x, y):
        return TRANSFORMED[name](s, marked(s), x, y)

    compare(program, sample(3), sample(3, seed=1))


def test_trees():
    def program(s, x, y):
        @s.custom_batching.custom_vmap
        def f(p, k):
            return {"a": p.a + k["n"], "b": (p.b, k["m"])}

        @f.def_vmap
        def _(size, batched, p, k):
            in_p, in_k = batched
            a = p.a * 2 if in_p.a else p.a
            out = {"a": a + k["n"], "b": (p.b, k["m"])}
            return out, {"a": in_p.a or in_k["n"], "b": (in_p.b, in_k["m"])}

        return (
            s.vmap(lambda x: f(Pair(x, y[0]), {"n": x, "m": y[1]}))(x),
            s.vmap(lambda x: f(Pair(y[0], x), {"n": y[1], "m": x}))(x),
            s.vmap(f, (Pair(0, None), {"n": None, "m": 0}))(
                Pair(x, y), {"n": y[0], "m": s.np.stack([x, y], 1)}
            ),
        )

    compare(program, sample(3), sample(3, seed=1))


def test_reverse_mode_of_elements():
    """JAX refuses it; it is that of the function."""

    def by_function(s, x, y):
        f = marked(s) if s.name == "pullback" else lambda x, y: s.np.sin(x) * y
        return (
            s.grad(f, (0, 1))(x[0], y[0]),
            s.grad(s.grad(f))(x[0], y[0]),
            s.vmap(s.grad(f))(x, y),
            s.grad(s.jit(f), 1)(x[0], y[0]),
        )

    compare(by_function, sample(3), sample(3, seed=1))


def test_inside_custom_vjp():
    def program(s, x, y):
        h = s.custom_vjp(marked(s))
        h.defvjp(lambda x, y: (h(x, y), (x, y)), lambda r, ct: (ct * r[1], 5.0 * ct * r[0]))
        return s.vmap(h)(x, y), s.grad(h)(x[0], y[0]), s.vmap(s.grad(h, (0, 1)))(x, y)

    compare(program, sample(3), sample(3, seed=1))


def test_rules_of_two_kinds_stack():
    def program(s, x):
        @s.custom_jvp
        @s.custom_batching.custom_vmap
        def f(x):
            return s.np.sin(x)

        @f.def_vmap
        def _(size, batched, x):
            return 7.0 * s.np.sin(x), True

        @f.defjvp
        def _(primals, tangents):
            return f(*primals), 3.0 * tangents[0]

        return s.vmap(f)(x), s.grad(f)(x[0]), s.vmap(s.grad(f))(x)

    compare(program, sample(3))


def test_captured_constants():
    def program(s, x, w):
        f = s.custom_batching.custom_vmap(lambda x: x * w)
        f.def_vmap(lambda size, batched, x: (s.np.sum(w) * x, True))
        return f(x[0]), s.vmap(f)(x), s.jit(s.vmap(f))(x)

    compare(program, sample(3), sample())


def test_sequential():
    """JAX's loop has no reverse mode, so its gradients are those of the function."""

    def program(s, x, y):
        def plain(p, y):
            return {"a": s.np.sin(p.a) * y, "b": p.b + y}

        f = s.custom_batching.sequential_vmap(plain)

        def total(x, y):
            g = f if s.name == "pullback" else plain
            out = s.vmap(lambda x: g(Pair(x, y), y))(x)
            return s.np.sum(out["a"] * out["b"])

        return (
            f(Pair(x, y), y),
            s.vmap(f, (Pair(0, None), None))(Pair(x, y), y),
            s.vmap(f, (Pair(None, 0), 0))(Pair(y, x), x),
            s.vmap(s.vmap(f, (Pair(0, None), None)), (Pair(None, 0), 0))(Pair(x, x), x),
            s.grad(total, (0, 1))(x, y),
            s.jit(s.grad(total))(x, y),
            s.jvp(total, (x, y), (x, y)),
        )

    compare(program, sample(3), sample())


def test_sequential_computes_one_branch_an_element():
    """Batched, cond would select between both."""

    def program(s, x):
        @s.custom_batching.sequential_vmap
        def f(x):
            return s.lax.cond(x > 0, lambda: s.np.log(x), lambda: x)

        return s.vmap(f)(x)

    compare(program, np.asarray([-1.0, 2.0, 0.0]))


def ruled(rule, f=lambda x: x):
    g = pb.custom_batching.custom_vmap(f)
    g.def_vmap(rule)
    return lambda: pb.vmap(g)(pnp.ones(3))


def capturing():
    def outer(c):
        g = pb.custom_batching.custom_vmap(lambda x: x * c)
        g.def_vmap(lambda size, batched, x: (x, True))
        return g(1.0)

    return pb.vmap(outer)(pnp.ones(3))


ERRORS = [
    (
        lambda: pb.custom_batching.custom_vmap(lambda x: x)(1.0),
        AttributeError,
        "<lambda> has no rule: set one with @<lambda>.def_vmap",
    ),
    (ruled(lambda n, b, x: x), TypeError, "the rule of <lambda> must return a pair .results"),
    (
        ruled(lambda n, b, x: ((x, x), (True, True))),
        ValueError,
        "results of the structure of the function's",
    ),
    (ruled(lambda n, b, x: (x, (True, True))), ValueError, "out_batched of the structure"),
    (capturing, TypeError, "captures a batched value, which its rule cannot see: pass the value"),
    (
        lambda: pb.custom_batching.custom_vmap(lambda x: x).def_vmap(3),
        TypeError,
        "def_vmap: the first argument must be a function, got 3",
    ),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, kind, wanted = ERRORS[case]
    with pytest.raises(kind, match=f"(?s){wanted}"):
        f()


def parts_of_derivatives(s, rule, axes, outs):
    """Derivatives under vmap, where a primal or its tangent alone is batched."""
    f = s.custom_batching.custom_vmap(lambda x: s.np.sin(x))
    f.def_vmap(lambda size, batched, x: (rule(s, x), batched[0]))
    return lambda x, t: s.vmap(lambda x, t: s.jvp(f, (x,), (t,)), axes, outs)(x, t)


PARTS = {
    "tangents": (lambda s, x: s.np.cos(x), (None, 0), (None, 0)),
    "primals": (lambda s, x: s.np.cos(x), (0, None), 0),
    "primals of a linear rule": (lambda s, x: 11 * x, (0, None), (0, None)),
}


@pytest.mark.parametrize("name", PARTS)
def test_batches_of_a_part_of_derivatives(name):
    rule, axes, outs = PARTS[name]
    args = [sample(3)[0] if a is None else sample(3) for a in axes]
    compare(lambda s, x, t: parts_of_derivatives(s, rule, axes, outs)(x, t), *args)


def test_batched_tangents_are_not_batched_results():
    with pytest.raises(ValueError, match="out_axes"):
        parts_of_derivatives(PULLBACK, PARTS["primals"][0], (0, None), (0, None))(
            sample(3), np.float32(1)
        )
