"""The switch of keys; listeners; passes as functions; what is told; types as arguments."""

from importlib import import_module

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp


def test_keys_of_prngkey():
    with pb.enable_custom_prng(), jax.enable_custom_prng(True):
        typed = pb.random.PRNGKey(3)
        assert pb.dtypes.issubdtype(typed.dtype, pb.dtypes.prng_key)
        assert repr(typed) == repr(jax.random.PRNGKey(3))
        made = pb.jit(pb.random.PRNGKey)(3)
        np.testing.assert_array_equal(pb.random.key_data(made), [0, 3])
    assert pb.random.PRNGKey(3).dtype == "uint32"
    assert pb.jit(pb.random.PRNGKey)(3).dtype == "uint32"


@pytest.mark.parametrize("name", ["threefry_partitionable", "softmax_custom_jvp"])
def test_switches_of_one_value(name):
    with getattr(pb, name)(True):
        pass
    with pytest.raises(NotImplementedError, match="always True"):
        getattr(pb, name)(False).__enter__()


def test_listeners():
    m, heard = pb.monitoring, []

    def hear(*args, **kwargs):
        heard.append((args, kwargs))

    kinds = [
        (m.register_event_listener, m.unregister_event_listener, m.record_event, ()),
        (m.register_event_duration_secs_listener, m.unregister_event_duration_listener,
         m.record_event_duration_secs, (1.5,)),
        (m.register_event_time_span_listener, m.unregister_event_time_span_listener,
         m.record_event_time_span, (1.0, 2.0)),
        (m.register_scalar_listener, m.unregister_scalar_listener, m.record_scalar, (3,)),
    ]  # fmt: skip
    for register, unregister, record, values in kinds:
        record("/unheard", *values)
        register(hear)
        record("/heard", *values, of="a")
        assert heard.pop() == (("/heard", *values), {"of": "a"}) and not heard
        unregister(hear)
        record("/unheard", *values)
        with pytest.raises(ValueError, match="no listener of this kind"):
            unregister(hear)
        register(hear)
        m.clear_event_listeners()
        record("/unheard", *values)
    assert not heard


@pytest.mark.parametrize("library", [pb, jax])
def test_compilations_are_told_under_jax_names(library):
    heard = []
    library.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **about: heard.append((event, about.get("fun_name"), seconds > 0))
    )

    def counted(x):
        return library.numpy.cos(x) * 3

    f = library.jit(counted)
    f(np.float32(2))
    library.monitoring.clear_event_listeners()
    for what in ("jaxpr_trace", "backend_compile"):
        event = f"/jax/core/compile/{what}_duration"
        assert any(e == event and "counted" in n and late for e, n, late in heard)


@pytest.mark.parametrize("jitted", [True, False])
@pytest.mark.parametrize("argnums", [0, (1,), (0, 2)])
def test_passes_as_functions_are_jax(argnums, jitted):
    args = [np.float32([1, 2]), np.float32([3, 4]), {"a": np.float32(2)}]

    def passes(s):
        def f(x, y, z):
            return s.numpy.sin(x) * y * z["a"], {"kept": x}

        fwd, bwd = s.fwd_and_bwd(f, argnums, has_aux=True, jitted=jitted)
        y, residuals, aux = fwd(*args)
        first = bwd(residuals, np.float32([1, -1]))
        return y, aux, first, bwd(residuals, np.float32([0, 2]))

    jax.tree.map(lambda g, w: np.testing.assert_allclose(g, w, rtol=1e-6), passes(pb), passes(jax))


def test_backward_passes_are_compiled_once():
    traced = []

    def f(x):
        traced.append(x)
        return pnp.sin(x)

    fwd, bwd = pb.fwd_and_bwd(f, 0)
    for v in (0.0, 1.0, 2.0):
        y, residuals = fwd(np.float32(v))
        np.testing.assert_allclose(bwd(residuals, pnp.ones_like(y)), np.cos(v), rtol=1e-6)
    assert len(traced) == 1


def test_what_is_told_of_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("PULLBACK_SOMETHING", "said")
    text = pb.print_environment_info(return_string=True)
    assert pb.print_environment_info() is None
    assert capsys.readouterr().out == text + "\n"
    assert f"numpy: {np.__version__}" in text and "PULLBACK_SOMETHING=said" in text


def test_types_have_shapes():
    t = pb.ShapeDtypeStruct((2, 3), "int32")
    assert (pnp.shape(t), pnp.ndim(t), pnp.size(t), pnp.size(t, 0)) == ((2, 3), 2, 6, 2)
    assert pb.typeof(t) == pb.typeof(pnp.ones((2, 3), "int32"))


def test_integer_results_take_cotangents_of_their_own_type():
    for s in (pb, jax):
        _, pull = s.vjp(lambda x, s=s: (2 * x, s.numpy.int32(x), x > 0), 3.0)
        for i, b in ((np.int32(1), np.bool_(True)), (np.zeros((), s.float0),) * 2):
            assert pull((1.0, i, b))[0] == 2


@pytest.mark.parametrize("p", (pb, jax))
def test_devices_know_their_platform_process_and_memory(p):
    device = p.devices("cpu")[0]
    assert device.host_id == device.task_id == device.process_index == 0
    client = device.client
    assert client is device.client and client.platform == "cpu"
    assert isinstance(client.runtime_type, str) and client.platform_version == "cpu"
    assert client.process_index() == client.host_id() == client.task_id() == 0
    assert client.devices() == p.devices("cpu") and client.local_devices() == p.local_devices()
    assert client.device_from_local_hardware_id(0) is device
    assert client.device_count() == client.local_device_count() == p.device_count()
    memory = device.default_memory()
    assert memory in device.addressable_memories() and memory == device.memory("device")
    assert (memory.kind, memory.platform, memory.process_index) == ("device", "cpu", 0)
    assert memory.addressable_by_devices() == [device]
    assert repr(memory) == "CPU_DEVICE_0"
    assert str(memory) == "CpuDeviceMemory(id=0, process_index=0, client=cpu)"
    with pytest.raises(RuntimeError, match="memory"):
        device.memory("elsewhere")


@pytest.mark.parametrize("p", (pb, jax))
def test_memory_spaces(p):
    assert list(map(repr, p.memory.Space)) == [
        f"MemorySpace.{n}" for n in ("Device", "Host", "Any")
    ]
    x = p.device_put(np.arange(3), p.memory.Space.Device)
    assert p.typeof(x).memory_space is p.memory.Space.Device
    assert x.sharding.memory_kind == "device"
    np.testing.assert_array_equal(x, np.arange(3))


@pytest.mark.parametrize("p", (pb, jax))
def test_devices_that_are_not_there(p):
    for ask in (p.devices, p.device_count, lambda name: p.local_devices(backend=name)):
        with pytest.raises(RuntimeError, match="nowhere"):
            ask("nowhere")
    for put in (
        lambda: p.device_put(1.0, 3),
        lambda: p.device_put({"a": 1.0}, {"a": p.devices}),
        lambda: p.default_device(3).__enter__(),
        lambda: p.config.update("jax_default_device", 3),
    ):
        with pytest.raises(ValueError, match=r"3|devices"):
            put()


@pytest.mark.parametrize("p", (pb, jax))
def test_sizes_and_values_while_tracing_under_core(p):
    assert (p.core.max_dim(2, 3), p.core.min_dim(2, 3)) == (3, 2)
    export = import_module(f"{p.__name__}.export")
    a, b = export.symbolic_shape("a, b", constraints=["a >= b"])
    assert p.core.max_dim(a, b) is a and p.core.min_dim(a, b) is b
    assert p.core.max_dim(b, a) is a and p.core.min_dim(b, a) is b

    def f(x):
        with p.core.ensure_compile_time_eval():
            return x * int(p.numpy.arange(3).sum())

    assert float(p.jit(f)(2.0)) == 6.0
