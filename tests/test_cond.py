"""cond and switch: the same program on JAX gives the same result."""

import jax
import numpy as np
import pytest
from both import Pair, compare, sample

import pullback as pb
from pullback import lax
from pullback import numpy as pnp


@pytest.mark.parametrize("pred", [True, False, 1, 0, 2.5, 0.0, np.asarray(True), np.asarray(0)])
def test_predicates(pred):
    def program(s, p, x):
        return s.lax.cond(p, lambda x: x + 1, lambda x: x * 2, x)

    compare(program, pred, sample(3))


def test_operands_and_results_are_pytrees():
    def program(s, p, x):
        def yes(d, y):
            return {"a": d["x"] * y, "b": Pair(d["n"], None)}

        def no(d, y):
            return {"a": d["x"] + y, "b": Pair(d["n"] + 1, None)}

        return [s.lax.cond(q, yes, no, {"x": x, "n": 3}, x) for q in (p, ~p)]

    compare(program, np.asarray(True), sample(3))


def test_without_operands_and_with_operand():
    def program(s, p, x):
        closed = s.lax.cond(p, lambda: s.np.sin(x), lambda: x)
        return closed, s.lax.cond(p, lambda x: x, lambda x: -x, operand=x)

    compare(program, np.asarray(True), sample(3))


def test_weak_types_join():
    def program(s, p, x):
        return (
            s.lax.cond(p, lambda: 1.0, lambda: 2.0),
            s.lax.cond(p, lambda: x, lambda: 2.0),
            s.lax.cond(p, lambda: 1, lambda: 2),
        )

    compare(program, np.asarray(True), np.asarray(1.0, np.float32), x64=False)


@pytest.mark.parametrize("index", [-1, 0, 1, 2, 3, 10, np.asarray(1), np.uint8(2), np.int32(-5)])
def test_switch(index):
    def program(s, i, x):
        return s.lax.switch(i, [s.np.sin, s.np.cos, lambda x: x * x], x)

    compare(program, index, sample(3))


def test_switch_of_one_branch():
    def program(s, i, x):
        return s.lax.switch(i, [s.np.sin], x)

    compare(program, np.asarray(3), sample(3))


def branchy(s):
    def f(p, x, y):
        return s.lax.cond(
            p,
            lambda x, y: (s.np.sin(x) * y, 3.0 * s.np.ones_like(x)),
            lambda x, y: (x, s.np.cos(y) * x),
            x,
            y,
        )

    return f


@pytest.mark.parametrize("pred", [True, False])
def test_derivatives(pred):
    def program(s, p, x, y):
        def f(x, y):
            a, b = branchy(s)(p, x, y)
            return s.np.sum(a * b)

        return (
            s.value_and_grad(f, (0, 1))(x, y),
            s.grad(f, 1)(x, y),
            s.jvp(f, (x, y), (y, x)),
            s.hessian(f, (0, 1))(x, y),
            s.grad(lambda x: s.np.sum(s.grad(f)(x, y) ** 2))(x),
        )

    compare(program, np.asarray(pred), sample(2), sample(2, seed=1))


@pytest.mark.parametrize(
    "axes", [(0, None, None), (None, 0, None), (0, 0, None), (0, 0, 0), (None, None, 0)]
)
def test_batched(axes):
    def program(s, p, x, y):
        args = [a if d == 0 else a[0] for a, d in zip((p, x, y), axes, strict=True)]

        def g(p, x, y):
            a, b = branchy(s)(p, x, y)
            return s.np.sum(a * b)

        return s.vmap(branchy(s), axes)(*args), s.vmap(s.grad(g, (1, 2)), axes)(*args)

    compare(program, np.asarray([True, False]), sample(2, 3), sample(2, 3, seed=1))


def test_batched_switch():
    def program(s, i, x):
        def f(i, x):
            return s.lax.switch(i, [s.np.sin, s.np.cos, lambda x: x * x], x)

        one = s.vmap(f)(i, x)
        two = s.vmap(s.vmap(f, (0, None)), (None, 0))(i, x)
        return one, two, s.vmap(s.grad(f, 1))(i, x), s.grad(lambda x: s.np.sum(s.vmap(f)(i, x)))(x)

    compare(program, np.asarray([-1, 0, 1, 2, 3]), sample(5))


def test_closures_over_outer_values():
    def program(s, p, x):
        def f(x):
            y = s.np.sin(x)
            return s.lax.cond(p, lambda z: z * y, lambda z: z * x * x, 2.0)

        return s.value_and_grad(f)(x), s.grad(s.grad(f))(x), s.vmap(f)(s.np.stack([x, x + 1]))

    compare(program, np.asarray(False), sample())


def test_a_predicate_that_is_differentiated():
    def program(s, x):
        def f(x):
            return s.lax.cond(x > 0, lambda x: s.np.sin(x), lambda x: x * x, x)

        xs = s.np.stack([x, -x])
        return s.grad(f)(x), s.vmap(s.grad(f))(xs), s.jit(s.vmap(s.grad(s.grad(f))))(xs)

    compare(program, sample())


def test_integer_operands():
    def program(s, p, x, n):
        def f(x):
            return s.lax.cond(p, lambda x, n: (x * n, n), lambda x, n: (x, n + 1), x, n)[0]

        return s.grad(f)(x), s.vmap(f)(s.np.stack([x, x]))

    compare(program, np.asarray(True), sample(), np.asarray(3))


def one(*shape):
    return pnp.ones(shape, "float32")


ERRORS = [
    (lambda: lax.cond(True, 1, 2), "write cond.pred, true_fun, false_fun, .operands."),
    (lambda: lax.cond(one(2), pnp.sin, pnp.cos, 1.0), r"pred must be a scalar, got float32\[2\]"),
    (lambda: lax.cond("a", pnp.sin, pnp.cos, 1.0), "cond: argument is 'a' of type str"),
    (
        lambda: lax.cond(True, lambda x: (x, x), lambda x: x, 1.0),
        "the branches .* must return one structure",
    ),
    (
        lambda: lax.cond(True, lambda x: {"a": x, "b": x}, lambda x: {"a": x, "b": one(2)}, one()),
        r"must return equal types, got\n  output\['b'\]: float32\[2\] and float32\[\]$",
    ),
    (
        lambda: lax.cond(True, lambda: 1, lambda: 1.0),
        r"equal types, got\n  output: float32\[\] and int32\[\]",
    ),
    (lambda: lax.switch(0, []), "switch: give at least one branch"),
    (
        lambda: lax.switch(0.5, [pnp.sin, pnp.cos], 1.0),
        r"index must be an integer scalar, got float32\[\]",
    ),
    (
        lambda: lax.switch(pnp.arange(2), [pnp.sin], 1.0),
        r"index must be an integer scalar, got int32\[2\]",
    ),
    (
        lambda: lax.switch(0, [lambda x: x, lambda x: (x,)], 1.0),
        "switch: the branches .* one structure",
    ),
    (
        lambda: lax.cond(True, lambda x: "a", lambda x: "b", 1.0),
        "cond: <lambda> returned '.' of type str",
    ),
    (lambda: pb.jit(lambda x: 1 if x > 0 else 2)(one()), "lax.cond"),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, wanted = ERRORS[case]
    with pytest.raises((TypeError, ValueError), match=f"(?s){wanted}"):
        f()


def test_an_operand_for_each_branch():
    def f(p, pred):
        return p.lax.cond(
            pred, (1.0, 2.0), lambda x: x[0] + x[1], np.ones(3), lambda x: x.sum() * 7
        )

    for pred in (True, False):
        assert float(f(pb, pred)) == float(f(jax, pred))


def test_operands_may_be_callable():
    """As pytrees of classes of users may be: it is the functions that tell the form."""

    def run(m):
        two = [m.tree_util.Partial(m.numpy.multiply, float(k)) for k in (2, 3)]
        return float(m.lax.cond(True, lambda a, b: a(4.0), lambda a, b: b(4.0), *two))

    assert run(pb) == run(jax) == 8.0
