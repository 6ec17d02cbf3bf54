"""Mutable arrays: the same functions here and in JAX give the same results and write the same."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as onp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pullback as pb

OURS = SimpleNamespace(m=pb, np=pb.numpy)
THEIRS = SimpleNamespace(m=jax, np=jnp)
Lib = SimpleNamespace


def index_writes(lib: Lib, ref: Any, x: Any) -> Any:
    ref[0] = x[1]
    ref[1, 2] = 5.0
    ref[:, 1] += x[:, 0]
    ref[0, :2] = ref[1, 1:3]
    ref[lib.np.array([1, 0]), lib.np.array([0, 2])] = x[0, :2]
    lib.m.ref.addupdate(ref, lib.np.array([1, 1]), x)
    return lib.m.ref.swap(ref, (0, 0), 9.0), ref[-1], ref[..., ::2]


def in_scan(lib: Lib, ref: Any, x: Any) -> Any:
    def body(c: Any, i: Any) -> Any:
        ref[i] += c * x[i]
        return c + ref[...].sum(), ref[0, i]

    return lib.m.lax.scan(body, 1.0, lib.np.arange(2), reverse=True)


def in_loops(lib: Lib, ref: Any, x: Any) -> Any:
    def step(i: Any, c: Any) -> Any:
        ref[i % 2, i % 3] = c
        return c * 2

    last = lib.m.lax.fori_loop(0, 5, step, 1.0)

    def body(i: Any) -> Any:
        ref[...] = ref[...] * 2
        return i + 1

    return last, lib.m.lax.while_loop(lambda i: i < 3, body, 0)


def in_branches(lib: Lib, ref: Any, x: Any) -> Any:
    other = lib.m.new_ref(x)

    def one() -> Any:
        ref[0, 0] = 7.0
        return other[0, 0]

    def two() -> Any:
        other[...] += ref[...]
        return ref[1, 1]

    first = lib.m.lax.cond(x[0, 0] > 0, one, two)
    second = lib.m.lax.switch(lib.np.asarray(1), [one, two, lambda: x[0, 1]])
    return first, second, other[...]


def nested(lib: Lib, ref: Any, x: Any) -> Any:
    @lib.m.jit
    def add(r: Any, v: Any) -> Any:
        r[0] += v
        return r[1].sum()

    def body(c: Any, v: Any) -> Any:
        y = lib.m.lax.cond(c > 1, lambda: add(ref, v), lambda: c)
        return c + 1, y

    return add(ref, x[0]), lib.m.lax.scan(body, 0.0, x)


def over_slices(lib: Lib, ref: Any, x: Any) -> Any:
    def body(c: Any, slices: Any) -> Any:
        r, v = slices
        r[...] += v * c
        return c + 1, r[0]

    return lib.m.lax.scan(body, 1.0, (ref, x))


def mapped(lib: Lib, ref: Any, x: Any) -> Any:
    def each(r: Any, v: Any, s: Any) -> Any:
        r[0] = v.sum() * s
        return r[1]

    return lib.m.vmap(each, in_axes=(1, 1, None))(ref, x, 2.0)


def differentiated(lib: Lib, ref: Any, x: Any) -> Any:
    def loss(v: Any, r: Any) -> Any:
        y = lib.np.sin(v)
        r[...] += lib.m.lax.stop_gradient(y)
        return y.sum() * r[0, 0]

    return lib.m.value_and_grad(loss)(x, ref)


FUNCTIONS = {
    f.__name__: f
    for f in (
        index_writes, in_scan, in_loops, in_branches, nested, over_slices, mapped, differentiated,
    )
}  # fmt: skip
START = onp.arange(6, dtype="float32").reshape(2, 3)
X = onp.array([[0.5, -1.0, 2.0], [3.0, 0.25, -2.0]], "float32")


def run(lib: Lib, f: Callable[..., Any], how: str, times: int = 2) -> Any:
    """The results of calls, and what the mutable array holds then."""
    ref, x = lib.m.new_ref(lib.np.asarray(START)), lib.np.asarray(X)
    passed = lib.m.jit(lambda r, v: f(lib, r, v))
    call: dict[str, Callable[..., Any]] = {
        "eager": lambda v: f(lib, ref, v),
        "captured": lib.m.jit(lambda v: f(lib, ref, v)),
        "passed": lambda v: passed(ref, v),
    }
    outs = [call[how](x) for _ in range(times)]
    return outs, ref[...]


def equal(ours: Any, theirs: Any) -> None:
    leaves, wanted = pb.tree.leaves(ours), jax.tree.leaves(theirs)
    for a, b in zip(leaves, wanted, strict=True):
        assert a.dtype == b.dtype
        onp.testing.assert_allclose(a, b, 1e-5)


@pytest.mark.parametrize("how", ["eager", "captured", "passed"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_jax(name: str, how: str) -> None:
    f = FUNCTIONS[name]
    equal(run(OURS, f, how), run(THEIRS, f, how))


def test_a_condition_reads_what_the_body_writes() -> None:
    ref = pb.new_ref(pb.numpy.ones(2))

    def body(i: Any) -> Any:
        ref[0] *= 2
        return i + 1

    run = pb.jit(lambda: pb.lax.while_loop(lambda i: ref[0] < 50, body, 0))
    assert (run(), run(), ref[0]) == (6, 0, 64.0)


def test_without_jit() -> None:
    with pb.disable_jit():
        ours = run(OURS, nested, "passed")
    equal(ours, run(THEIRS, nested, "passed"))


# Pure functions that use mutable arrays inside.


def squared(lib: Lib, x: Any) -> Any:
    ref = lib.m.new_ref(x)
    ref[...] = ref[...] * ref[...]
    ref[0] += x[1]
    return lib.m.freeze(ref)


def powers(lib: Lib, x: Any) -> Any:
    total = lib.m.new_ref(lib.np.zeros_like(x))

    def body(c: Any, i: Any) -> Any:
        total[...] += c * lib.np.sin(x)
        total[0] = total[0] * i
        return c * x, None

    lib.m.lax.scan(body, x, lib.np.arange(3.0))
    return total[...]


def chosen(lib: Lib, x: Any) -> Any:
    ref = lib.m.new_ref(x)

    def double() -> None:
        ref[...] = ref[...] * x[0]

    lib.m.lax.cond(x[0] > 0, double, lambda: None)
    return ref[...].sum() * x


def again(lib: Lib, x: Any) -> Any:
    ref = lib.m.new_ref(0.0)

    @lib.m.jit
    def add(v: Any) -> None:
        ref[...] += lib.np.sin(v)

    for i in range(3):
        add(x[i % 2])
    return ref[...] * x


def powers_plain(x: Any) -> Any:
    total, c = jnp.zeros_like(x), x
    for i in range(3):
        total = total + c * jnp.sin(x)
        total, c = total.at[0].multiply(i), c * x
    return total


# Each with the same function without mutable arrays.
PURE = {
    "squared": (squared, lambda x: (x * x).at[0].add(x[1])),
    "powers": (powers, powers_plain),
    "chosen": (chosen, lambda x: jnp.where(x[0] > 0, x * x[0], x).sum() * x),
    "again": (again, lambda x: (2 * jnp.sin(x[0]) + jnp.sin(x[1])) * x),
}
TRANSFORMS: dict[str, Callable[[ModuleType], Callable[..., Any]]] = {
    "jit": lambda m: lambda f: m.jit(f),
    "grad": lambda m: lambda f: m.grad(lambda x: f(x).sum()),
    "grad of jit": lambda m: lambda f: m.grad(m.jit(lambda x: f(x).sum())),
    "jit of grad": lambda m: lambda f: m.jit(m.grad(lambda x: f(x).sum())),
    "jacfwd": lambda m: lambda f: m.jacfwd(f),
    "hessian": lambda m: lambda f: m.hessian(lambda x: (f(x) ** 2).sum()),
    "vmap": lambda m: lambda f: lambda x: m.vmap(f)(m.numpy.stack([x, -x])),
    "vmap of grad": lambda m: (
        lambda f: lambda x: m.vmap(m.grad(lambda v: f(v).sum()))(m.numpy.stack([x, -x]))
    ),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", PURE)
def test_inside_of_pure_functions(name: str, transform: str) -> None:
    (f, plain), x = PURE[name], onp.array([0.5, -1.5], "float32")
    ours = TRANSFORMS[transform](pb)(lambda v: f(OURS, v))(pb.numpy.asarray(x))
    theirs = TRANSFORMS[transform](jax)(plain)(jnp.asarray(x))
    assert ours.dtype == theirs.dtype
    onp.testing.assert_allclose(ours, theirs, 2e-5, 1e-6)


def test_checkpoint() -> None:
    def f(x: Any) -> Any:
        ref = pb.new_ref(x)

        @pb.checkpoint
        def g(y: Any) -> Any:
            ref[...] = pb.numpy.sin(ref[...] * y)
            return y

        return g(x) + ref[...]

    wanted = jax.grad(lambda x: x + jnp.sin(x * x))(2.0)
    for derivative in (pb.grad(f), pb.jit(pb.grad(f)), pb.grad(pb.jit(f))):
        onp.testing.assert_allclose(derivative(2.0), wanted, 1e-6)


def stashing(lib: Lib) -> Callable[..., Any]:
    @lib.m.custom_vjp
    def stash(ref: Any, x: Any) -> Any:
        return x

    def backward(ref: Any, ct: Any) -> Any:
        ref[...] = ct
        return None, ct

    stash.defvjp(lambda ref, x: (x, ref), backward)
    return stash


@pytest.mark.parametrize("jitted", [False, True])
def test_gradients_on_the_way(jitted: bool) -> None:
    found = []
    for lib in (OURS, THEIRS):
        stash, ref = stashing(lib), lib.m.new_ref(0.0)

        def f(x: Any, r: Any, lib: Lib = lib, stash: Any = stash) -> Any:
            return lib.np.sin(stash(r, x * x))

        derivative = lib.m.jit(lib.m.grad(f)) if jitted else lib.m.grad(f)
        found.append((derivative(1.5, ref), ref[...]))
    onp.testing.assert_allclose(found[0], found[1], 1e-6)


def test_gradients_on_the_way_out_of_a_jitted_function_say_how() -> None:
    stash = stashing(OURS)
    f = pb.jit(lambda x, r: pb.numpy.sin(stash(r, x)))
    with pytest.raises(NotImplementedError, match=r"jit\(grad\(f\)\)"):
        pb.grad(f)(1.0, pb.new_ref(0.0))


# Random programs of reads and writes, nested.

Step = tuple[Any, ...]
SIMPLE = st.sampled_from(["set", "add", "scale", "copy", "jit"]).flatmap(
    lambda kind: st.tuples(st.just(kind), st.integers(0, 2), st.integers(0, 2))
)


def programs(depth: int) -> Any:
    if not depth:
        return st.lists(SIMPLE, max_size=3)
    inner = programs(depth - 1)
    held = st.tuples(st.sampled_from(["scan", "while", "cond", "call"]), inner, inner)
    return st.lists(SIMPLE | held, max_size=3)


def act(lib: Lib, refs: list[Any], step: Step, i: Any) -> None:
    kind, a, b = step
    if kind == "set":
        refs[a][b] = refs[b][a] + i
    elif kind == "add":
        refs[a][i % 3] += refs[b][0] * 0.5
    elif kind == "scale":
        refs[a][...] = refs[a][...] * 0.75 + b
    elif kind == "copy":
        refs[a][...] = refs[b][...]
    elif kind == "jit":
        lib.m.jit(lambda r, v: lib.m.ref.addupdate(r, b, v))(refs[a], i * 1.0)
    else:
        hold(lib, refs, kind, (a, b), i)


def hold(lib: Lib, refs: list[Any], kind: str, programs: Any, i: Any) -> None:
    def run_all(which: int, i: Any) -> None:
        for step in programs[which]:
            act(lib, refs, step, i)

    def body(c: Any, j: Any) -> Any:
        run_all(0, c + j)
        return c + 1, None

    def turn(k: Any) -> Any:
        run_all(1, k)
        return k + 1

    if kind == "scan":
        lib.m.lax.scan(body, i, lib.np.arange(2))
    elif kind == "while":
        lib.m.lax.while_loop(lambda k: k < i + 2, turn, i)
    elif kind == "cond":
        lib.m.lax.cond(refs[0][1] > 1.0, lambda: run_all(0, i), lambda: run_all(1, i))
    else:
        lib.m.jit(lambda v: run_all(0, v))(i)


@settings(max_examples=15, deadline=None)
@given(programs(2), st.booleans())
def test_random_programs(program: list[Step], jitted: bool) -> None:
    found = []
    for lib in (OURS, THEIRS):
        values = [lib.np.arange(3.0) + k for k in range(3)]
        refs = [lib.m.new_ref(v) for v in values]

        def whole(i: Any, lib: Lib = lib, refs: list[Any] = refs) -> None:
            for step in program:
                act(lib, refs, step, i)

        (lib.m.jit(whole) if jitted and lib is OURS else whole)(lib.np.asarray(1))
        found.append([onp.asarray(r[...]) for r in refs])
    onp.testing.assert_allclose(found[0], found[1], 1e-5)


# Gradients in what mutable arrays hold.


def use_and_write(ref: Any, x: Any) -> Any:
    def body(c: Any, i: Any) -> Any:
        ref[i] += c * x[i]
        return c * ref[0], None

    return pb.lax.scan(body, 1.0, pb.numpy.arange(3))[0]


def used_and_written(r: Any, x: Any) -> Any:
    """The same, without mutable arrays: the result, and what it holds in the end."""
    c = 1.0
    for i in range(3):
        r = r.at[i].add(c * x[i])
        c = c * r[0]
    return c, r


@pytest.mark.parametrize("jitted", [False, True])
def test_gradients_of_what_is_held(jitted: bool) -> None:
    start, x = onp.array([1.0, 2.0, 3.0], "float32"), onp.array([0.5, -1.0, 2.0], "float32")
    ref, total = pb.new_ref(start), pb.new_ref(pb.numpy.ones(3))

    def both(ref: Any, total: Any, x: Any) -> Any:
        y, pulled = pb.vjp(use_and_write, ref, x)
        return y, pulled.with_refs(total, pb.ad.GradValue())(2.0)

    y, (mark, slope) = (pb.jit(both) if jitted else both)(ref, total, pb.numpy.asarray(x))
    (wanted, held), pulled = jax.vjp(used_and_written, jnp.asarray(start), jnp.asarray(x))
    of_start, of_x = pulled((2.0, jnp.ones(3)))
    assert mark == pb.ad.GradRef()
    for a, b in ((y, wanted), (ref[...], held), (total[...], of_start), (slope, of_x)):
        onp.testing.assert_allclose(a, b, 1e-5)


def test_gradients_are_added() -> None:
    total, x = pb.new_ref(pb.numpy.zeros(10)), pb.numpy.arange(10.0)
    take = pb.jit(lambda x, i: x[i] * x[0])
    wanted = onp.zeros(10)
    for i in (3, 5, 3):
        mark, none = pb.vjp(take, x, i)[1].with_refs(total, pb.ad.GradValue())(1.0)
        assert (mark, none.dtype) == (pb.ad.GradRef(), pb.dtypes.float0)
        wanted += jax.grad(lambda x, i=i: x[i] * x[0])(jnp.arange(10.0))
    onp.testing.assert_allclose(total[...], wanted)


def test_gradients_that_are_not_wanted() -> None:
    pulled = pb.vjp(lambda t, x: t["a"] * t["b"] * x, {"a": 2.0, "b": 3.0}, 5.0)[1]
    total = pb.new_ref(1.0)
    entries = {"a": total, "b": pb.ad.GradValue()}
    first, second = pulled.with_refs(entries, pb.ad.DontWant())(1.0)
    assert (first, second) == ({"a": pb.ad.GradRef(), "b": 10.0}, pb.ad.DidntWant())
    assert total[...] == 16.0


def test_what_with_refs_refuses() -> None:
    pulled = pb.vjp(lambda r, x: r[...] * x, pb.new_ref(2.0), 3.0)[1]
    with pytest.raises(ValueError, match=r"with_refs\(ref, \.\.\.\)"):
        pulled(1.0)
    with pytest.raises(ValueError, match="the gradient of a mutable array wants one"):
        pulled.with_refs(pb.ad.GradValue(), pb.ad.GradValue())
    with pytest.raises(ValueError, match=r"the gradient has type float32\[\]"):
        pulled.with_refs(pb.new_ref(pb.numpy.ones(2)), pb.ad.GradValue())
    with pytest.raises(ValueError, match="an entry for each of 2 arguments"):
        pulled.with_refs(pb.new_ref(0.0))
    with pytest.raises(TypeError, match=r"wants mutable arrays, ad.GradValue\(\)"):
        pulled.with_refs(1.0, pb.ad.GradValue())


@pytest.mark.parametrize("p", (pb, jax))
def test_shapes_of_mutable_arrays_are_those_of_what_they_hold(p):
    ref = p.new_ref(onp.ones((2, 3), onp.float32))
    assert p.numpy.shape(ref) == (2, 3) and p.numpy.ndim(ref) == 2
