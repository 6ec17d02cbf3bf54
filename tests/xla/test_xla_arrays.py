"""Arrays on XLA's devices: what they tell, what they become, and operations on them one by one."""

import copy
import pickle

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


def same(got, wanted, tol=1e-5):
    """Equal types and near values; the result lies on a device."""
    assert got.device.platform in ("xla", "cuda")
    wanted = np.asarray(wanted)
    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=tol, atol=tol)


def test_an_array_tells_its_type_and_place(x, device):
    assert isinstance(x, pb.Array)
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes) == ((2, 3), np.float32, 2, 6, 24)
    assert (x.itemsize, len(x), x.weak_type, x.committed) == (4, 2, False, True)
    assert x.device is device and x.devices() == {device}
    assert pnp.ones(2).device is pb.devices("cpu")[0]


def test_text_is_that_of_arrays_on_the_host(x):
    host = pnp.array(VALUES)
    assert repr(x) == repr(host)
    assert str(x) == str(host)
    assert f"{x[0, 1]:.2f}" == "1.00"


def test_values_leave_the_device(x):
    np.testing.assert_array_equal(np.asarray(x), VALUES)
    assert not np.asarray(x).flags.writeable
    assert np.array(x).flags.writeable
    assert x.tolist() == VALUES.tolist()
    assert x[1, 2].item() == 5.0
    assert float(x[1, 2]) == 5.0 and int(x[1, 2]) == 5 and complex(x[1, 2]) == 5.0
    assert bool(x[1, 2]) and [10, 20][pnp.astype(x[0, 1], int)] == 20
    np.testing.assert_array_equal(pb.device_get({"a": x})["a"], VALUES)


@pytest.mark.parametrize(
    "dtype",
    "bool int8 uint64 float16 bfloat16 float8_e4m3fn float8_e5m2 int4 uint4 complex64".split(),
)
def test_every_dtype_goes_there_and_back(device, dtype):
    with pb.enable_x64():
        host = pnp.array([[0, 1, 2], [3, 1, 0]]).astype(dtype)
        there = pb.device_put(host, device)
        assert there.dtype == host.dtype
        np.testing.assert_array_equal(np.asarray(there), np.asarray(host))


def test_empty_arrays_and_scalars(device):
    empty = pb.device_put(np.zeros((0, 3), np.float32), device)
    same(empty + 1, np.zeros((0, 3), np.float32))
    for kind in (int, float, bool, np.float32):
        one = pb.device_put(np.asarray(1, kind), device)
        assert one.shape == np.asarray(one).shape == ()
        assert kind(one) == 1
    scalar = pb.device_put(2.0, device)
    assert scalar.weak_type and scalar.shape == ()
    assert (scalar * pb.device_put(np.float16(3), device)).dtype == np.float16


def test_random_keys_move_whole(device):
    key = pb.device_put(pb.random.key(3), device)
    assert key.dtype == pb.random.key(3).dtype and key.shape == ()
    assert repr(key) == repr(pb.random.key(3))
    same(pb.random.normal(key, (4,)), pb.random.normal(pb.random.key(3), (4,)))
    first, _ = pb.random.split(key)
    same(pb.random.uniform(first), pb.random.uniform(pb.random.split(pb.random.key(3))[0]))


OPERATIONS = {
    "add": lambda x, y: x + y,
    "reflected": lambda x, y: 2 - x,
    "numbers": lambda x, y: x * 2.5 + 1,
    "broadcast": lambda x, y: x + y[0],
    "column": lambda x, y: x * y[:, :1],
    "compare": lambda x, y: x > y,
    "matmul": lambda x, y: x @ y.T,
    "reduce": lambda x, y: x.sum(axis=0),
    "mean": lambda x, y: pnp.mean(x),
    "index": lambda x, y: x[1],
    "negative": lambda x, y: x[-1, -2],
    "slice": lambda x, y: x[:, 1:],
    "steps": lambda x, y: x[:, ::2],
    "gather": lambda x, y: x[pnp.array([1, 0, 1])],
    "mask": lambda x, y: x[x > 2],
    "set": lambda x, y: x.at[0].set(7.0),
    "where": lambda x, y: pnp.where(x > 2, x, y),
    "sort": lambda x, y: pnp.sort(-x, axis=1),
    "transpose": lambda x, y: x.T,
    "reshape": lambda x, y: x.reshape(3, 2),
    "concatenate": lambda x, y: pnp.concatenate([x, y]),
    "softmax": lambda x, y: pb.nn.softmax(x),
    "cholesky": lambda x, y: pnp.linalg.cholesky(x @ x.T + 5 * pnp.eye(2)),
    "einsum": lambda x, y: pnp.einsum("ij,kj->ik", x, y),
    "astype": lambda x, y: x.astype(int),
    "cumsum": lambda x, y: pnp.cumsum(x, axis=1),
    "numpy operand": lambda x, y: np.ones(3, np.float32) + x,
    "like": lambda x, y: pnp.ones_like(x) * x,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_run_where_their_operands_are(x, name):
    f = OPERATIONS[name]
    wanted = f(pnp.array(VALUES), pnp.array(VALUES[::-1]))
    got = f(x, pb.device_put(VALUES[::-1], x.device))
    same(got, wanted)


def test_operands_on_the_host_come_to_the_device(x):
    same(x + pnp.array(VALUES), VALUES * 2)
    same(pnp.array(VALUES) + x, VALUES * 2)
    same(np.float32(2) * x, VALUES * 2)


def test_iteration_and_unpacking(x):
    first, second = x
    same(first, VALUES[0])
    same(second, VALUES[1])


def test_indices_out_of_bounds_are_refused(x):
    with pytest.raises(IndexError, match="axis 0"):
        x[2]


def test_many_indices_share_one_program(device):
    x = pb.device_put(np.arange(50.0, dtype=np.float32), device)
    x[0]
    before = len(device._operations)
    assert [float(x[i]) for i in range(1, 50)] == list(range(1, 50))
    assert len(device._operations) == before


def test_copies_pickles_and_dlpack(x):
    same(copy.deepcopy(x), VALUES)
    back = pickle.loads(pickle.dumps(x))
    assert back.device.platform == "cpu"
    np.testing.assert_array_equal(np.asarray(back), VALUES)
    if x.device.platform == "xla":
        np.testing.assert_array_equal(np.from_dlpack(x), VALUES)


def test_arrays_are_leaves(x):
    assert pb.tree.leaves({"a": [x]})[0] is x
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)


def test_deleted_arrays_are_refused(x):
    x.delete()
    assert x.is_deleted()
    assert "deleted" in repr(x)
    for use in (lambda: x + 1, lambda: np.asarray(x), x.block_until_ready):
        with pytest.raises(RuntimeError, match=r"deleted with shape=float32\[2,3\]"):
            use()


def test_transformations(x):
    def f(v):
        return pnp.sum(pnp.sin(v) * v)

    host = pnp.array(VALUES)
    same(pb.grad(f)(x), pb.grad(f)(host))
    same(pb.jvp(f, (x,), (x,))[1], pb.jvp(f, (host,), (host,))[1])
    same(pb.vmap(f)(x), pb.vmap(f)(host))
    same(pb.hessian(f)(x[0]), pb.hessian(f)(host[0]))
    out, pull = pb.vjp(f, x)
    same(out, f(host))
    same(pull(pb.device_put(np.float32(2), x.device))[0], 2 * pb.grad(f)(host))


def test_custom_rules(x):
    @pb.custom_vjp
    def f(v):
        return v * v

    f.defvjp(lambda v: (f(v), v), lambda v, ct: (3 * v * ct,))
    same(f(x), VALUES**2)
    same(pb.grad(lambda v: f(v).sum())(x), 3 * VALUES)


def test_control_flow(x):
    same(pb.lax.scan(lambda c, row: (c + row, c * row), x[0], x)[0], VALUES[0] + VALUES.sum(0))
    same(pb.lax.fori_loop(0, 3, lambda i, c: c + i, x), VALUES + 3)
    same(pb.lax.cond(x[1, 1] > 0, lambda v: -v, lambda v: v, x), -VALUES)
    same(pb.lax.while_loop(lambda c: c.sum() < 50, lambda c: c * 2, x), VALUES * 4)
