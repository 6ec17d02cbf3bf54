"""Functions with rules of their own that capture values of an outer transformation."""

from functools import partial

import numpy as np
import pytest
from both import JAX, PULLBACK, compare, sample

import pullback as pb
from pullback import numpy as pnp


def by_jvp(s, c):
    """y -> c sin(y), whose derivative is marked and sees c too."""
    f = s.custom_jvp(lambda y: s.np.sin(y) * c)
    f.defjvp(lambda p, t: (f(*p), 10.0 * t[0] * c))
    return f


def by_vjp(s, c):
    """The same with a reverse rule, which gets c with the residuals."""
    f = s.custom_vjp(lambda y: s.np.sin(y) * c)
    f.defvjp(lambda y: (f(y), (y, c)), lambda r, ct: (10.0 * ct * r[0] * r[1],))
    return f


def mapped(s, f, c, y):
    """Both batched by one vmap."""
    return s.vmap(lambda c, y: f(s, c)(y))(c, y)


PROGRAMS = {
    "both mapped": mapped,
    "the captured one mapped": lambda s, f, c, y: s.vmap(lambda c: f(s, c)(y[0]))(c),
    "captured, then derived": lambda s, f, c, y: s.vmap(lambda c: s.grad(f(s, c))(y[0]))(c),
    "derived, both mapped": lambda s, f, c, y: s.vmap(lambda c, y: s.grad(f(s, c))(y))(c, y),
    "mapped, derived": lambda s, f, c, y: s.grad(lambda y: mapped(s, f, c, y).sum())(y),
    "mapped, compiled": lambda s, f, c, y: s.jit(lambda c, y: mapped(s, f, c, y))(c, y),
    "compiled, mapped": lambda s, f, c, y: s.vmap(lambda c, y: s.jit(f(s, c))(y))(c, y),
    "derived, compiled, mapped": lambda s, f, c, y: s.vmap(lambda c, y: s.jit(s.grad(f(s, c)))(y))(
        c, y
    ),
    "mapped twice": lambda s, f, c, y: s.vmap(lambda c: s.vmap(lambda y: f(s, c)(y))(y))(c),
    "mapped twice, derived": lambda s, f, c, y: s.vmap(
        lambda c: s.vmap(lambda y: s.grad(f(s, c))(y))(y)
    )(c),
    "derived in a loop": lambda s, f, c, y: s.lax.scan(
        lambda k, w: (k + 1, s.grad(f(s, k))(w)), y[0], c
    )[1],
    "mapped loop": lambda s, f, c, y: s.vmap(
        lambda q: s.lax.scan(lambda k, w: (k + 1, s.grad(f(s, q))(k)), y[0], c)[1]
    )(c),
    "derived loop": lambda s, f, c, y: s.jit(
        lambda c, y: s.grad(lambda y: s.lax.scan(lambda k, _: (f(s, c)(k), k), y, None, 3)[0])(y)
    )(c[0], y[0]),
    "mapped derived loop": lambda s, f, c, y: s.vmap(
        lambda c: s.grad(lambda y: s.lax.scan(lambda k, _: (f(s, c)(k), k), y, None, 3)[0])(y[0])
    )(c),
    "mapped, derived, mapped loop": lambda s, f, c, y: s.vmap(
        lambda c: s.grad(
            lambda y: s.lax.scan(lambda k, _: (s.vmap(f(s, c))(k), k), y, None, 3)[0].sum()
        )(y)
    )(c),
    "unmapped beside": lambda s, f, c, y: s.vmap(
        lambda c: (f(s, y[1])(y[0]) + c, s.grad(f(s, y[1]))(y[0]))
    )(c),
}


@pytest.mark.parametrize("f", [by_jvp, by_vjp])
@pytest.mark.parametrize("name", PROGRAMS)
def test_captured(name, f):
    compare(lambda s, c, y: PROGRAMS[name](s, f, c, y), sample(3), sample(3, seed=1))


# JAX leaves the captured value in the compiled program, where it cannot be: without inner jit.
INNER = {
    "compiled": lambda s, f, c, y, jit: s.jit(lambda c: s.grad(jit(f(s, c)))(y[0]))(c[0]),
    "mapped": lambda s, f, c, y, jit: s.vmap(lambda c, y: s.grad(jit(f(s, c)))(y))(c, y),
    "twice": lambda s, f, c, y, jit: s.vmap(
        lambda c: s.vmap(lambda y: s.grad(jit(lambda y: jit(f(s, c))(y)))(y))(y)
    )(c),
    "both mapped inside": lambda s, f, c, y, jit: s.vmap(
        lambda c: s.grad(jit(lambda y: s.np.sum(s.vmap(f(s, c))(y))))(y)
    )(c),
    "mapped around": lambda s, f, c, y, jit: s.grad(
        lambda y: s.np.sum(s.vmap(lambda c, y: jit(f(s, c))(y))(c, y))
    )(y),
}


@pytest.mark.parametrize("f", [by_jvp, by_vjp])
@pytest.mark.parametrize("name", INNER)
def test_captured_inside_programs(name, f):
    def program(s, c, y):
        return INNER[name](s, f, c, y, s.jit if s.name == "pullback" else lambda f: f)

    compare(program, sample(3), sample(3, seed=1))


def test_results_without_a_batch_stay_so():
    f = by_jvp(PULLBACK, 2.0)
    kinds = []

    def one(x):
        kinds.append(type(f(3.0)))
        return x

    pb.vmap(one)(pnp.arange(3.0))
    assert kinds == [type(pnp.arange(3.0))]


def test_a_function_of_tangents_is_transposed():
    def program(s, x):
        g = by_jvp(s, 2.0)
        h = s.custom_jvp(lambda x: 3.0 * x)
        h.defjvp(lambda p, t: (h(*p), h(*t)))
        return (
            s.grad(lambda x: h(s.np.sin(x)))(x),
            s.grad(s.grad(lambda x: h(s.np.sin(x))))(x),
            s.jit(s.grad(lambda x: s.jit(h)(g(x))))(x),
            s.vmap(s.grad(lambda x: h(s.np.sin(x))))(s.np.stack([x, x])),
            s.linear_transpose(h, x)(x),
        )

    compare(program, sample())


def leaking(c):
    """Its rule captures what the function does not depend on."""
    f = pb.custom_jvp(lambda y: y)
    f.defjvp(lambda p, t: (f(*p), t[0] * c))
    return f


ERRORS = [
    (lambda x: pb.vmap(lambda c: pb.grad(pb.jit(leaking(c)))(x[0]))(x), "pass the value as an arg"),
    (lambda x: pb.grad(lambda c: by_jvp(PULLBACK, c)(x[0]))(x[0]), "traced by grad was used"),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, wanted = ERRORS[case]
    with pytest.raises(pb.errors.UnexpectedTracerError, match=wanted):
        f(pnp.arange(3.0))


def test_the_error_says_what_to_do():
    with pytest.raises(pb.errors.UnexpectedTracerError) as caught:
        pb.grad(lambda c: by_jvp(PULLBACK, c)(2.0))(1.0)
    assert len(caught.value.__notes__) == 1
    assert "Pass the value as an argument" in caught.value.__notes__[0]


def test_zeros_that_rules_know_pass_batches():
    """A rule that says a tangent is zero: nobody makes zeros of it on the way."""

    def program(s, x):
        zero = s.custom_derivatives.SymbolicZero
        f = s.custom_jvp(lambda x, y: y)

        def rule(primals, tangents):
            assert type(tangents[1]) is zero
            return primals[1], tangents[1]

        f.defjvp(rule, symbolic_zeros=True)
        return s.jvp(s.vmap(lambda x: f(x, f(x, 1.0))), (x,), (x,))

    compare(program, sample(3))


def test_keywords_that_partial_filled_in():
    def program(s, x):
        g = partial(lambda x, y, k: x + y * k, k=0.5)
        f = s.custom_jvp(g)
        f.defjvp(lambda p, t: s.jvp(g, p, t))
        h = s.custom_vjp(g)
        h.defvjp(lambda x, y: (g(x, y), y), lambda y, ct: (ct, ct * y))
        return s.grad(f, (0, 1))(x, 2 * x), s.grad(h, (0, 1))(x, 2 * x)

    compare(program, np.float32(3))


def test_backward_rules_make_no_nodes_of_none():
    class Full(list):
        pass

    def unflatten(_, children):
        assert children[0] is not None
        return Full(children)

    pb.tree_util.register_pytree_node(Full, lambda x: (x, None), unflatten)
    f = pb.custom_vjp(lambda x: x[0])
    f.defvjp(lambda x: (x[0], None), lambda _, ct: (Full([2 * ct]),))
    assert float(pb.grad(f)(Full([1.0]))[0]) == 2


def looped(s, f):
    return lambda x: s.lax.scan(lambda c, _: (f(c), None), x, None, length=1)[0]


RESULTS = {
    "structure": lambda s, x: (x, x),
    "shape": lambda s, x: s.np.zeros((3, *s.np.shape(x))),
    "dtype": lambda s, x: s.np.zeros((), "float16"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_rules_give_the_result_of_the_function(name):
    """In programs the function's type is known, and another result of a rule is told."""

    def forward(s):
        f = s.custom_jvp(lambda x: x)
        out = partial(RESULTS[name], s)
        f.defjvp(lambda p, t: (out(p[0]), out(p[0])))
        s.jvp(looped(s, f), (1.0,), (1.0,))

    def reverse(s):
        f = s.custom_vjp(lambda x: x)
        f.defvjp(lambda x: (RESULTS[name](s, x), None), lambda _, ct: (ct,))
        s.grad(looped(s, f))(1.0)

    for s in (PULLBACK, JAX):
        for run in (forward, reverse):
            with pytest.raises(TypeError, match="must"):
                run(s)
