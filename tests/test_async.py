"""Compiled calls that return before they are done: whatever uses their results sees them done, and
what goes into them is theirs alone."""

import copy
import gc
import pickle
import signal
import threading
import weakref
from functools import partial

import numpy as np
import pytest

import pullback as pb
from pullback import _native, config, lax
from pullback import numpy as pnp


@pytest.fixture(autouse=True)
def all_calls():
    """Every call is handed over, short ones too."""
    before = _native.launch_above(1.0)
    yield
    _native.launch_above(before)


def at_once(f, *args):
    """The same without anything on its way."""
    before = _native.launch_above(np.inf)
    try:
        return pb.block_until_ready(f(*args))
    finally:
        _native.launch_above(before)


def steps(x, n=3000):
    """Takes some milliseconds; the result depends on every step."""
    return lax.fori_loop(0, n, lambda _, c: pnp.sin(c) + x, x)


f = pb.jit(steps)
g = pb.jit(lambda x: steps(x) * 2 - x)
total = pb.jit(lambda x: steps(x).sum())
count = pb.jit(lambda x: (steps(x) > 0).sum())
turn = (lambda c: c[0] >= 0), (lambda c: (c[0], c[1] * 1.0))
endless = pb.jit(lambda x: lax.while_loop(*turn, (0, x))[1])


def start():
    return pnp.linspace(0.1, 1.0, 64)


def pieces(y):
    first, *rest = y
    return [first, *rest]


def updated(y):
    return y.at[3].set(7.0).at[5:9].add(y[:4])


USES = {
    "asarray": np.asarray,
    "array": lambda y: np.array(y, copy=True),
    "array of another dtype": lambda y: np.asarray(y, np.float64),
    "memoryview": lambda y: np.array(memoryview(y)),
    "bytes": lambda y: np.frombuffer(bytes(y), np.float32),
    "dlpack": np.from_dlpack,
    "own dlpack": pnp.from_dlpack,
    "list": lambda y: y.tolist(),
    "item": lambda y: [y.item(3), y[4].item()],
    "iteration": pieces,
    "repr": lambda y: np.array([repr(y), str(y), f"{y[0]:.3f}"]),
    "pickle": lambda y: pickle.loads(pickle.dumps(y)),
    "copies": lambda y: [copy.copy(y), copy.deepcopy(y), y.copy()],
    "comparison": lambda y: [y == y, y < 0.5, y != pnp.ones(64)],
    "indexing": lambda y: [y[3], y[-1], y[1:9:2], y[pnp.array([1, 5])], y[y > 0.5]],
    "updates": updated,
    "arithmetic": lambda y: [
        y + 1,
        2 * y,
        y - y,
        y / start(),
        -y,
        y**2,
        y @ y,
        abs(y),
        divmod(y, 2),
    ],
    "numpy's operators": lambda y: [np.ones(64, np.float32) + y, np.add(y, 1), np.dot(y, y)],
    "eager": lambda y: [pnp.sum(y), pnp.sort(y), pnp.concatenate([y, y]), pnp.where(y > 0, y, 0)],
    "views": lambda y: [y.reshape(8, 8).T, y[None], pnp.broadcast_to(y, (2, 64)), y.astype(int)],
    "a short call": lambda y: at_once(pb.jit(lambda y: y + 1), y),
    "a long call": g,
    "both at once": lambda y: pb.jit(lambda y, z: (y, z + y))(y, g(y)),
    "a gradient": lambda y: pb.grad(lambda y: (steps(y, 5) ** 2).sum())(y),
    "vmap": lambda y: pb.vmap(lambda a: pnp.sin(a) + a)(y),
    "a loop": lambda y: lax.scan(lambda c, a: (c + a, c * a), 0.0, y),
    "a branch": lambda y: lax.cond(y[0] > 0, pnp.sin, pnp.cos, y),
    "python's branch": lambda y: y if y.sum() > 0 else -y,
    "closure": lambda y: pb.jit(lambda a: a * y)(2.0),
    "tree": lambda y: pb.block_until_ready({"a": y, "b": (y, 1)}),
    "device_get": lambda y: pb.device_get([y, y]),
    "device_put": lambda y: pb.device_put(y),
    "another device": lambda y: pnp.sin(pb.device_put(y, pb.devices("xla")[0])),
    "random": lambda y: pb.random.normal(pb.random.key(count(y)), (3,)),
    "a callback": lambda y: pb.pure_callback(np.cumsum, pb.ShapeDtypeStruct(y.shape, y.dtype), y),
    "numbers": lambda y: [float(total(y)), int(count(y)), complex(total(y)), bool(count(y))],
    "an index": lambda y: [list(range(64))[count(y) % 64], start()[count(y) % 64]],
    "scalars": lambda y: [
        total(y) + 1,
        total(y).item(),
        y * total(y),
        pnp.exp(-total(y)),
        count(y),
    ],
}


@pytest.mark.parametrize("use", USES)
def test_uses_wait(use):
    wanted = at_once(lambda: USES[use](f(start())))
    got = USES[use](f(start()))
    pb.tree.map(np.testing.assert_array_equal, pb.device_get(got), pb.device_get(wanted))


def stopped(y, use=pb.block_until_ready):
    """Ctrl-C while the main thread waits."""
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        use(y)
    timer.join()


def test_what_is_known_before():
    y = endless(start())
    assert not y.is_ready() and not y.is_deleted()
    assert (y.shape, y.dtype, y.size, y.ndim, len(y), y.nbytes) == (
        (64,),
        np.float32,
        64,
        1,
        64,
        256,
    )
    assert y.aval == start().aval and y.copy_to_host_async() is None
    assert pb.eval_shape(f, y) == pb.ShapeDtypeStruct((64,), np.float32)
    stopped(y)


def test_chains():
    wanted, x, y = start(), start(), start()
    for _ in range(12):
        wanted = at_once(f, wanted)
    for _ in range(12):
        x = f(x)
        y, z = f(y), f(y)
    np.testing.assert_array_equal(x, wanted)
    np.testing.assert_array_equal(y, wanted)
    np.testing.assert_array_equal(z, wanted)


def test_many_calls_that_nobody_waits_for():
    for k in range(100):
        y = pb.jit(lambda x, k: pnp.sin(x) + k)(start(), k)
    np.testing.assert_array_equal(y, at_once(lambda: pnp.sin(start()) + 99))


def over_rows(x):
    return lax.scan(lambda c, row: (pnp.sin(c) + row, c.sum()), pnp.zeros(x.shape[1]), x)


GIVEN = {
    "jit": f,
    "eager loop": steps,
    "eager scan": over_rows,
    "branch": lambda x: lax.cond(x.sum() > -1, steps, pnp.cos, x),
    "closure": lambda x: lax.fori_loop(0, 100, lambda _, c: pnp.sin(c) + x, pnp.zeros_like(x)),
    "gradient": pb.grad(lambda x: steps(x, 50).sum()),
    "compiled gradient": pb.jit(pb.grad(lambda x: steps(x, 50).sum())),
    "vmap": pb.vmap(partial(steps, n=50)),
    "linearize": lambda x: pb.linearize(partial(steps, n=50), x)[1](x),
    "checkpoint": pb.checkpoint(steps),
    "product": pb.jit(lambda x: x @ x.T),
    "the argument": pb.jit(lambda x: (x, pnp.sin(x))),
}


@pytest.mark.parametrize("size", [64, 600])
@pytest.mark.parametrize("what", GIVEN)
def test_numpy_arguments_may_be_written_to(what, size):
    """Those of 1.4 MB too."""
    x = np.random.default_rng(0).random((size, size), np.float32)
    wanted = at_once(GIVEN[what], x.copy())
    got = GIVEN[what](x)
    x[:] = 7.0
    pb.tree.map(np.testing.assert_array_equal, got, wanted)


@pytest.mark.parametrize("size", [64, 600_000])
def test_memory_of_others_is_read_before_the_call_returns(size):
    npy = np.linspace(0.0, 1.0, size, dtype=np.float32)
    x = pnp.from_dlpack(npy)
    wanted = at_once(pb.jit(pnp.sin), x)
    y = pb.jit(pnp.sin)(x)
    npy[:] = 7.0
    np.testing.assert_array_equal(y, wanted)


def test_donation():
    give = pb.jit(steps, donate_argnums=0)
    x = start()
    before = np.array(x)
    held = np.asarray(x)
    reading = g(x)
    y = give(x)
    assert x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        f(x)
    np.testing.assert_array_equal(held, before)
    np.testing.assert_array_equal(reading, at_once(g, start()))
    for _ in range(3):
        old, y = y, give(y)
        assert old.is_deleted()
    wanted = start()
    for _ in range(4):
        wanted = at_once(f, wanted)
    np.testing.assert_array_equal(y, wanted)


def test_donation_to_a_call_that_is_done_at_once():
    x = start()
    reading = [g(x), g(x)]
    y = at_once(pb.jit(lambda x: x + 1, donate_argnums=0), x)
    np.testing.assert_array_equal(y, at_once(lambda: start() + 1))
    for z in reading:
        np.testing.assert_array_equal(z, at_once(g, start()))


def test_donation_of_what_is_deleted_or_read_twice():
    both = pb.jit(lambda a, b: (steps(a), steps(b)), donate_argnums=(0, 1))
    x = f(start())
    y, z = both(x, x)
    wanted = at_once(lambda: f(f(start())))
    np.testing.assert_array_equal(y, wanted)
    np.testing.assert_array_equal(z, wanted)
    a = f(start())
    a.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        both(a, start())


def test_arrays_may_go_before_the_call_is_done():
    x = start()
    y = f(x)
    z = f(y)
    alive = [weakref.ref(a) for a in (x, y)]
    del x, y
    gc.collect()
    assert [a() for a in alive] == [None, None]
    np.testing.assert_array_equal(z, at_once(lambda: f(f(start()))))


STOPPED = {
    "block_until_ready": pb.block_until_ready,
    "asarray": np.asarray,
    "item": lambda y: y[0].item(),
    "repr": repr,
    "eager": lambda y: y + 1,
    "an inline call": lambda y: at_once(pb.jit(pnp.sin), y),
    "a list": lambda y: np.array([y, y]),
}


@pytest.mark.parametrize("use", STOPPED)
def test_waiting_is_interrupted(use):
    y = endless(start())
    stopped(y, STOPPED[use])
    with pytest.raises(RuntimeError, match=r"^<lambda>: .* interrupted, so this float32\[64\]"):
        for _ in range(2):
            pb.block_until_ready(y)
    np.testing.assert_array_equal(f(start()), at_once(f, start()))


def test_what_needs_an_interrupted_call():
    y = endless(start())
    z = f(y)
    stopped(y)
    with pytest.raises(RuntimeError, match="interrupted"):
        np.asarray(z)


class Late(Exception):
    pass


@pytest.mark.parametrize("use", ["asarray", "block_until_ready"])
def test_what_a_handler_raises(use):
    def handler(*_):
        raise Late("now", 3)

    y = endless(start())
    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Late, match="now") as info:
            STOPPED[use](y)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert info.value.args == ("now", 3)


def test_handlers_may_make_calls():
    said = []

    def handler(*_):
        said.append(np.asarray(f(start())))
        raise Late

    y = endless(start())
    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Late):
            y.block_until_ready()
    finally:
        signal.signal(signal.SIGALRM, old)
    np.testing.assert_array_equal(said[0], at_once(f, start()))


def test_threads():
    wanted = start()
    for _ in range(6):
        wanted = at_once(f, wanted)
    shared = f(start())
    found = [None] * 8

    def work(k):
        x = shared
        for _ in range(5):
            x = f(x)
        found[k] = np.asarray(x)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x in found:
        np.testing.assert_array_equal(x, wanted)


def test_a_thread_does_not_wait_for_the_calls_of_another():
    made = []
    thread = threading.Thread(target=lambda: made.append(endless(start())))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(f(start()), at_once(f, start()))
    assert not made[0].is_ready()
    stopped(made[0])


def test_effects_keep_their_order():
    seen = []

    @pb.jit
    def told(x):
        pb.debug.callback(lambda v: seen.append(float(v)), x[0], ordered=True)
        return steps(x)

    x, wanted = start(), []
    for _ in range(4):
        wanted.append(float(at_once(lambda x: x[0], x)))
        x = told(f(told(x)))
        wanted.append(None)
    pb.effects_barrier()
    assert len(seen) == 8 and seen[::2] == wanted[::2]
    np.testing.assert_array_equal(told(start()), at_once(f, start()))


def test_callbacks_see_results_of_calls_on_their_way():
    y = f(start())
    double = pb.jit(
        lambda x: pb.pure_callback(
            lambda x: np.asarray(f(x)) + np.asarray(y), pb.ShapeDtypeStruct((64,), np.float32), x
        )
    )
    np.testing.assert_array_equal(double(start()), at_once(lambda: f(start()) + f(start())))


def test_nans_are_found_where_the_call_is_made():
    with config.debug_nans(), pytest.raises(FloatingPointError, match="log"):
        pb.jit(lambda x: pnp.log(steps(x) - 100.0))(start())


def test_switched_off():
    assert config.read("jax_cpu_enable_async_dispatch") is True
    config.update("jax_cpu_enable_async_dispatch", False)
    try:
        assert f(start()).is_ready() and not config.cpu_enable_async_dispatch
    finally:
        config.update("jax_cpu_enable_async_dispatch", True)
