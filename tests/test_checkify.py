"""checkify: what goes wrong, and in which order, is found as JAX finds it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import checkify as theirs

import pullback as pb
from pullback.control.checks import check_p
from pullback.core.check import check as check_program
from pullback.experimental import checkify as ours

OURS = SimpleNamespace(np=pb.numpy, lax=pb.lax, ck=ours, top=pb)
THEIRS = SimpleNamespace(np=jnp, lax=jax.lax, ck=theirs, top=jax)
SILENT = SimpleNamespace(**{**vars(THEIRS), "ck": SimpleNamespace(check=lambda *_, **__: None)})
SETS = "user_checks nan_checks index_checks div_checks float_checks automatic_checks all_checks"


def f32(*values: float) -> np.ndarray:
    """An array of float32."""
    return np.array(values, "float32")


def one(value: float) -> np.ndarray:
    """A scalar of float32."""
    return np.float32(value)[()] * np.ones((), "float32")


def positive(j: Any, x: Any) -> Any:
    j.ck.check(j.np.all(x > 0), "{x} must be positive", x=x)
    return j.np.log(x)


def several(j: Any, x: Any) -> Any:
    """Several checks with values of several types."""
    j.ck.check(x[0] > 0, "first {} of {all}", x[0], all=x)
    j.ck.check(x[1] > 0, "second {0[a]} and {0[b]}", {"a": x[1], "b": x[1].astype("int32")})
    j.ck.check(x[2] > 0, "third {}, {:.3f}", {"all": x}, x[2])
    return x * 2


def indexed(j: Any, x: Any, i: Any) -> Any:
    return x[i] + j.lax.dynamic_slice(x, (i,), (2,)).sum()


def gathered(j: Any, x: Any, i: Any) -> Any:
    return x[i]


def written(j: Any, x: Any, i: Any) -> Any:
    return x.at[i].add(1.0)


def overwritten(j: Any, x: Any, i: Any) -> Any:
    return j.lax.dynamic_update_slice(x, x[:2], (i,))


def divided(j: Any, x: Any, y: Any) -> Any:
    return j.np.sin(x) / y


def remainder(j: Any, x: Any, y: Any) -> Any:
    return x // y


def branches(j: Any, i: Any, x: Any) -> Any:
    def first(x: Any) -> Any:
        j.ck.check(j.np.all(x < 5), "below five: {}", x)
        return j.np.sqrt(x)

    def second(x: Any) -> Any:
        j.ck.check(j.np.all(x < 7), "below seven")
        return 1 / x

    return j.lax.switch(i, [first, second, lambda x: x], x)


def steps(j: Any, x: Any) -> Any:
    def body(c: Any, v: Any) -> Any:
        j.ck.check(c + v < 6, "{} and {}", c, v)
        return c + v, j.np.log(v)

    return j.lax.scan(body, j.np.float32(0), x)


def turns(j: Any, x: Any) -> Any:
    """Checks in the condition and in the body."""

    def more(c: Any) -> Any:
        j.ck.check(c[1] < 20, "condition {}", c[1])
        return c[0] < 4

    def turn(c: Any) -> Any:
        j.ck.check(c[1] < 10, "body {}", c[1])
        return c[0] + 1, c[1] * 2

    return j.lax.while_loop(more, turn, (0, x))[1]


def counted_turns(j: Any, x: Any) -> Any:
    """A loop of as many turns as its argument says."""

    def turn(c: Any) -> Any:
        j.ck.check(c < 9, "body {}", c)
        return c + 1

    return j.lax.while_loop(lambda c: c < 2 * x, turn, x)


def nested(j: Any, x: Any) -> Any:
    """Calls in loops in branches."""

    @j.top.jit
    def inner(c: Any) -> Any:
        j.ck.check(c < 3, "inner {}", c)
        return j.np.log(c)

    def loop(x: Any) -> Any:
        return j.lax.fori_loop(0, 3, lambda i, c: c + inner(c), x)

    return j.top.jit(lambda x: j.lax.cond(x > 0, loop, lambda x: x, x))(x)


def gradient(j: Any, x: Any) -> Any:
    """The check of the forward pass, and NaN in the backward pass alone."""

    def f(x: Any) -> Any:
        j.ck.check(j.np.all(x > -4), "above minus four")
        return j.np.where(x > 0, j.np.sqrt(x), 0).sum()

    return j.top.grad(f)(x)


def remat(j: Any, x: Any) -> Any:
    return j.top.checkpoint(lambda x: positive(j, j.np.sin(x)))(x)


def ruled(j: Any, x: Any) -> Any:
    """A function with a forward rule of its own."""

    @j.top.custom_jvp
    def f(x: Any) -> Any:
        return positive(j, x)

    f.defjvp(lambda p, t: (f(*p), 3 * t[0]))
    return f(x) * 2


def ruled_back(j: Any, x: Any) -> Any:
    """A function with a reverse rule of its own."""

    @j.top.custom_vjp
    def f(x: Any) -> Any:
        return positive(j, x)

    f.defvjp(lambda x: (f(x), x), lambda x, ct: (3 * ct * x,))
    return f(x) * 2


def batch(j: Any, x: Any) -> Any:
    return j.top.vmap(lambda v: positive(j, v))(x)


def quiet(j: Any, x: Any) -> Any:
    j.ck.debug_check(x > 0, "is not positive")
    return x


def told_again(j: Any, x: Any) -> Any:
    """An error as a value, turned into a check once more."""
    error, y = j.top.jit(j.ck.checkify(lambda x: positive(j, x)))(x)
    j.ck.check_error(error)
    j.ck.check(x > -8, "far below")
    return y


def told_of_batch(j: Any, x: Any) -> Any:
    error, y = j.top.vmap(j.ck.checkify(lambda x: positive(j, x)))(x)
    j.ck.check_error(error)
    return y


X = f32(1, 2, 3, 4)
CASES: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    positive: [(one(1),), (one(-1),), (f32(1, -2),)],
    several: [(f32(*s),) for s in ((1, 1, 1), (-1, -1, -1), (1, -2.5, 1), (1, 1, -1), (1, -2, -1))],
    indexed: [(X, np.int32(i)) for i in (0, 3, 9, -2, -9)],
    gathered: [(X, np.array(i, "int32")) for i in ([0, 3], [9, 0], [[-2], [-7]])],
    written: [(X, np.array(i, "int32")) for i in ([0, 3], [9, 0], [[-2], [-7]], 4)],
    overwritten: [(X, np.int32(i)) for i in (0, 3, 9)],
    divided: [(one(1), one(0)), (one(np.inf), one(1)), (one(np.inf), one(0)), (one(1), one(2))],
    remainder: [(np.int32(4), np.int32(0)), (np.int32(4), np.int32(3))],
    branches: [(np.int32(i), f32(v)) for i in (0, 1, 2) for v in (1, 6, 8, -1, 0)],
    steps: [(f32(1, 2, 1),), (f32(1, 2, 4, 1),), (f32(3, -1, 8),), (f32(9, -1),)],
    turns: [(one(v),) for v in (0.1, 1, 2, 12, 30)],
    nested: [(one(v),) for v in (-1, 1, 0.5, 2.5, 5)],
    gradient: [(f32(1, 2),), (f32(0, 2),), (f32(-1, -5),)],
    remat: [(one(1),), (one(-1),)],
    ruled: [(one(2),), (one(-1),)],
    ruled_back: [(one(2),), (one(-1),)],
    batch: [(f32(1, 2),), (f32(1, -2, -3),)],
    quiet: [(one(1),), (one(-1),)],
    told_again: [(one(1),), (one(-1),), (one(-9),)],
    told_of_batch: [(f32(1, 2),), (f32(1, -2, -3),)],
}
DRAWN = [(f, args) for f, calls in CASES.items() for args in calls]
NAMED = [f"{f.__name__}-{i}" for f, calls in CASES.items() for i in range(len(calls))]
# What goes wrong first, where JAX tells what stands first in the program, or the last of a batch.
NAN = "nan generated by primitive: log."
FIRST = {
    **dict.fromkeys(("steps-2", "nested-2", "told_again-1", "told_again-2"), (NAN,)),
    "batch-1": ("-2.0 must be positive (`check` failed)",),
    "told_of_batch-1": (NAN, "-2.0 must be positive (`check` failed)"),
}


def checked(j: Any, f: Callable[..., Any], sets: str) -> Callable[..., Any]:
    """A case under checkify."""
    return j.ck.checkify(lambda *args: f(j, *args), errors=getattr(j.ck, sets))


@pytest.mark.parametrize(
    ("f", "args", "name"), [(*d, n) for d, n in zip(DRAWN, NAMED, strict=True)], ids=NAMED
)
def test_errors_and_results_are_jax(f, args, name):
    for sets in SETS.split():
        want, wanted = checked(THEIRS, f, sets)(*map(jnp.asarray, args))
        mine = checked(OURS, f, sets)
        for run in (mine, pb.jit(mine)):
            error, got = run(*map(pb.numpy.asarray, args))
            assert error.get() in (want.get(), *FIRST.get(name, ())), sets
            for g, w in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
                np.testing.assert_allclose(np.asarray(g), w, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("f", CASES)
def test_programs_are_well_formed(f):
    for sets in ("user_checks", "all_checks"):
        args = map(pb.numpy.asarray, CASES[f][0])
        program = pb.make_jaxpr(checked(OURS, f, sets))(*args)
        check_program(program)
        assert "check" not in {e.primitive.name for e in program.eqns}


@pytest.mark.parametrize("f", [positive, several, branches, steps, turns, nested, ruled, batch])
def test_batches_of_checked_functions(f):
    """Each element has an error of its own."""
    args = CASES[f][0]
    batch = [
        np.stack([a, -a, a + 5, 0 * a]) if a.dtype.kind == "f" else np.array([0, 1, 2, 1], a.dtype)
        for a in args
    ]
    g = checked(OURS, f, "all_checks")
    for run in (pb.vmap, lambda g: pb.jit(pb.vmap(g))):
        error, got = run(g)(*map(pb.numpy.asarray, batch))
        alone = [g(*[pb.numpy.asarray(b[i]) for b in batch]) for i in range(4)]
        texts = [f"at mapped index {i}: {e.get()}" for i, (e, _) in enumerate(alone) if e.get()]
        assert error.get() == ("\n".join(texts) or None)
        outs = [pb.tree.leaves(o) for _, o in alone]
        for leaf, parts in zip(pb.tree.leaves(got), zip(*outs, strict=True), strict=True):
            np.testing.assert_allclose(leaf, np.stack(parts), rtol=1e-6)


@pytest.mark.parametrize("f", [positive, steps, nested, ruled, ruled_back, remat])
@pytest.mark.parametrize("sign", [1, -1])
def test_gradients_of_checked_functions(f, sign):
    """The rules are those of the function, the error is there beside."""
    x = sign * CASES[f][0][0]

    def f_of(j: Any) -> Callable[[Any], Any]:
        return checked(j, f, "user_checks") if j is OURS else lambda x: (0, f(j, x))

    def loss(j: Any) -> Callable[[Any], Any]:
        def value(x: Any) -> Any:
            error, y = f_of(j)(x)
            return sum(v.sum() for v in j.top.tree.leaves(y)), error

        return j.top.grad(value, has_aux=True)

    want, _ = loss(SILENT)(jnp.asarray(x))
    plain = checked(OURS, f, "user_checks")(pb.numpy.asarray(x))[0]
    for run in (loss(OURS), pb.jit(loss(OURS))):
        got, error = run(pb.numpy.asarray(x))
        np.testing.assert_allclose(got, want, rtol=1e-5)
        assert error.get() == plain.get()


def test_checks_of_a_rule_alone_raise():
    @pb.custom_jvp
    def f(x: Any) -> Any:
        return x * 2

    @f.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        ours.check(primals[0] < 3, "only below three has a derivative")
        return f(*primals), 2 * tangents[0]

    value = pb.grad(lambda x: ours.checkify(f)(x)[1])
    for run in (value, pb.jit(value)):
        assert run(1.0) == 2
        with pytest.raises(ours.JaxRuntimeError, match="only below three"):
            run(4.0)
    error, slope = ours.checkify(pb.grad(f))(4.0)
    assert (error.get(), slope) == ("only below three has a derivative (`check` failed)", 2)


def test_throw_raises_and_says_where():
    error, _ = ours.checkify(lambda x: positive(OURS, x))(pb.numpy.float32(-1))
    with pytest.raises(ours.JaxRuntimeError, match=r"-1\.0 must be positive") as caught:
        error.throw()
    assert isinstance(caught.value, ValueError)
    assert "test_checkify.py" in caught.value.__cause__.__notes__[0]
    assert "(positive)" in caught.value.__cause__.__notes__[0]
    assert str(error).startswith("Error(-1.0 must be")
    ours.init_error.throw()
    assert ours.init_error.get() is None


@pytest.mark.parametrize("f", [positive, steps, nested, batch, ruled])
def test_checks_outside_of_checkify_raise(f):
    good, bad = CASES[f][0], CASES[f][-1]

    def plain(*args: Any) -> Any:
        return f(OURS, *args)

    for run in (plain, pb.jit(plain)):
        run(*map(pb.numpy.asarray, good))
        with pytest.raises(ours.JaxRuntimeError, match="`check` failed"):
            run(*map(pb.numpy.asarray, bad))
    assert quiet(OURS, pb.numpy.float32(-1)) == pb.jit(lambda x: quiet(OURS, x))(-1.0) == -1


def test_checks_that_count_for_some_elements_alone_are_refused():
    x = pb.numpy.asarray(f32(1, 2))
    for f in (lambda x: branches(OURS, x.astype("int32"), x), lambda x: counted_turns(OURS, x)):
        pb.vmap(ours.checkify(f))(x)
        with pytest.raises(NotImplementedError, match=r"vmap\(checkify\(f\)\)"):
            ours.checkify(pb.vmap(f))(x)


def test_what_check_takes():
    cases = [
        (lambda: ours.check(f32(1) > 0, "x"), "boolean scalar"),
        (lambda: ours.check(1, "x"), "boolean scalar"),
        (lambda: ours.debug_check(pb.numpy.float32(1), "x"), "debug_check: wants a boolean scalar"),
        (lambda: ours.check(True, "{}", 1), "must be arrays"),
        (lambda: ours.check(True, "{x}", x="text"), "must be arrays"),
        (lambda: ours.check_error("no"), "wants an Error, got str"),
        (lambda: ours.checkify(3), "must be a function"),
    ]
    for call, message in cases:
        with pytest.raises(TypeError, match=message):
            call()


def test_arguments_that_are_no_arrays_stay_what_they_are():
    def f(x: Any, n: int, *, name: str) -> Any:
        ours.check(x > n, name)
        return [x] * n

    error, out = ours.checkify(f)(pb.numpy.float32(1), 2, name="greater")
    assert error.get() == "greater (`check` failed)" and len(out) == 2


def test_errors_are_arguments_and_results_of_compiled_functions():
    checked = ours.checkify(lambda x: positive(OURS, x))
    error, _ = pb.jit(checked)(pb.numpy.float32(-1))
    again = pb.jit(lambda e: e)(error)
    assert again.get() == error.get() and isinstance(again, ours.Error)
    assert len(pb.tree.leaves(error)) == 2
    calls = []
    counted = pb.jit(ours.checkify(lambda x: (calls.append(1), positive(OURS, x))[1]))
    for v in (1.0, -1.0, 2.0):
        counted(pb.numpy.float32(v))
    assert len(calls) == 1


def test_checks_are_effects():
    program = pb.make_jaxpr(lambda x: positive(OURS, x))(1.0)
    assert [e.value for e in program.effects] == ["Check"]
    assert [e.primitive for e in program.eqns if e.primitive.effect] == [check_p]


def test_a_divisor_may_be_a_number() -> None:
    for top, ck in ((pb, ours), (jax, theirs)):
        error, _ = top.jit(ck.checkify(lambda x: x // 0, errors=ck.div_checks))(3)
        assert "division by zero" in (error.get() or "")
