"""vmap of cond and switch over the index: each element its own branch, as JAX computes it."""

import jax
import numpy as np
import pytest
from both import compare, sample

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.backends.cpu import choice, rules
from pullback.control.branches import selected

N = 24
INDEX = np.asarray([-3, 0, 1, 2, 3, 5, 1])
MATRIX = sample(N, N, seed=9) / N


def chosen(s):
    """Branches with loops and products, operands of each kind, a tree of results."""

    def turned(x, c):
        return s.lax.scan(lambda h, _: (s.np.tanh(MATRIX @ h + c), None), x, None, length=3)[0]

    def halved(x):
        return s.lax.while_loop(lambda x: s.np.sum(x * x) > 1, lambda x: x / 2, x)

    def f(i, x, c):
        branches = [
            lambda x: {"a": s.np.tanh(MATRIX @ x), "b": c * s.np.sum(x)},
            lambda x: {"a": s.np.sin(x) * c, "b": s.np.sum(s.np.tanh(x))},
            lambda x: {"a": turned(x, c), "b": c},
            lambda x: {"a": s.lax.stop_gradient(halved(x)) + x, "b": s.np.max(x)},
        ]
        return s.lax.switch(i, branches, x)

    return f


def total(s):
    def f(i, x, c):
        out = chosen(s)(i, x, c)
        return s.np.sum(out["a"] ** 2) + out["b"] ** 2

    return f


AXES = (0, 0, None)
# Both ways of each program are taken: the value is the compiler's choice otherwise.
WAYS = {"loop": lambda *_: True, "select": lambda *_: False, "either": choice.pays}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    pb.clear_caches()
    monkeypatch.setattr(choice, "pays", WAYS[request.param])
    yield
    pb.clear_caches()


@pytest.mark.usefixtures("way")
def test_values_and_derivatives():
    def program(s, i, x, c):
        f, g = chosen(s), total(s)

        def whole(x, c):
            return s.np.sum(s.vmap(g, AXES)(i, x, c))

        return (
            s.vmap(f, AXES)(i, x, c),
            s.vmap(s.grad(g, (1, 2)), AXES)(i, x, c),
            s.vmap(s.grad(g, (1, 2)), (0, None, None))(i, x[0], c),
            s.grad(whole, (0, 1))(x, c),
            s.jvp(lambda x: whole(x, c), (x,), (x,)),
            s.jvp(s.grad(lambda x: whole(x, c)), (x,), (x,)),
            s.grad(s.checkpoint(lambda x: whole(x, c)))(x),
        )

    compare(program, INDEX, sample(7, N), sample())


@pytest.mark.usefixtures("way")
def test_batches_of_batches():
    def program(s, i, x, c):
        f, pairs = chosen(s), s.np.stack([i, i[::-1]], 1)
        inner = s.vmap(f, AXES)
        return (
            s.vmap(inner, (None, 0, None))(i, s.np.stack([x, x + 1]), c),
            s.vmap(inner, (None, 1, 0))(i, s.np.stack([x, x + 1], 1), s.np.stack([c, 2 * c])),
            s.vmap(inner, (1, None, None))(pairs, x, c),
            s.vmap(s.vmap(f, (0, None, None)), (1, 0, None))(pairs, x[:2], c),
            s.vmap(s.vmap(f, (None, 0, 0)), (0, None, None))(i, x, x[:, 0]),
            s.vmap(s.grad(lambda x: s.np.sum(s.vmap(total(s), AXES)(i, x, c))))(x[None]),
        )

    compare(program, INDEX, sample(7, N), sample())


@pytest.mark.usefixtures("way")
def test_predicates_sizes_and_loops_around():
    def program(s, x):
        def f(x):
            return s.lax.cond(s.np.sum(x) > 0, s.np.sin, lambda x: x * x, x)

        def step(x, _):
            return s.vmap(f)(x) - 0.5, x[:, 0]

        return s.vmap(f)(x), s.vmap(f)(x[:1]), s.vmap(f)(x[:0]), s.lax.scan(step, x, None, 4)

    compare(program, sample(5, 40))


def test_branches_that_look_at_the_batch():
    def program(s, i, x):
        def f(i, x):
            return s.lax.switch(i, [lambda x: x - s.lax.psum(x, "k"), s.np.sin], x)

        pairs = s.np.stack([x, x + 1])
        return (
            s.vmap(f, axis_name="k")(i, x),
            s.vmap(s.vmap(f), (None, 0), axis_name="k")(i, pairs),
            s.vmap(s.vmap(f, axis_name="k"), (None, 0))(i, pairs),
        )

    compare(program, INDEX, sample(7, N))


def equation(f, *args):
    """The batched choice in a program, and the size of its batch."""
    jaxpr = pb.make_jaxpr(pb.vmap(f))(*args).jaxpr
    (eqn,) = [e for e in jaxpr.eqns if e.primitive.name == "batched_cond"]
    return eqn, eqn.invars[0].aval.shape[0]


def test_only_one_branch_runs_in_a_loop():
    def f(i, x):
        return lax.switch(i, [pnp.sin, lambda x: pnp.cos(x) * 2, pnp.tanh], x)

    text = pb.explain(pb.vmap(f))(np.zeros(9, np.int32), np.ones((9, 50), np.float32))
    inside = text[text.index("loop i") :]
    at = [inside.index(s) for s in ("switch", "case 0", "sin:", "case 1", "cos:", "case 2", "tanh")]
    assert at == sorted(at)
    assert text.count("sin:") == text.count("cos:") == text.count("tanh:") == 1


def tanh4(x):
    return pnp.tanh(pnp.tanh(pnp.tanh(pnp.tanh(x))))


def repeated(x):
    return lax.fori_loop(0, 10, lambda i, x: pnp.sin(x) * 0.5, x)


PAYS = [
    (tanh4, (64,), 128, True),
    (tanh4, (64,), 4096, False),  # threads share all of it
    (tanh4, (64,), 1, False),
    (lambda x: MATRIX[:16, :16] @ x, (16,), 256, True),
    (lambda x: x + 1, (16,), 256, False),
    (repeated, (16,), 256, False),
    (repeated, (64,), 256, True),
    (pnp.sort, (64,), 256, False),  # one call for the batch
    (lambda x: pnp.linalg.inv(x), (8, 8), 16, False),
    (pb.nn.softmax, (32,), 256, False),
]


@pytest.mark.parametrize("f, shape, n, wanted", PAYS)
def test_what_pays(f, shape, n, wanted):
    x = np.ones((n, *shape), np.float32)
    eqn, size = equation(
        lambda i, x: lax.switch(i, [f, lambda x: -f(x)], x), np.zeros(n, np.int32), x
    )
    branches = tuple(pb.core.rewrite.simplify(b) for b in eqn.params["branches"])
    assert size == n and choice.pays(branches, n, rules.RULES) is wanted


def test_few_elements_and_effects_are_selected_at_once():
    def told(x):
        pb.debug.print("{}", x[0])
        return x

    for f, shape in ((pnp.sin, (4,)), (told, (40,))):
        x = np.ones((3, *shape), np.float32)
        jaxpr = pb.make_jaxpr(
            pb.vmap(lambda i, x, f=f: lax.switch(i, [f, lambda x: -x, pnp.cos], x))
        )(np.zeros(3, np.int32), x)
        names = [e.primitive.name for e in jaxpr.eqns]
        assert "select_n" in names and "batched_cond" not in names


def test_the_program_that_it_stands_for():
    eqn, n = equation(
        lambda i, x: lax.switch(i, [pnp.sin, pnp.cos], x),
        np.asarray([0, 1, 2], np.int32),
        np.ones((3, N), np.float32),
    )
    whole = selected(eqn.params["branches"], eqn.params["batched"], (None, n))
    assert [v.aval for v in whole.outvars] == [v.aval for v in eqn.outvars]
    assert "select_n" in [e.primitive.name for e in whole.eqns]


@pytest.mark.parametrize("form", ["plain", "jit"])
def test_what_all_branches_pass_on_is_not_batched_by_the_choice(form):
    def results(p):
        def f(i, step, whole):
            branches = [lambda s, w: (s + 1, w), lambda s, w: (s, w)]
            return p.lax.cond(i % 2 == 0, *branches, step, whole)

        g = p.vmap(f, in_axes=(0, 0, None), out_axes=(0, None))
        g = p.jit(g) if form == "jit" else g
        args = np.arange(4), np.zeros(4, np.float32), np.arange(3, dtype=np.float32)
        outs, pull = p.vjp(lambda x, w: g(args[0], x, w), *args[1:])
        same = p.vmap(lambda i, w: p.lax.switch(i, [lambda w: w] * 3, w), (0, None), None)
        return [*outs, *pull(outs), same(*args[::2])]

    for ours, theirs in zip(results(pb), results(jax), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="out_axes"):
        pb.vmap(lambda i, w: pb.lax.cond(i > 0, lambda w: w, lambda w: w + 1, w), (0, None), None)(
            np.arange(4), 1.0
        )
