"""Compiled calls from many threads, in forked children, and while the interpreter ends."""

import pytest
from scripts import run

SETUP = """
@pb.jit
def heavy(x):
    return pnp.tanh(x @ x / 400).sum(axis=0)

def work(k):
    return float(pb.jit(lambda x: pnp.sin(x * k) @ x)(pnp.ones((3, 3)))[0, 0])

x = pnp.ones((400, 400))
wanted = np.asarray(heavy(x))
# Python's own imports do not survive a fork in their midst.
work(0)
"""

MANY_THREADS = """
failed = []

def loop(k):
    for i in range(20):
        if not np.array_equal(heavy(x), wanted) or abs(work(k) - 3 * np.sin(k)) > 1e-5:
            failed.append(k)

threads = [threading.Thread(target=loop, args=(k,)) for k in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(failed)
"""


def test_eight_threads_compile_and_call():
    assert run(SETUP + MANY_THREADS) == "[]"


CHILDREN = """
stop = threading.Event()

def loop():
    k = 0
    while not stop.is_set():
        heavy(x)
        work(k := k + 1)

threads = [threading.Thread(target=loop) for _ in range(BUSY)]
for t in threads:
    t.start()
codes = []
for i in range(5):
    time.sleep(0.02)
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        good = np.array_equal(heavy(x), wanted) and abs(work(7 + i) - 3 * np.sin(7 + i)) < 1e-5
        os._exit(0 if good else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop.set()
for t in threads:
    t.join()
print(codes)
"""


@pytest.mark.parametrize("busy", [0, 2])
def test_children_compile_and_call(busy):
    """Whatever the threads do that a child does not have."""
    assert run(SETUP + f"BUSY = {busy}" + CHILDREN) == "[0, 0, 0, 0, 0]"


ENDINGS = {
    "threads that go on": """
        def loop():
            while True:
                heavy(x), pnp.sort(x)
        for _ in range(3):
            threading.Thread(target=loop, daemon=True).start()
        time.sleep(0.3)
        print("end")
    """,
    "a function that is called at exit": """
        import atexit
        atexit.register(lambda: print("end" if np.array_equal(heavy(x), wanted) else "wrong"))
    """,
    "objects that call as they go": """
        class Late:
            def __del__(self, heavy=heavy, x=x):
                heavy(x)
        late = sys.late = Late()
        print("end")
    """,
    "an exit out of a thread's sight": """
        threading.Thread(target=lambda: [heavy(x) for _ in range(10**6)], daemon=True).start()
        print("end")
        sys.exit(0)
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_interpreter_ends(ending):
    text = SETUP + "\n" + ENDINGS[ending].replace("\n        ", "\n").strip()
    for _ in range(3):
        assert run(text) == "end"
