"""jacfwd, jacrev, hessian over pytrees: the same program on JAX gives the same result."""

import numpy as np
import pytest
from both import Pair, Record, compare, sample

MODES = ["jacfwd", "jacrev"]


@pytest.mark.parametrize("of", [*MODES, "hessian"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
def test_shapes(of, shape):
    def program(s, x):
        return getattr(s, of)(lambda x: s.np.sin(x) * s.np.sum(x**2))(x)

    compare(program, sample(*shape))


@pytest.mark.parametrize("of", [*MODES, "hessian"])
def test_pytrees_in_and_out(of):
    def program(s, x, y):
        def f(p, y):
            a, b = p["a"], p["b"][0]
            return {"one": (a * b, None), "two": Pair(s.np.sum(y * y) * a, b)}

        return getattr(s, of)(f, argnums=(0, 1))({"a": x, "b": [y, None]}, y)

    compare(program, sample(), sample(2))


@pytest.mark.parametrize("of", MODES)
def test_dataclasses(of):
    def program(s, w, b):
        return getattr(s, of)(lambda r: Record(r.w * r.b, s.np.sum(r.w), "out"))(Record(w, b))

    compare(program, sample(2), sample(2, seed=1))


@pytest.mark.parametrize("of", MODES)
def test_mixed_dtypes(of):
    def program(s, x, y):
        def f(x, y):
            return s.np.sin(x.astype(s.np.float64)) * y, x * 2

        return getattr(s, of)(f, argnums=(0, 1))(x, y)

    compare(program, sample(2, dtype=np.float32), sample(2), tol=1e-6)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_second_order(outer, inner):
    def program(s, x):
        def f(x):
            return s.np.sum(s.np.sin(x) * x**2) + x[0] * x[1]

        return getattr(s, outer)(getattr(s, inner)(f))(x)

    compare(program, sample(3))


@pytest.mark.parametrize("of", [*MODES, "hessian"])
def test_inside_vmap_and_grad(of):
    def program(s, xs):
        jacobian = getattr(s, of)(lambda x: s.np.sin(x) * x[0])
        return s.vmap(jacobian)(xs), s.grad(lambda x: s.np.sum(jacobian(x) ** 2))(xs[0])

    compare(program, sample(2, 3))


def test_constant_results():
    def program(s, x):
        def f(x):
            return (s.np.ones(2), x)

        return s.jacfwd(f)(x), s.jacrev(f)(x)

    compare(program, sample(3))


def test_hessian_with_aux():
    def program(s, x):
        return s.hessian(lambda x: (s.np.sum(x**3), x), has_aux=True)(x)

    compare(program, sample(2))


def test_keywords():
    def program(s, x, k):
        return [getattr(s, of)(lambda x, *, k: x * k)(x, k=k) for of in MODES]

    compare(program, sample(2), sample(2, seed=1))
