"""custom_gradient, closure_convert, linear_call and the rest of jax.custom_derivatives."""

import inspect
from functools import partial

import jax
import numpy as np
import pytest
from both import Pair, compare, sample

import pullback as pb
from pullback import numpy as pnp

# Names of JAX that are not here.
MISSING = {"remat_opt_p": "drops the forward rule's residuals, which dead code elimination does"}
MODULES = ("custom_derivatives", "custom_batching")


@pytest.mark.parametrize("module", MODULES)
def test_names_and_signatures(module):
    mine, theirs = getattr(pb, module), getattr(jax, module)
    names = [n for n in dir(theirs) if not n.startswith("_") and n not in MISSING]
    assert [n for n in names if not hasattr(mine, n)] == []
    assert [n for n in MISSING if hasattr(mine, n)] == []
    for name in names:
        f, g = getattr(mine, name), getattr(theirs, name)
        if callable(g) and not name.startswith("custom_vjp_call"):
            assert parameters(f) == parameters(g), name


def parameters(f):
    """Names, kinds and defaults."""
    if not inspect.isfunction(f) and not isinstance(f, type):
        return None
    found = inspect.signature(f).parameters.values()
    return [(p.name, p.kind.name, p.default) for p in found]


METHODS = [
    (pb.custom_jvp, jax.custom_jvp, ("defjvp", "defjvps")),
    (pb.custom_vjp, jax.custom_vjp, ("defvjp",)),
    (pb.custom_batching.custom_vmap, jax.custom_batching.custom_vmap, ("def_vmap",)),
]


@pytest.mark.parametrize("kind", range(len(METHODS)))
def test_methods_have_jax_signatures(kind):
    mine, theirs, names = METHODS[kind]
    for name in (*names, "__init__"):
        assert parameters(getattr(mine, name)) == parameters(getattr(theirs, name))


def test_custom_gradient():
    def program(s, x, y):
        @s.custom_gradient
        def f(x):
            return x**2, lambda ct: (ct * x,)

        @s.custom_gradient
        def g(x, y):
            z = s.np.sin(x)
            return {"p": z * y, "q": (z,)}, lambda ct: (ct["p"] * y, 3 * ct["q"][0] * z)

        @s.custom_gradient
        def h(x):
            return s.np.cos(x), lambda ct: 5 * ct

        def total(x, y):
            out = g(x, y)
            return out["p"] * s.np.sin(out["q"][0])

        return (
            [(k(x), s.grad(k)(x), s.grad(s.grad(k))(x), s.jit(s.grad(k))(x)) for k in (f, h)],
            s.grad(total, (0, 1))(x, y),
            s.vmap(s.grad(total, (0, 1)))(s.np.stack([x, y]), s.np.stack([y, x])),
            s.grad(lambda x: s.np.sum(s.vmap(f)(x)))(s.np.stack([x, y])),
            s.grad(lambda x: s.lax.scan(lambda c, _: (f(c), h(c)), x, None, length=3)[0])(x),
            s.grad(f)(3.0),
        )

    compare(program, sample(), sample(seed=1))


def minimum(s):
    """The minimum of a function that captures what is differentiated, by the chain rule."""

    def minimize(objective, x):
        converted, captured = s.closure_convert(objective, x)
        return _minimize(converted, x, *captured)

    @partial(s.custom_vjp, nondiff_argnums=(0,))
    def _minimize(objective, x, *captured):
        return s.lax.fori_loop(0, 60, lambda _, x: x - 0.2 * s.grad(objective)(x, *captured), x)

    def forward(objective, x, *captured):
        found = _minimize(objective, x, *captured)
        return found, (found, captured)

    def backward(objective, residuals, ct):
        x, captured = residuals
        slope = s.grad(objective)
        _, pull = s.vjp(lambda *c: slope(x, *c), *captured)
        v = -ct / s.grad(slope)(x, *captured)
        return s.np.zeros_like(x), *pull(v)

    _minimize.defvjp(forward, backward)
    return minimize


def test_closure_convert_in_a_rule():
    def program(s, a, b):
        minimize = minimum(s)

        def run(a, b):
            return minimize(lambda x: s.np.cosh(x - a) + 0.5 * s.np.sum(b) * x**2, a * 0)

        return (
            s.value_and_grad(run, (0, 1))(a, b),
            s.jit(s.grad(run))(a, b),
            s.vmap(s.grad(run), (0, None))(s.np.stack([a, 2 * a]), b),
        )

    compare(program, sample(), np.abs(sample(2)), tol=1e-6)


def test_what_closure_convert_passes():
    def program(s, x, n):
        counts = []

        def run(x, n):
            y, m = x + 1, n + 1
            f, captured = s.closure_convert(lambda p: {"a": p.a * y * m, "b": p.b * x}, Pair(x, x))
            counts.append(len(captured))
            out = f(Pair(x, y), *captured)
            return s.np.sum(out["a"] + out["b"])

        values = run(x, n), s.grad(run)(x, n), s.vmap(run, (0, None))(x, n)
        return values, s.vmap(s.grad(run), (0, None))(x, n), counts

    compare(program, sample(2), np.asarray(3), eager=True)


def test_closure_convert_in_eager_code():
    def program(s, x):
        counts = []

        def run(x, t):
            f, captured = s.closure_convert(lambda y: x * y * t, x)
            counts.append(len(captured))
            return f(x, *captured)

        return (
            run(x, x),
            s.grad(run)(x, x),
            s.vmap(run)(s.np.stack([x, x]), x * s.np.ones(2)),
            counts,
        )

    compare(program, sample(), eager=True)


def divide(s, mark=1.0):
    """x / r, whose transpose is marked."""

    def run(r, x):
        return s.custom_derivatives.linear_call(
            lambda r, x: x / r, lambda r, ct: mark * ct / r, r, x
        )

    return run


def transposed(s, f, x):
    return lambda ct: s.linear_transpose(f, x)(ct)[0]


def test_linear_call():
    def program(s, x, r):
        f = partial(divide(s, 10.0), r)

        def custom(x):
            return s.custom_derivatives.linear_call(lambda _, x: x, lambda _, ct: 7 * ct, (), x)

        def ones(n):
            g = custom
            for _ in range(n):
                g = transposed(s, g, x)
            return g(x)

        return (
            f(x),
            s.jvp(f, (x,), (x,)),
            s.grad(lambda x: s.np.sum(f(x) ** 2))(x),
            s.jit(s.grad(lambda x: s.np.sum(s.jit(f)(x))))(x),
            s.grad(lambda x: s.lax.scan(lambda c, _: (f(c), None), x, None, length=3)[0].sum())(x),
            transposed(s, lambda x: x + f(x), x)(x),
            [ones(n) for n in range(4)],
        )

    compare(program, sample(3), np.asarray(2.0))


def test_linear_call_of_trees_with_captured_values():
    def program(s, x, r):
        def run(x):
            out = s.custom_derivatives.linear_call(
                lambda r, p: {"s": r["k"] * p.a + r["k"] * p.b, "t": p.b * s.np.sum(r["k"])},
                lambda r, ct: Pair(2 * ct["s"] * r["k"], ct["t"]),
                {"k": r},
                Pair(x, 3 * x),
            )
            return s.np.sum(out["s"] * out["t"])

        return s.value_and_grad(run)(x), s.jit(s.grad(lambda x: s.np.sum(s.grad(run)(x) ** 2)))(x)

    compare(program, sample(3), sample(3, seed=1))


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_linear_call_batched(axes):
    """JAX has no rule for it: it is the loop over elements."""

    def program(s, r, x):
        f = divide(s, 10.0)
        args = [a if d == 0 else a[0] for a, d in zip((r, x), axes, strict=True)]

        def value(r, x):
            return s.np.sum(f(r, x) ** 2)

        def every(g):
            if s.name == "pullback":
                return s.vmap(g, axes)(*args)
            one = [g(*[a[i] if d == 0 else a for a, d in zip(args, axes, strict=True)])
                   for i in range(2)]  # fmt: skip
            return s.np.stack(one)

        return (
            every(f),
            every(s.grad(value, 1)),
            every(lambda r, x: s.jvp(lambda x: f(r, x), (x,), (2 * x,))[1]),
        )

    compare(program, sample(2, 3), sample(2, 3, seed=1))


def test_linear_call_has_a_derivative_in_its_residuals():
    """JAX refuses it."""

    def program(s, r, x):
        f = divide(s) if s.name == "pullback" else lambda r, x: x / r
        return s.grad(f, (0, 1))(r, x), s.jvp(f, (r, x), (x, r)), s.grad(s.grad(f))(r, x)

    compare(program, sample(), sample(seed=1))


def test_zeros_and_primals():
    def program(s, x):
        d = s.custom_derivatives
        symbolic = d.zero_from_primal({"a": x, "b": 1.0}, symbolic_zeros=True)
        primals = {"a": d.CustomVJPPrimal(x, True), "b": (d.CustomVJPPrimal(2.0, False),)}
        return (
            d.zero_from_primal({"a": x, "b": (x, 1.0)}),
            [z.shape for z in symbolic.values()],
            [s.np.zeros((), z.dtype) for z in symbolic.values()],
            d.custom_vjp_primal_tree_values(primals),
        )

    compare(program, sample(3), eager=True)


def test_primals_are_records():
    d = pb.custom_derivatives
    assert repr(d.CustomVJPPrimal(1, True)) == repr(jax.custom_derivatives.CustomVJPPrimal(1, True))
    assert d.CustomVJPPrimal(1, True) == d.CustomVJPPrimal(1, True)


def test_nondiff_argnames():
    def program(s, x):
        def power(x, n, f):
            return f(x) ** n

        g = s.custom_jvp(power, nondiff_argnames=("n", "f"))
        g.defjvp(lambda n, f, p, t: (g(p[0], n, f), 10.0 * n * t[0]))
        h = s.custom_vjp(power, nondiff_argnums=(1,), nondiff_argnames=("f",))
        h.defvjp(lambda x, n, f: (h(x, n, f), x), lambda n, f, x, ct: (f(x) * n * ct,))
        return [
            (s.grad(k)(x, 3, s.np.sin), s.grad(lambda x, k=k: k(x, f=s.np.cos, n=2))(x))
            for k in (g, h)
        ], (g.nondiff_argnums, h.nondiff_argnums)

    compare(program, sample())


def test_traced_nondiff_arguments_have_no_derivative():
    def program(s, x, y):
        @partial(s.custom_jvp, nondiff_argnums=(0,))
        def f(x, y):
            return x * y

        @f.defjvp
        def _(x, primals, tangents):
            return f(x, *primals), 5.0 * x * tangents[0]

        return (
            s.grad(f, (0, 1))(x, y),
            s.jit(s.grad(f, (0, 1)))(x, y),
            s.vmap(s.grad(f, 1))(s.np.stack([x, y]), s.np.stack([y, x])),
        )

    compare(program, sample(), sample(seed=1))


def test_optimize_remat():
    def program(s, x):
        f = s.custom_vjp(lambda x: s.np.sin(x))
        f.defvjp(
            lambda x: (s.np.sin(x), s.np.cos(x)), lambda c, ct: (2 * c * ct,), optimize_remat=True
        )
        return s.grad(f)(x), s.grad(s.checkpoint(lambda x: f(s.np.sin(x))))(x), s.jit(s.grad(f))(x)

    compare(program, sample())


def bad_linear(transpose):
    def f(x):
        return pb.custom_derivatives.linear_call(lambda _, x: 2 * x, transpose, (), x)

    return lambda: pb.grad(f)(1.0)


def traced_nondiff(x):
    f = pb.custom_vjp(lambda n, x: x, nondiff_argnums=(0,))
    f.defvjp(lambda n, x: (x, None), lambda n, _, ct: (ct,))
    return f(x, x)


def each_with_nondiff():
    f = pb.custom_jvp(lambda n, x: x, nondiff_argnums=(0,))
    f.defjvps(lambda t, out, x: t)


ERRORS = [
    (
        lambda: pb.grad(pb.custom_gradient(lambda x: x))(1.0),
        TypeError,
        "custom_gradient: <lambda> must return a pair",
    ),
    (lambda: pb.custom_gradient(3), TypeError, "custom_gradient: the first argument must be a"),
    (lambda: pb.closure_convert(3), TypeError, "closure_convert: the first argument must be a"),
    (
        lambda: pb.closure_convert(lambda x: x, 1.0)[0]((1.0, 2.0)),
        TypeError,
        "closure_convert: <lambda> was converted for arguments of structure",
    ),
    (bad_linear(lambda _, ct: (ct, ct)), TypeError, "linear_call: <lambda> must return a value"),
    (bad_linear(lambda _, ct: pnp.stack([ct])), TypeError, r"of type float32\[\], the same type"),
    (
        lambda: pb.jit(traced_nondiff)(1.0),
        pb.errors.UnexpectedTracerError,
        "named by nondiff_argnums is a value of type float32.*pass arrays as ordinary arguments",
    ),
    (each_with_nondiff, TypeError, "defjvps: the function has nondiff_argnums"),
    (
        lambda: pb.custom_derivatives.custom_vjp_primal_tree_values(1.0),
        TypeError,
        "the leaves must be CustomVJPPrimal, got float",
    ),
    (
        lambda: pb.custom_jvp(lambda x: x).other,
        AttributeError,
        "'custom_jvp' object has no attribute 'other'",
    ),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    f, kind, wanted = ERRORS[case]
    with pytest.raises(kind, match=f"(?s){wanted}"):
        f()
