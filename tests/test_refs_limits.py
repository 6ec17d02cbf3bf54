"""Mutable arrays: what is refused and what is told; their memory, text and types."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as onp
import pytest

import pullback as pb

OURS = SimpleNamespace(m=pb, np=pb.numpy)
THEIRS = SimpleNamespace(m=jax, np=jnp)
Lib = SimpleNamespace


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
    with pytest.raises(ValueError, match="the body cannot return it"):
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
    with pytest.raises(ValueError, match="not differentiated"):
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
