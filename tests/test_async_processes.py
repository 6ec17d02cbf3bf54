"""Calls on their way where a process begins, forks and ends."""

import pytest
from scripts import run

SWITCH = """
f = pb.jit(lambda x: lax.fori_loop(0, 2_000_000, lambda _, c: pnp.sin(c) + x, x))
f(pnp.ones(2)).block_until_ready()
print(f(pnp.ones(2)).is_ready(), pb.config.jax_cpu_enable_async_dispatch)
"""


@pytest.mark.parametrize(
    "environment, off",
    [
        ({}, False),
        ({"JAX_CPU_ENABLE_ASYNC_DISPATCH": "0"}, True),
        ({"PULLBACK_CPU_ENABLE_ASYNC_DISPATCH": "false"}, True),
    ],
)
def test_the_environment_switches(environment, off):
    assert run(SWITCH, environment) == f"{off} {not off}"


PRELUDE = """
_native.launch_above(1.0)
f = pb.jit(lambda x: lax.fori_loop(0, 3000, lambda _, c: pnp.sin(c) + x, x))
turn = lambda c: (c[0], c[1] * 1.0)
endless = pb.jit(lambda x: lax.while_loop(lambda c: c[0] >= 0, turn, (x, x))[1])
"""
ENDS = {
    "with calls on their way": """
        x = endless(1.0)
        print([f(1.0).shape for _ in range(3)])
    """,
    "with threads that wait": """
        x = endless(1.0)
        for k in range(3):
            threading.Thread(target=lambda: np.asarray(f(x)), daemon=True).start()
        time.sleep(0.2)
        print([()] * 3)
    """,
    "with threads that do": """
        def work():
            while True:
                np.asarray(f(f(1.0)))
        for k in range(3):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.2)
        print([()] * 3)
    """,
}


@pytest.mark.parametrize("how", ENDS)
def test_the_interpreter_ends(how):
    text = PRELUDE + ENDS[how].replace("\n        ", "\n")
    assert run(text) == "[(), (), ()]"


FORK = """
import multiprocessing
y = f(1.0)
def child(k):
    return float(y) + float(f(k))
with multiprocessing.get_context("fork").Pool(2) as pool:
    z = f(y)
    found = pool.map(child, [0.5, 1.0])
print(found == [float(y) + float(f(k)) for k in (0.5, 1.0)], float(z) == float(f(f(1.0))))
pid = os.fork()
if pid == 0:
    os._exit(0 if float(f(z)) == float(f(f(f(1.0)))) else 1)
print(os.waitpid(pid, 0)[1])
"""


def test_forks():
    assert run(PRELUDE + FORK) == "True True\n0"


# A thread of its own waits without Python's lock, and asks the main one for nothing.
FORK_BESIDE = """
def work():
    while not done:
        np.asarray(f(f(1.0)))
done = []
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
codes = []
for _ in range(20):
    x = f(1.0)
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        os._exit(0 if float(f(x)) == float(f(f(1.0))) else 1)
    codes.append(os.waitpid(pid, 0)[1])
done.append(1)
for t in threads: t.join()
print(codes == [0] * 20)
"""


def test_forks_beside_threads():
    assert run(PRELUDE + FORK_BESIDE) == "True"


def test_forks_of_another_thread_while_the_main_one_waits():
    text = """
        def fork():
            time.sleep(0.1)
            pid = os.fork()
            if pid == 0:
                signal.alarm(20)
                os._exit(0 if float(f(1.0)) == float(f(1.0)) else 1)
            print(os.waitpid(pid, 0)[1])
        long = pb.jit(lambda x: lax.fori_loop(0, 3_000_000, lambda _, c: pnp.sin(c) + x, x))
        pb.block_until_ready([long(1.0), f(1.0)])
        thread = threading.Thread(target=fork)
        thread.start()
        x = long(1.0)
        y = float(x)
        thread.join()
        print(y == float(long(1.0)))
    """
    assert run(PRELUDE + text.replace("\n        ", "\n")) == "0\nTrue"
