"""What generated code calls: the pool, memory, interrupts and Threefry."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from pullback import _native

ADDRESSES = _native.symbols()
Block = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
parallel_for = ctypes.CFUNCTYPE(None, Block, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(
    ADDRESSES["pb_parallel_for"]
)
alloc = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64)(ADDRESSES["pb_alloc"])
free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(ADDRESSES["pb_free"])
check_interrupt = ctypes.CFUNCTYPE(ctypes.c_int32)(ADDRESSES["pb_check_interrupt"])


@pytest.fixture
def threads():
    """Sets the number of threads, and puts it back."""
    before = _native.get_num_threads()
    yield _native.set_num_threads
    _native.set_num_threads(before)


def blocks_of(n, block):
    """The blocks in which a loop over n runs, sorted."""
    seen = []
    parallel_for(Block(lambda ctx, begin, end: seen.append((begin, end))), None, n, block)
    return sorted(seen)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 9, 10, 11, 95])
def test_blocks_do_not_depend_on_threads(threads, count, n):
    threads(count)
    expected = [(i, min(i + 10, n)) for i in range(0, n, 10)]
    assert blocks_of(n, 10) == expected


def test_loops_run_on_several_threads(threads):
    threads(3)
    seen, all_here = set(), threading.Barrier(3, timeout=20)

    def block(ctx, begin, end):
        seen.add(threading.get_ident())
        all_here.wait()

    parallel_for(Block(block), None, 3, 1)
    assert len(seen) == 3


def test_loops_inside_loops_run_at_once(threads):
    threads(2)
    inner = []

    def block(ctx, begin, end):
        mine = threading.get_ident()
        body = Block(lambda *_: inner.append(threading.get_ident() == mine))
        parallel_for(body, None, 5, 1)

    parallel_for(Block(block), None, 4, 1)
    assert inner == [True] * 20


@pytest.mark.parametrize("given, expected", [("3", 3), ("0", None), ("x", None)])
def test_the_environment_sets_the_number_of_threads(given, expected):
    code = "from pullback import _native; print(_native.get_num_threads())"
    environment = os.environ | {"PULLBACK_NUM_THREADS": given}
    out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert int(out.stdout) == (expected or len(os.sched_getaffinity(0)))


def test_at_least_one_thread(threads):
    threads(0)
    assert _native.get_num_threads() == 1


# Other tests of this process may have loaded JAX, which warns that its own threads do not survive.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_a_forked_child_has_its_own_pool(threads):
    threads(2)
    assert len(blocks_of(100, 10)) == 10
    x = np.zeros((1 << 18,), np.uint32)
    _native.threefry2x32(1, 2, x, x)
    child = os.fork()
    if child == 0:
        good = len(blocks_of(100, 10)) == 10 and _native.threefry2x32(1, 2, x, x) is not None
        os._exit(0 if good else 1)
    for _ in range(1000):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.02)
    else:
        os.kill(child, signal.SIGKILL)
    assert done and os.waitstatus_to_exitcode(status) == 0


def test_memory_is_aligned():
    blocks = [alloc(n) for n in (1, 100, 4096, 5000, 1 << 21) for _ in range(3)]
    assert all(block % 64 == 0 for block in blocks) and len(set(blocks)) == len(blocks)
    for block in blocks:
        ctypes.memset(block, 7, 1)
        free(block)
    free(None)
    assert alloc(1 << 62) is None


WAIT = """
import signal
import sys
sys.path.insert(0, sys.argv[1])
from native_programs import llvm, new
from pullback import _native

llvm_text = '''
declare i32 @pb_check_interrupt()
define i32 @wait(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
entry:
  br label %loop
loop:
  %status = call i32 @pb_check_interrupt()
  %go = icmp eq i32 %status, 0
  br i1 %go, label %loop, label %exit
exit:
  ret i32 %status
}
'''
machine = llvm.Target.from_default_triple().create_target_machine()
engine = llvm.create_mcjit_compiler(llvm.parse_assembly(llvm_text), machine)
engine.finalize_object()
address = engine.get_function_address("wait")
wait = _native.Executable(address, engine, 0, [], [], [], 0, [], [], None, sys.argv[2] == "1")
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    wait([])
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("release_gil", ["0", "1"])
def test_endless_loops_are_interrupted(release_gil):
    command = [sys.executable, "-c", WAIT, os.path.dirname(__file__), release_gil]
    out = subprocess.run(command, capture_output=True, timeout=60)
    assert out.stdout == b"interrupted\n", out.stderr


# Of the published test vectors: key, counter, result.
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize("key, x, expected", KNOWN)
@pytest.mark.parametrize("shape", [(), (1,), (3, 7), (100_000,)])
def test_threefry_by_the_published_vectors(key, x, expected, shape):
    key = [np.uint32(k) for k in key]
    x = [np.full(shape, v, np.uint32) for v in x]
    keys = [np.full(shape, k) for k in key]
    for some in (key, keys):
        for y, value in zip(_native.threefry2x32(*some, *x), expected, strict=True):
            assert y.shape == shape and y.dtype == np.uint32 and (y == value).all()


def test_threefry_of_different_keys_and_counters():
    rng = np.random.default_rng(0)
    k0, k1, x0, x1 = rng.integers(0, 2**32, (4, 50), dtype=np.uint32)
    y0, y1 = _native.threefry2x32(k0, k1, x0, x1)
    for i in range(50):
        a, b = _native.threefry2x32(k0[i], k1[i], x0[i], x1[i])
        assert a == y0[i] and b == y1[i]


def test_threefry_wants_equal_shapes():
    x = np.zeros(3, np.uint32)
    for args in ((0, 0, x, x[:2]), (x, 0, x, x), (x[:2], x[:2], x, x)):
        with pytest.raises(ValueError, match="shapes differ"):
            _native.threefry2x32(*args)


def test_threefry_for_generated_code():
    pointer = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(None, *[pointer] * 5, ctypes.c_int64)(ADDRESSES["pb_threefry2x32"])
    key, x0, x1 = (
        np.array([1, 2], np.uint32),
        np.arange(99, dtype=np.uint32),
        np.ones(99, np.uint32),
    )
    y0, y1 = np.empty_like(x0), np.empty_like(x1)
    function(*(a.ctypes.data for a in (key, x0, x1, y0, y1)), 99)
    for y, expected in zip((y0, y1), _native.threefry2x32(1, 2, x0, x1), strict=True):
        np.testing.assert_array_equal(y, expected)
