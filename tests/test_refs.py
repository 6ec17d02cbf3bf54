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


# What is refused, and what is told.


def write_first(ref: Any) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        ref[0] = x
        return x

    return f


def test_aliases_are_refused() -> None:
    ref = pb.new_ref(pb.numpy.zeros(2))
    with pytest.raises(ValueError, match="passed twice"):
        pb.jit(lambda a, b: a[0] + b[0])(ref, ref)
    with pytest.raises(ValueError, match="passed twice"):
        pb.lax.cond(True, lambda a, b: a[0], lambda a, b: b[0], ref, ref)
    with pytest.raises(ValueError, match="passed as an argument, and the function uses it"):
        pb.jit(lambda a: a[0] + ref[0])(ref)


def test_mutable_arrays_are_not_returned() -> None:
    ref = pb.new_ref(0.0)
    for f in (lambda r: r, lambda r: {"a": ref}, lambda r: pb.new_ref(r[...])):
        with pytest.raises(ValueError, match="cannot be returned"):
            pb.jit(f)(pb.new_ref(1.0))
    with pytest.raises(ValueError, match="cannot be returned"):
        pb.lax.cond(True, lambda: pb.new_ref(1.0), lambda: pb.new_ref(2.0))
    with pytest.raises(TypeError, match="the body cannot return it"):
        pb.lax.scan(lambda c, _: (c, None), ref, None, length=2)
    with pytest.raises(ValueError, match="cannot be returned"):
        pb.vmap(lambda r: r)(pb.new_ref(pb.numpy.zeros(2)))


@pytest.mark.parametrize(
    "transform",
    [lambda f: pb.vmap(f)(pb.numpy.ones(2)), lambda f: pb.grad(f)(1.0)],
    ids=["vmap", "grad"],
)
def test_values_of_a_transformation_stay_inside(transform: Any) -> None:
    ref = pb.new_ref(pb.numpy.zeros(2))
    for f in (write_first(ref), pb.jit(write_first(ref))):
        with pytest.raises(ValueError, match="outside of the function that"):
            transform(f)
    onp.testing.assert_array_equal(ref[...], [0.0, 0.0])


def test_what_is_mapped_may_read() -> None:
    ref = pb.new_ref(pb.numpy.arange(2.0))
    onp.testing.assert_array_equal(
        pb.vmap(lambda x: ref[...] * x)(pb.numpy.arange(3.0)), onp.outer([0, 1, 2], [0, 1])
    )


def test_one_that_leaked_says_so() -> None:
    kept: list[Any] = []

    @pb.jit
    def f(x: Any) -> Any:
        kept.append(pb.new_ref(x))
        return x

    f(1.0)
    with pytest.raises(pb.errors.UnexpectedTracerError, match="leaked"):
        kept[0][...]


def test_ended_ones_are_not_used() -> None:
    ref = pb.new_ref(pb.numpy.arange(3))
    onp.testing.assert_array_equal(pb.freeze(ref), [0, 1, 2])
    with pytest.raises(ValueError, match="after freeze had ended it"):
        ref[0]
    other = pb.new_ref(0)
    with pytest.raises(ValueError, match="can only be ended where it was made"):
        pb.jit(lambda: pb.freeze(other))()
    with pytest.raises(ValueError, match="can only be ended where it was made"):
        pb.jit(lambda r: pb.freeze(r))(other)
    assert pb.free_ref(other) == ()
    with pytest.raises(ValueError, match="after free_ref had ended it"):
        other[...] = 1


def test_rules_do_not_write_late() -> None:
    ref = pb.new_ref(0.0)

    @pb.custom_jvp
    def f(x: Any) -> Any:
        return x

    @f.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        ref[...] += 1.0
        return primals[0], tangents[0]

    with pytest.raises(NotImplementedError, match="a rule reads or writes a mutable array"):
        pb.grad(pb.jit(lambda x: f(x)))(1.0)


def test_what_is_no_place_for_them() -> None:
    ref = pb.new_ref(pb.numpy.ones(2))
    with pytest.raises(TypeError, match="no array: write ref"):
        onp.asarray(ref)
    with pytest.raises(TypeError):
        pb.numpy.sin(ref)
    with pytest.raises(TypeError, match="not differentiated"):
        pb.grad(lambda r: r[0])(ref)
    with pytest.raises(NotImplementedError, match="the condition, writes"):
        pb.lax.while_loop(lambda i: write_first(ref)(1.0) > i, lambda i: i + 1, 0.0)
    with pytest.raises(NotImplementedError, match="stages"):
        pb.jit(lambda: ref[0]).lower()
    with pytest.raises(ValueError, match="wants values of dtype float32"):
        ref[0] = pb.numpy.ones((), "int32")
    with pytest.raises(TypeError):
        pb.new_ref(ref)


def test_refused_calls_write_nothing() -> None:
    ref = pb.new_ref(pb.numpy.zeros(2))

    def f(x: Any) -> Any:
        ref[0] = x
        raise KeyError

    with pytest.raises(KeyError):
        pb.jit(f)(1.0)
    onp.testing.assert_array_equal(ref[...], [0.0, 0.0])


# Memory, text and types.


def test_a_call_writes_where_the_array_lies() -> None:
    ref = pb.new_ref(pb.numpy.zeros(5000))

    @pb.jit
    def add(i: Any, r: Any) -> None:
        r[i] += 1.0

    place = ref.unsafe_buffer_pointer()
    add(0, ref)
    add(1, ref)
    assert ref.unsafe_buffer_pointer() == place
    before, slice_of = ref[...], ref[:3]
    add(0, ref)
    assert ref.unsafe_buffer_pointer() != place
    assert before[0] == slice_of[0] == 1.0
    assert ref[0] == 2.0


def test_a_write_costs_its_elements_where_nobody_else_holds_the_array() -> None:
    with pb.default_device(pb.devices("cpu")[0]):
        write_in_place()


def write_in_place() -> None:
    ref = pb.new_ref(pb.numpy.zeros(5000) + 1)
    ref[0] = 2.0
    place = ref.unsafe_buffer_pointer()
    ref[1] = 3.0
    ref[2:4] += 1.0
    pb.ref.addupdate(ref, pb.numpy.array([4, 4]), 1.0)
    assert ref.unsafe_buffer_pointer() == place
    onp.testing.assert_array_equal(ref[:6], [2.0, 3.0, 2.0, 2.0, 3.0, 1.0])


def test_what_was_read_does_not_change() -> None:
    ref = pb.new_ref(pb.numpy.arange(5000.0))
    whole, part, host = ref[...], ref[:2], onp.asarray(ref[...])
    later = pb.jit(lambda x: pb.numpy.tanh(x[:, None] * x[None, :500]).sum())(ref[...])
    ref[0] = 7.0
    del whole
    ref[1] = 8.0
    ref[...] = ref[::-1]
    ref[0] = 9.0
    assert (part[0], part[1], host[0], host[1]) == (0.0, 1.0, 0.0, 1.0)
    x = onp.arange(5000.0, dtype="float32")
    onp.testing.assert_allclose(later, onp.tanh(x[:, None] * x[None, :500]).sum(), 1e-3)
    onp.testing.assert_array_equal(ref[-2:], [8.0, 7.0])
    value = pb.numpy.ones(3)
    other = pb.new_ref(value)
    other[...] = value
    other[0] = 5.0
    assert value[0] == 1.0


def test_a_write_that_fails_changes_nothing() -> None:
    ref = pb.new_ref(pb.numpy.zeros(3))
    ref[0] = 1.0
    for index, x in ((slice(0, 2), pb.numpy.ones(3)), (5, 1.0)):
        with pytest.raises((ValueError, IndexError)):
            ref[index] = x
    onp.testing.assert_array_equal(ref[...], [1.0, 0.0, 0.0])


def test_arrays_that_a_call_also_returns_are_kept() -> None:
    ref = pb.new_ref(pb.numpy.zeros(5000))

    @pb.jit
    def put(x: Any) -> Any:
        ref[...] = x
        return ref[...]

    x = pb.numpy.ones(5000)
    y = put(x)
    z = put(y + 1)
    put(z + 1)
    assert (x[0], y[0], z[0], ref[0]) == (1.0, 1.0, 2.0, 3.0)


def test_a_new_one_shares_nothing() -> None:
    x = pb.numpy.zeros(5000)
    ref = pb.new_ref(x)
    pb.jit(write_first(ref))(1.0)
    assert (x[0], ref[0]) == (0.0, 1.0)


def test_calls_that_are_on_their_way() -> None:
    ref = pb.new_ref(pb.numpy.ones((200, 200)))

    @pb.jit
    def step() -> None:
        ref[...] = pb.numpy.tanh(ref[...] @ ref[...])

    wanted = onp.ones((200, 200), "float32")
    for _ in range(10):
        step()
        wanted = onp.tanh(wanted @ wanted)
    onp.testing.assert_allclose(ref[...], wanted, 1e-5)


def test_text_and_types() -> None:
    ref, theirs = pb.new_ref(pb.numpy.arange(3.0)), jax.new_ref(jnp.arange(3.0))
    assert repr(ref) == repr(theirs)
    assert repr(ref.aval) == repr(theirs.aval) == repr(pb.typeof(ref))
    assert isinstance(ref, pb.Ref)
    assert (ref.shape, ref.ndim, ref.size, len(ref)) == ((3,), 1, 3, 3)
    assert pb.new_ref(1).dtype == onp.int32
    assert pb.empty_ref(pb.ShapeDtypeStruct((2,), "int32"))[...].shape == (2,)
    seen: list[Any] = []
    pb.jit(lambda r: seen.append((r.shape, isinstance(r, pb.Ref), repr(r.aval))))(ref)
    assert seen == [((3,), True, "Ref{float32[3]}")]


def test_programs_show_them_as_values() -> None:
    def f(r: Any, x: Any) -> Any:
        r[...] = r[...] * x
        return x

    text = repr(pb.make_jaxpr(f)(pb.new_ref(2.0), 3.0))
    assert text == "{ lambda ; a:f32[] b:f32[]. let c:f32[] = mul a b in (b, c) }"
    assert pb.eval_shape(f, pb.new_ref(2.0), 3.0).shape == ()


def test_a_function_is_traced_once_for_all_of_a_type() -> None:
    count = []

    @pb.jit
    def f(r: Any) -> None:
        count.append(1)
        r[0] += 1.0

    refs = [pb.new_ref(pb.numpy.zeros(2)) for _ in range(3)]
    for r in refs:
        f(r)
    f(pb.new_ref(pb.numpy.zeros(3)))
    assert len(count) == 2
    assert all(r[0] == 1.0 for r in refs)


@pytest.mark.parametrize("how", ["captured", "passed"])
def test_on_other_devices(how: str) -> None:
    device = pb.devices("xla")[0]
    ref = pb.new_ref(pb.device_put(pb.numpy.zeros(3), device))

    def f(r: Any, x: Any) -> None:
        r[0] += x
        pb.lax.fori_loop(0, 2, lambda i, c: (c, pb.ref.addupdate(r, i, x))[0], 0)

    if how == "captured":
        pb.jit(lambda x: f(ref, x))(2.0)
    else:
        pb.jit(f)(ref, 2.0)
    assert ref.sharding.device_set == {device}
    onp.testing.assert_array_equal(ref[...], [4.0, 2.0, 0.0])


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
