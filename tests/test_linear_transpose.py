"""linear_transpose: the same program on JAX gives the same result."""

import numpy as np
import pytest
from both import compare, sample

import pullback as pb
from pullback import numpy as pnp


def test_linear_functions():
    def program(s, w, x, ct):
        def f(p):
            return {"a": s.np.dot(w, p["x"]) + 2.0 * p["y"], "b": s.np.sum(p["x"])}

        pull = s.linear_transpose(f, {"x": x, "y": ct})
        return pull({"a": ct, "b": ct[0]}), s.vmap(lambda k: pull({"a": k * ct, "b": k}))(x)

    compare(program, sample(3, 4), sample(4), sample(3))


def test_loops_with_a_counter():
    def program(s, x):
        def f(x):
            return s.lax.fori_loop(0, 3, lambda i, c: c * (i + 1.0) + x, x)

        return s.linear_transpose(f, x)(x)[0], s.jit(s.linear_transpose(f, x))(x)

    compare(program, sample(3))


def test_integers():
    def program(s, x):
        pull = s.linear_transpose(lambda x: s.np.cumsum(3 * x) + x[0], x)
        return pull(x)[0], s.jit(pull)(2 * x)[0]

    compare(program, np.arange(4))


def test_types_in_place_of_arrays():
    def program(s, ct):
        shape = s.ShapeDtypeStruct((3,), np.float64)
        return s.linear_transpose(lambda x: s.np.sum(x * 2.0), shape)(ct)

    compare(program, sample())


ERRORS = [
    (lambda: pb.linear_transpose(3, 1.0), "the first argument must be a function"),
    (lambda: pb.linear_transpose(lambda x: x, True), r"must be numbers, got bool\[\]"),
    (lambda: pb.linear_transpose(lambda x: x, 1)(1.0), r"int32\[\] the cotangent must be of it"),
    (lambda: pb.linear_transpose(pnp.sin, 1.0)(1.0), "sin is applied to a tangent, .* not linear"),
    (lambda: pb.linear_transpose(lambda x: x, 1.0)((1.0, 2.0)), "must have the result's structure"),
    (lambda: pb.linear_transpose(lambda x: x, 1.0)(pnp.ones(2)), r"must be float32\[\], got"),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, wanted = ERRORS[case]
    with pytest.raises(TypeError, match=wanted):
        f()
