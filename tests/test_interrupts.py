"""Ctrl-C while compiled code runs, and memory that runs out: an exception, then all goes on."""

import pytest
from scripts import run

# What takes minutes, and the same with little to do: a call is (small, large).
LONG = {
    "a loop of unknown length": """
        step = lambda c: (c[0] + 1, c[1] * 0.5)
        f = pb.jit(lambda n: lax.while_loop(lambda c: c[0] < n, step, (0, 1.0))[1])
        small, large = (3,), (2**31 - 1,)
    """,
    "a loop of heavy steps": """
        f = pb.jit(lambda a, n: lax.fori_loop(0, n, lambda i, b: pnp.tanh(b @ a), a))
        a = pnp.ones((1000, 1000)) / 1000
        small, large = (a, 3), (a, 2**31 - 1)
    """,
    "a scan of many steps": """
        def steps(a, n):
            return lax.scan(lambda c, _: (pnp.sin(c) + a, None), a, length=n)[0]
        f = pb.jit(steps, static_argnums=1)
        a = pnp.ones(3)
        small, large = (a, 3), (a, 2**40)
    """,
    "steps that last, by threads": """
        step = lambda c: (c[0] + 1, c[1] * 0.5)
        one = lambda n: lax.while_loop(lambda c: c[0] < n, step, (0, 1.0))[1]
        f = pb.jit(lambda n: lax.map(one, n))
        small, large = (np.full(200_000, 3),), (np.full(200_000, 2**31 - 1),)
    """,
    "one nest": """
        f = pb.jit(lambda x: pnp.exp(-(x[:, None] - x[None, :]) ** 2).sum(axis=1))
        small, large = (pnp.arange(100.0),), (pnp.arange(2e6) / 1e6,)
    """,
    "one product": """
        f = pb.jit(lambda x: (x[:, None] + x) @ (x[:, None] - x))
        small, large = (pnp.arange(100.0),), (pnp.arange(16000.0),)
    """,
}

STOP = """
before = np.asarray(f(*small))
lowered = f.lower(*large).compile()
threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
try:
    np.asarray(f(*large))
    print("not stopped")
except KeyboardInterrupt:
    print("stopped" if np.array_equal(f(*small), before) else "wrong")
"""


@pytest.mark.parametrize("what", LONG)
def test_calls_are_interrupted(what):
    text = LONG[what].replace("\n        ", "\n") + STOP
    assert run(text) == "stopped"


# Only what a call needs beside its results is missing: these are there, or small.
LARGE = {
    "packed products": """
        a = pnp.ones((4096, 4096)) / 4096
        f = pb.jit(lambda a: a @ a)
        room = 70
    """,
    "packed convolutions": """
        a = pnp.ones((1, 64, 64, 1024)) / 1024
        k = pnp.ones((3, 3, 1024, 512))
        f = pb.jit(lambda a: lax.conv_general_dilated(
            a, k, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")).sum(axis=(1, 2)))
        room = 9
    """,
    "temporary memory": """
        a = pnp.arange(3_000_000.0)
        f = pb.jit(lambda a: pnp.cumsum(pnp.flip(pnp.cumsum(a)))[-1:])
        room = 4
    """,
    "sorting": """
        a = pnp.arange(3_000_000.0) % 7
        f = pb.jit(lambda a: pnp.sort(a))
        room = 14
    """,
    "results": """
        a = pnp.arange(3_000_000.0)
        f = pb.jit(lambda a: (a + 1, a + 2))
        room = 14
    """,
}

LIMIT = """
import resource
wanted = pb.tree.map(np.asarray, f(a))
_native.trim_memory()
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (room << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
try:
    pb.block_until_ready(f(a))
    print("there was memory")
except MemoryError:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    same = pb.tree.map(lambda x, y: np.array_equal(x, y), f(a), wanted)
    print(all(pb.tree.leaves(same)))
"""


SHORT = """
import resource
a = pnp.arange(3.0)
pb.jit(lambda a: a + 1)(a)
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (20 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
f = pb.jit(lambda a: pnp.sin(a) * 2)
try:
    f(a)
    print("there was memory")
except MemoryError as error:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("compilation" in str(error) and np.allclose(f(a), 2 * np.sin(a)))
"""


def test_memory_for_a_compilation():
    assert run(SHORT) == "True"


@pytest.mark.parametrize("what", LARGE)
def test_memory_runs_out(what):
    text = LARGE[what].replace("\n        ", "\n") + LIMIT
    assert run(text, {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}) == "True"
