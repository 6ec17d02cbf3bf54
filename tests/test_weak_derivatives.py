"""Derivatives by Python numbers are weakly typed as JAX's, and cotangents of them are weak."""

from functools import partial

import jax
import numpy as np
import pytest

import pullback as pb

VECTOR = np.arange(3, dtype="float32")
SINGLE = np.float32(3)


def scan(s, x):
    return s.lax.scan(lambda c, _: (s.numpy.sin(c), None), x, None, 3)[0]


FUNCTIONS = {
    "product": lambda s: lambda x: s.numpy.sin(x) * x,
    "of two types": lambda s: lambda x: x * SINGLE,
    "converted": lambda s: lambda x: s.numpy.asarray(x).astype("float32"),
    "of a vector": lambda s: lambda x: s.numpy.sum(x * VECTOR),
    "where": lambda s: lambda x: s.numpy.where(x > 1, x, 2 * x),
    "constant": lambda s: lambda x: 3.0,
    "identity": lambda s: lambda x: x,
    "scan": lambda s: lambda x: scan(s, x),
    "cond": lambda s: lambda x: s.lax.cond(x > 1, s.numpy.sin, s.numpy.cos, x),
}
CALLS = {
    "plain": lambda s: lambda f: f,
    "jit": lambda s: s.jit,
    "jit of jit": lambda s: lambda f: s.jit(s.jit(f)),
    "checkpoint": lambda s: s.checkpoint,
}
DERIVATIVES = {
    "grad": lambda s, f: s.grad(f)(2.0),
    "outside": lambda s, f: s.jit(s.grad(f))(2.0),
    "value_and_grad": lambda s, f: s.value_and_grad(f)(2.0),
    "second": lambda s, f: s.grad(s.grad(f))(2.0),
    "of an array": lambda s, f: s.grad(f)(s.numpy.asarray(2.0)),
    "of a typed number": lambda s, f: s.grad(f)(SINGLE),
    "jvp": lambda s, f: s.jvp(f, (2.0,), (1.0,)),
    "linearize": lambda s, f: s.linearize(f, 2.0)[1](1.0),
    "jacfwd": lambda s, f: s.jacfwd(f)(2.0),
    "jacrev": lambda s, f: s.jacrev(f)(2.0),
    "hessian": lambda s, f: s.hessian(f)(2.0),
    "vmap": lambda s, f: s.vmap(s.grad(lambda x, y: f(x) * y), (None, 0))(2.0, VECTOR),
}


def types(x):
    """Shapes, dtypes and weak types of a tree's leaves."""
    leaves = [pb.numpy.asarray(a) if isinstance(a, float) else a for a in jax.tree.leaves(x)]
    return [(a.shape, str(a.dtype), a.weak_type) for a in leaves]


def theirs(program):
    """The types that JAX infers for the results of a program."""
    return types(jax.eval_shape(lambda: program(jax)))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_weak_types_are_jax(function, call):
    def program(s, derivative):
        return derivative(s, CALLS[call](s)(FUNCTIONS[function](s)))

    for name, derivative in DERIVATIVES.items():
        assert types(program(pb, derivative)) == theirs(partial(program, derivative=derivative)), (
            name
        )


def test_each_argument_has_its_own():
    def program(s):
        def f(x, y):
            return s.numpy.sum(x * y) + x

        return s.grad(f, (0, 1))(2.0, VECTOR[:1]), s.jacrev(f, (0, 1))(SINGLE, 2.0)

    assert types(program(pb)) == theirs(program)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_cotangents_of_python_numbers_are_weak(function, call):
    _, pull = pb.vjp(CALLS[call](pb)(FUNCTIONS[function](pb)), 2.0)
    transposed = pb.linear_transpose(lambda x: 2 * x, 2.0)
    for ct in (1.0, SINGLE):
        assert types(pull(ct)) == types(transposed(ct)) == [((), "float32", True)]
