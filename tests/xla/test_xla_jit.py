"""Compiled programs on XLA's devices: where they run, what they give up, what goes wrong."""

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(params=["xla", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request):
    return pb.devices(request.param)[0]


@pytest.fixture
def x(device):
    return pb.device_put(VALUES, device)


def near(got, wanted, device, tol=1e-5):
    """Near values, on this device."""
    assert got.device is device
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=tol, atol=tol)


def test_a_program_runs_where_its_arguments_are(x, device):
    f = pb.jit(lambda x, y: {"sum": x + y, "dot": x @ y.T})
    out = f(x, x)
    near(out["sum"], VALUES * 2, device)
    near(out["dot"], VALUES @ VALUES.T, device)
    assert f(VALUES, VALUES)["sum"].device.platform == "cpu"
    near(f(x, VALUES)["sum"], VALUES * 2, device)
    assert f._cache_size() == 3
    f(x, x)
    assert f._cache_size() == 3


def test_a_program_runs_where_jit_says(x, device):
    for f in (
        pb.jit(lambda v: v * 2, device=device),
        pb.jit(lambda v: v * 2, backend=str(device.platform)),
    ):
        near(f(VALUES), VALUES * 2, device)
        near(f(3.0), 6.0, device)
        near(f(pnp.array(VALUES)), VALUES * 2, device)
        near(f(x), VALUES * 2, device)
        assert f(3.0).committed
        slope = pb.grad(lambda v, f=f: f(v).sum())
        near(slope(x), np.full((2, 3), 2.0), device)
        np.testing.assert_array_equal(np.asarray(slope(VALUES)), np.full((2, 3), 2.0))
        near(pb.vmap(f)(VALUES), VALUES * 2, device)
    here = pb.jit(lambda v: v * 2, device="cpu")
    assert here(x).device.platform == "cpu"
    np.testing.assert_array_equal(np.asarray(here(x)), VALUES * 2)


def test_a_cotangent_goes_back_where_the_argument_lies(device):
    slope = pb.grad(lambda v: pb.device_put(v, device).sum())(pnp.array(VALUES))
    assert slope.device.platform == "cpu"


def test_captured_arrays_take_the_program_along(x, device):
    f = pb.jit(lambda v: v + x)
    near(f(1.0), VALUES + 1, device)
    near(f(VALUES), VALUES * 2, device)
    near(pb.jit(lambda: x)(), VALUES, device)


def test_transformed_programs(x, device):
    def loss(w, v):
        return pnp.mean(pnp.tanh(v @ w) ** 2)

    w = pb.device_put(np.ones((3, 2), np.float32), device)
    host = loss, np.ones((3, 2), np.float32), VALUES
    near(pb.jit(pb.grad(loss))(w, x), pb.grad(host[0])(*host[1:]), device)
    near(pb.grad(pb.jit(loss))(w, x), pb.grad(host[0])(*host[1:]), device)
    near(pb.jit(pb.vmap(loss, (None, 0)))(w, x), pb.vmap(loss, (None, 0))(*host[1:]), device)
    near(pb.jit(pb.hessian(loss))(w, x), pb.hessian(loss)(*host[1:]), device, 1e-4)


def test_loops_and_branches(x, device):
    def path(v):
        def step(c, row):
            c = pb.lax.cond(c.sum() > 4, lambda a: a * 0.5, lambda a: a + row, c)
            return c, c.sum()

        return pb.lax.scan(step, v[0], v)

    for got, wanted in zip(pb.jit(path)(x), pb.jit(path)(VALUES), strict=True):
        near(got, wanted, device)

    def total(v):
        return path(v)[1].sum()

    near(pb.jit(pb.grad(total))(x), pb.jit(pb.grad(total))(VALUES), device)


def test_random_numbers_are_those_of_the_host(device):
    draw = pb.jit(
        lambda k: (pb.random.normal(k, (5,)), pb.random.bits(k, (3,)), pb.random.split(k))
    )
    key = pb.random.key(7)
    there, here = draw(pb.device_put(key, device)), draw(key)
    near(there[0], here[0], device)
    np.testing.assert_array_equal(np.asarray(there[1]), np.asarray(here[1]))
    assert there[2].dtype == here[2].dtype and there[2].device is device


def test_static_arguments_and_pytrees(x, device):
    f = pb.jit(lambda tree, n: pb.tree.map(lambda v: v * n, tree), static_argnums=1)
    out = f({"a": [x, 2.0], "b": None}, 3)
    near(out["a"][0], VALUES * 3, device)
    near(out["a"][1], 6.0, device)


def test_64_bits(device):
    with pb.enable_x64():
        x = pb.device_put(np.linspace(0, 1, 5), device)
        assert x.dtype == np.float64
        near(pb.jit(pnp.sin)(x), np.sin(np.linspace(0, 1, 5)), device, 1e-14)


def test_donated_arguments_are_deleted(x, device):
    f = pb.jit(lambda v, w: v + w, donate_argnums=0)
    w = pb.device_put(VALUES, device)
    near(f(x, w), VALUES * 2, device)
    assert x.is_deleted() and not w.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        f(x, w)


def test_donated_arguments_from_the_host_stay(device):
    f = pb.jit(lambda v: v + 1, donate_argnums=0, device=device)
    host = pnp.array(np.ones((64, 1024), np.float32))
    for _ in range(2):
        near(f(host), np.full((64, 1024), 2.0), device)
        near(f(1.0), 2.0, device)
    np.testing.assert_array_equal(np.asarray(host), np.ones((64, 1024), np.float32))


def test_unused_and_forwarded_arguments(x, device):
    f = pb.jit(lambda a, b, c: (b, a, a))
    for got in f(x, 2.0, VALUES)[1:]:
        near(got, VALUES, device)


def test_committed_arrays_stay_committed(x, device):
    assert pb.jit(lambda v: v + 1)(x).committed
    with pb.default_device(device):
        loose = pnp.ones((2, 3)) + 1
        assert loose.device is device and not loose.committed
        assert not pb.jit(lambda v: v + 1)(loose).committed
    assert (loose + x).committed


def test_results_are_forgotten_with_the_caches(x, device):
    f = pb.jit(lambda v: v + 1)
    near(f(x), VALUES + 1, device)
    pb.clear_caches()
    near(f(x), VALUES + 1, device)


def test_programs_without_results_or_arguments(device):
    assert pb.jit(lambda v: None)(pb.device_put(1.0, device)) is None
    near(pb.jit(lambda: pnp.ones(2), device=device)(), np.ones(2), device)


def test_callbacks(x, device, capfd):
    shape = pb.ShapeDtypeStruct((2, 3), np.float32)
    f = pb.jit(lambda v: pb.pure_callback(lambda a: np.asarray(a) * 2, shape, v) + 1)
    near(f(x), VALUES * 2 + 1, device)
    near(f(x), VALUES * 2 + 1, device)
    near(pb.pure_callback(lambda a: np.asarray(a) * 2, shape, x), VALUES * 2, device)

    @pb.jit
    def shown(v):
        pb.debug.print("sum {}", v.sum())
        return v + 1

    near(shown(x), VALUES + 1, device)
    pb.effects_barrier()
    assert "sum 15" in capfd.readouterr().out


def test_an_error_in_a_callback_is_raised_where_its_value_is_used(x):
    def broken(_):
        raise ValueError("nothing to see")

    shape = pb.ShapeDtypeStruct((2, 3), np.float32)
    f = pb.jit(lambda v: pb.pure_callback(broken, shape, v) + 1)
    with pytest.raises(RuntimeError, match="nothing to see"):
        np.asarray(f(x))


def test_results_that_are_not_there_yet_are_waited_for(x, device):
    f = pb.jit(lambda v: pb.lax.fori_loop(0, 1000, lambda i, c: c + 1, v))
    out = f(x)
    out.copy_to_host_async()
    assert out.block_until_ready() is out and out.is_ready()
    near(pb.block_until_ready({"a": out})["a"], VALUES + 1000, device)


def test_without_compilation_operations_run_one_by_one(x, device):
    seen = []
    with pb.disable_jit():
        near(pb.jit(lambda v: (seen.append(v), v + 1)[1])(x), VALUES + 1, device)
    assert seen[0] is x
