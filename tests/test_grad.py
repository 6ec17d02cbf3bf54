"""grad, value_and_grad, jvp, vjp, linearize: the same program on JAX gives the same result."""

import jax
import numpy as np
import pytest
from both import JAX, PULLBACK, Node, Pair, Record, Side, compare, sample, values

import pullback as pb
from pullback import numpy as pnp


def layer(s, params, x):
    """A layer whose parameters come in any pytree of two."""
    w, b = s.tree_util.tree_leaves(params)
    return s.np.sum(s.np.tanh(s.np.dot(w, x) + b))


TREES = {
    "tuple": lambda w, b: (w, b),
    "list": lambda w, b: [w, b],
    "dict": lambda w, b: {"w": b, "a": w},
    "namedtuple": Pair,
    "dataclass": Record,
    "node": lambda w, b: Node(w, b, "tag"),
    "nested": lambda w, b: {"one": [Pair(w, None)], "two": (b, {})},
}


@pytest.mark.parametrize("tree", TREES)
def test_gradients_have_the_parameters_structure(tree):
    def program(s, w, b, x):
        return s.value_and_grad(lambda p, x: layer(s, p, x))(TREES[tree](w, b), x)

    compare(program, sample(3, 4), sample(3), sample(4))


def three(s):
    return lambda x, y, z: s.np.sum(s.np.sin(x) * y + z * z)


@pytest.mark.parametrize("argnums", [0, 1, -1, (0,), (0, 2), (2, 0), [1, 2], (-1, 0)])
@pytest.mark.parametrize("of", ["grad", "value_and_grad", "jacfwd", "jacrev"])
def test_argnums(argnums, of):
    def program(s, *args):
        return getattr(s, of)(three(s), argnums=argnums)(*args)

    compare(program, sample(2), sample(2, seed=1), sample(2, seed=2))


@pytest.mark.parametrize("of", ["grad", "value_and_grad", "jacfwd", "jacrev"])
def test_has_aux(of):
    def program(s, x):
        def f(x):
            y = s.np.sin(x)
            return s.np.sum(y), {"y": y, "none": None, "int": s.np.asarray(3)}

        return getattr(s, of)(f, has_aux=True)(x)

    compare(program, sample(3))


def test_aux_may_be_a_python_number():
    def program(s, x):
        return s.grad(lambda x: (x * x, 2.0), has_aux=True)(x)

    compare(program, sample())


def test_has_aux_under_an_outer_gradient():
    def program(s, x):
        def inner(x):
            return s.np.sum(x**3), x * 2

        def outer(x):
            g, aux = s.grad(inner, has_aux=True)(x)
            return s.np.sum(g * aux)

        return s.grad(outer)(x)

    compare(program, sample(3))


def test_vjp_jvp_linearize_with_aux():
    def program(s, x, t):
        def f(x):
            return s.np.sin(x), x + 1

        y, pull, aux = s.vjp(f, x, has_aux=True)
        out = s.jvp(f, (x,), (t,), has_aux=True)
        z, push, aux2 = s.linearize(f, x, has_aux=True)
        return y, pull(t), aux, out, z, push(t), aux2

    compare(program, sample(3), sample(3, seed=1))


def test_keywords_are_not_differentiated():
    def program(s, x, scale):
        def f(x, *, scale, tree):
            return s.np.sum(x * scale * tree["a"])

        return s.value_and_grad(f)(x, scale=scale, tree={"a": scale})

    compare(program, sample(3), sample(3, seed=1))


def test_keywords_may_be_any_object():
    def program(s, x):
        def f(x, mode):
            return s.np.sum(x * x) if mode == "square" else s.np.sum(x)

        return s.grad(f)(x, mode="square")

    compare(program, sample(3))


def test_other_arguments_may_be_any_object():
    def program(s, x):
        return s.grad(lambda f, x: s.np.sum(f(x)), argnums=1)(s.np.sin, x)

    compare(program, sample(3))


def test_allow_int():
    def program(s, x, n):
        return s.value_and_grad(lambda a: s.np.sum(a["x"] * a["n"]), allow_int=True)(
            {"x": x, "n": n}
        )

    compare(program, sample(3), np.arange(3, dtype=np.int32))


def test_allow_int_in_jacrev():
    def program(s, n):
        return s.jacrev(lambda n: s.np.sin(n * 1.0), allow_int=True)(n)

    compare(program, np.arange(3, dtype=np.int32))


@pytest.mark.parametrize("of", ["grad", "jacrev", "jacfwd"])
def test_holomorphic(of):
    def program(s, z):
        return getattr(s, of)(lambda z: s.np.sin(z) * z, holomorphic=True)(z)

    compare(program, np.asarray(0.3 + 0.4j))


def test_complex_arguments_of_real_functions():
    def program(s, z):
        return s.grad(lambda z: s.np.real(z * s.np.conj(z)) + s.np.imag(z))(z)

    compare(program, np.asarray(0.3 + 0.4j))


def test_vjp_of_complex_functions():
    def program(s, z, ct):
        y, pull = s.vjp(lambda z: s.np.sin(z) * s.np.conj(z), z)
        return y, pull(ct)

    compare(program, sample(2) + 1j * sample(2, seed=1), sample(2, seed=2) + 0j)


@pytest.mark.parametrize("x", [3.0, np.float32(3), 3])
def test_weak_types_of_python_numbers(x):
    def program(s, x):
        out = s.value_and_grad(lambda x: x * x, allow_int=True)(x) if isinstance(x, float) else ()
        return out, s.jvp(lambda x: x * 2, (x * 1.0,), (1.0,))

    compare(program, x, x64=False, eager=True)


def test_unused_arguments_have_zero_gradients():
    def program(s, x, y):
        return s.grad(lambda x, y: s.np.sum(x), (0, 1))(x, y)

    compare(program, sample(3), sample(2))


def test_constant_functions():
    def program(s, x):
        _, pull = s.vjp(lambda x: 3.0, x)
        return s.grad(lambda x: 3.0)(x), pull(1.0), s.jvp(lambda x: 3.0, (x,), (x,))

    compare(program, sample(3))


def test_the_same_array_twice():
    def program(s, x):
        return s.grad(lambda x, y: s.np.sum(x * y), (0, 1))(x, x)

    compare(program, sample(3))


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_gradients_of_gradients(depth):
    def program(s, x):
        def f(x):
            return s.np.sin(x) * x**3

        for _ in range(depth):
            f = s.grad(f)
        return f(x)

    compare(program, np.asarray(0.7))


def test_perturbations_are_not_confused():
    def program(s, x):
        def f(x):
            inner = s.jvp(lambda y: x * y, (1.0,), (1.0,))[1]
            return x * s.grad(lambda y: x * y)(2.0) + inner

        return s.grad(f)(x), s.jvp(f, (x,), (1.0,))

    compare(program, np.asarray(3.0))


def test_python_control_flow_sees_values():
    def program(s, x):
        def f(x):
            return x * 2 if x > 0 else -x

        return s.grad(f)(x), s.grad(f)(-x), s.grad(s.grad(lambda x: x**3 if x > 1 else x))(x)

    compare(program, np.asarray(3.0), eager=True)


def test_vjp_over_trees_with_integers():
    def program(s, x, n):
        y, pull = s.vjp(lambda a: {"out": a[0] * a[1], "n": a[1]}, (x, n))
        return y, pull({"out": x, "n": np.zeros((3,), jax.dtypes.float0)})

    compare(program, sample(3), np.arange(3, dtype=np.int32))


def test_jvp_with_integer_primals():
    def program(s, x, n):
        return s.jvp(lambda x, n: x * n, (x, n), (x, np.zeros((3,), jax.dtypes.float0)))

    compare(program, sample(3), np.arange(3, dtype=np.int32))


def test_linearize_is_linear_and_reusable():
    def program(s, x, t):
        y, push = s.linearize(lambda a: {"s": s.np.sin(a["x"]), "k": 2.0}, {"x": x})
        return y, push({"x": t}), push({"x": 2 * t}), s.vmap(push)({"x": s.np.stack([t, x])})

    compare(program, sample(3), sample(3, seed=1))


def test_vjp_function_under_transformations():
    def program(s, x, cts):
        _, pull = s.vjp(lambda x: s.np.sin(x) * x, x)
        return s.vmap(pull)(cts), s.grad(lambda ct: s.np.sum(pull(ct)[0] ** 2))(cts[0])

    compare(program, sample(3), sample(4, 3))


def test_mixed_precision_tangents():
    def program(s, x, y):
        def f(x, y):
            return s.np.sum(x.astype(s.np.float64) * y)

        return s.value_and_grad(f, (0, 1))(x, y)

    compare(program, sample(3, dtype=np.float32), sample(3))


def test_stop_gradient():
    def program(s, x):
        def f(x):
            return s.np.sum(x * s.lax.stop_gradient({"y": x, "n": 3})["y"])

        return (
            s.value_and_grad(f)(x),
            s.jvp(f, (x,), (x,)),
            s.grad(s.grad(lambda x: s.np.sin(x) * s.lax.stop_gradient(x)))(x[0]),
        )

    compare(program, sample(3))


def test_methods_and_callable_objects():
    class Model:
        def __init__(self, s):
            self.s = s

        def loss(self, x):
            return self.s.np.sum(x**2)

        def __call__(self, x):
            return self.loss(x)

    def program(s, x):
        return s.grad(Model(s).loss)(x), s.grad(Model(s))(x)

    compare(program, sample(3))


def test_name_and_docstring_are_kept():
    def f(x):
        """Square."""
        return x * x

    for transform in (pb.grad, pb.value_and_grad, pb.vmap, pb.jacfwd, pb.checkpoint):
        assert transform(f).__name__ == "f"
        assert "Square." in (transform(f).__doc__ or "")


def test_gradients_match_finite_differences():
    def program(s, w, b, x):
        return s.value_and_grad(lambda p, x: layer(s, p, x))((w, b), x)

    args = sample(3, 4), sample(3), sample(4)
    _, (gw, _) = values(program, *args)
    step = np.zeros((3, 4))
    step[1, 2] = 1e-6
    up, _ = values(program, args[0] + step, *args[1:])
    down, _ = values(program, args[0] - step, *args[1:])
    np.testing.assert_allclose(
        (np.asarray(up) - np.asarray(down)) / 2e-6, np.asarray(gw)[1, 2], rtol=1e-6
    )


def test_results_are_arrays_of_the_side():
    gradient = pb.grad(lambda x: x * x)(3.0)
    assert isinstance(gradient, pb.Array)
    assert isinstance(pb.grad(lambda x: pnp.sum(x))(pnp.ones(3)), pb.Array)
    assert {s.name for s in (PULLBACK, JAX)} == {"pullback", "jax"}
    assert isinstance(PULLBACK, Side)


def pulled_and_pushed(p):
    """Uses of what vjp and linearize give as trees."""

    def f(x, n):
        return {"y": p.numpy.sin(x) * x[0], "n": n}, p.numpy.sum(x) * 2

    @p.jit
    def both(x):
        out, pull = p.vjp(lambda x: f(x, 3.0), x)
        _, push = p.linearize(lambda x: f(x, 3.0), x)
        return out, pull, push

    x = np.array([1.0, 2.0, 3.0], np.float32)
    out, pull, push = both(x)
    doubled = p.tree.map(lambda v: 2 * v, pull)  # linear in what it holds, but for the constant
    moved = p.vmap(lambda x: p.vjp(p.numpy.sin, x)[1])(x)
    return (
        pull(out),
        push(x),
        p.jit(lambda pull, ct: pull(ct))(pull, out),
        doubled(out),
        p.vmap(lambda pull, ct: pull(ct))(moved, x),
    )


def test_what_vjp_and_linearize_give_are_trees():
    ours, theirs = pulled_and_pushed(pb), pulled_and_pushed(jax)
    for k in (0, 1, 2, 4):
        for a, b in zip(pb.tree.leaves(ours[k]), jax.tree.leaves(theirs[k]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
    assert pb.tree.structure(ours[0]) == pb.tree.structure(ours[3])
    x = pnp.arange(3.0)
    pull = pb.lax.cond(
        True, lambda: pb.vjp(pnp.sin, x)[1], lambda: pb.vjp(lambda v: pnp.sin(v), 2 * x)[1]
    )
    np.testing.assert_allclose(pull(x)[0], np.cos(x) * x, rtol=1e-6)
