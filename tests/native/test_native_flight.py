"""Calls that return before they are done: order, memory, errors, and who waits for what."""

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import llvmlite.binding as llvm
import numpy as np
import pytest
from native_programs import new, program

from pullback import _native
from pullback._native import ArrayImpl, Executable

# Waits until the word in args[0] is not 0; 1: out = args[1] + 1 for four floats; else a status.
TEXT = """
declare i32 @pb_check_interrupt()
define i32 @gated(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
entry:
  %gate = load ptr, ptr %args
  %slot = getelementptr ptr, ptr %args, i64 1
  %in = load ptr, ptr %slot
  %out = load ptr, ptr %outs
  br label %wait
wait:
  %word = load volatile i32, ptr %gate
  %status = call i32 @pb_check_interrupt()
  %stopped = icmp ne i32 %status, 0
  br i1 %stopped, label %stop, label %look
stop:
  ret i32 %status
look:
  switch i32 %word, label %fail [ i32 0, label %wait
                                  i32 1, label %add ]
fail:
  ret i32 %word
add:
  %x = load <4 x float>, ptr %in, align 4
  %y = fadd <4 x float> %x, splat (float 1.0)
  store <4 x float> %y, ptr %out, align 4
  ret i32 0
}
"""

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
for _name, _address in _native.symbols().items():
    llvm.add_symbol(_name, _address)
engine = llvm.create_mcjit_compiler(
    llvm.parse_assembly(TEXT), llvm.Target.from_default_triple().create_target_machine()
)
engine.finalize_object()
ADDRESS = engine.get_function_address("gated")


def gated(donated=(), outs=None, nanoseconds=1e9):
    """The program above: (gate, x) -> x + 1."""
    outs = outs or [new((4,))]
    return Executable(
        ADDRESS, engine, 2, [0, 1], [], outs, 0, [], list(donated), None, True, nanoseconds
    )


class Gate:
    """What holds calls up: a word that nobody should write, written."""

    def __init__(self):
        self.word = np.zeros((), np.int32)
        self.array = ArrayImpl(self.word)

    def open(self, how=1):
        self.word[()] = how

    def open_later(self, how=1):
        threading.Timer(0.05, self.open, [how]).start()


@pytest.fixture(autouse=True)
def all_calls():
    """Calls that took little time would be done at once."""
    before = _native.launch_above(1.0)
    yield
    _native.launch_above(before)


@pytest.fixture
def gate():
    made = Gate()
    # What fails shows values, and waits for them.
    timer = threading.Timer(30, made.open)
    timer.start()
    yield made
    made.open()
    timer.cancel()


f = gated()


def ones():
    return ArrayImpl(np.ones(4, np.float32))


def values(x):
    return np.asarray(x).tolist()


def test_a_call_returns_before_it_is_done(gate):
    (y,) = f([gate.array, ones()])
    assert not y.is_ready() and y.shape == (4,) and y.dtype == np.float32 and len(y) == 4
    assert not y.is_deleted() and y.copy_to_host_async() is None and not y.is_ready()
    gate.open_later()
    assert y.block_until_ready() is y and y.is_ready()
    assert values(y) == [2.0] * 4


USES = {
    "numpy": lambda y: np.asarray(y),
    "array": lambda y: np.array(y),
    "buffer": lambda y: np.frombuffer(memoryview(y), np.float32),
    "npy": lambda y: y._npy,
    "list": lambda y: y.tolist(),
    "copy": lambda y: y.__copy__(),
    "item": lambda y: [y.item(k) for k in range(4)],
    "inline call": lambda y: program("add_one", [new((4,))], n=4)([y])[0]._npy - 1,
    "ufunc": lambda y: _native.binary(np.multiply, y, y)._npy / 2,
}


@pytest.mark.parametrize("use", USES)
def test_what_needs_values_waits(gate, use):
    (y,) = f([gate.array, ones()])
    gate.open_later()
    np.testing.assert_array_equal(np.asarray(USES[use](y)), [2.0] * 4)


def test_calls_keep_their_order(gate):
    x = ones()
    for _ in range(3):
        (x,) = f([gate.array, x])
    assert not x.is_ready()
    gate.open_later()
    assert values(x) == [4.0] * 4
    for _ in range(50):
        (x,) = f([gate.array, x])
    assert values(x) == [54.0] * 4


def test_too_many_calls_wait_for_the_first(gate):
    gate.open_later()
    arrays = [f([gate.array, ones()])[0] for _ in range(20)]
    assert all(values(y) == [2.0] * 4 for y in arrays)


def test_results_that_nobody_keeps(gate):
    for _ in range(3):
        f([gate.array, ones()])
    gate.open()
    (y,) = f([gate.array, ones()])
    assert values(y) == [2.0] * 4


def test_arguments_live_until_the_call_is_done(gate):
    npy = np.ones(4, np.float32)
    alive = weakref.ref(npy)
    x = ArrayImpl(npy)
    (y,) = f([gate.array, x])
    del npy, x
    gc.collect()
    assert alive() is not None
    gate.open()
    y.block_until_ready()
    assert alive() is None and values(y) == [2.0] * 4


def test_programs_live_until_their_calls_are_done(gate):
    g = gated()
    alive = weakref.ref(g)
    (y,) = g([gate.array, ones()])
    del g
    gc.collect()
    assert alive() is not None
    gate.open()
    assert values(y) == [2.0] * 4
    assert alive() is None


def test_results_that_are_arguments(gate):
    (y,) = f([gate.array, ones()])
    g = gated(outs=[new((4,)), ("arg", 1, True), ("arg", 1, False)])
    z, weak, same = g([gate.array, y])
    del y
    assert weak.weak_type and not same.weak_type and not weak.is_ready()
    gate.open_later()
    assert values(same) == [2.0] * 4 and values(weak) == [2.0] * 4 and values(z) == [3.0] * 4


def address(x):
    return np.asarray(x).ctypes.data


give = gated(donated=[(1, 0)])


def test_donated_memory_goes_from_call_to_call(gate):
    x = ones()
    place = address(x)
    old = []
    for _ in range(3):
        old.append(x)
        (x,) = give([gate.array, x])
    for y in old:
        assert y.is_deleted()
        with pytest.raises(RuntimeError, match="deleted"):
            y.block_until_ready()
    gate.open_later()
    assert values(x) == [4.0] * 4 and address(x) == place


@pytest.mark.parametrize("inline", [False, True])
def test_donated_memory_is_not_written_while_it_is_read(gate, inline):
    x = ones()
    place = address(x)
    (y,) = f([gate.array, x])
    if inline:
        opened = Gate()
        opened.open()
        (z,) = gated(donated=[(1, 0)], nanoseconds=0.0)([opened.array, x])
    else:
        (z,) = give([gate.array, x])
    assert x.is_deleted()
    gate.open_later()
    assert values(y) == values(z) == [2.0] * 4 and address(z) != place


def test_deleted_arrays_are_not_waited_for(gate):
    (y,) = f([gate.array, ones()])
    y.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        np.asarray(y)
    with pytest.raises(RuntimeError, match="deleted"):
        f([gate.array, y])


def test_errors_are_raised_where_results_are_used(gate):
    (y,) = f([gate.array, ones()])
    other = Gate()
    other.open()
    (z,) = f([other.array, y])
    (fine,) = f([other.array, ones()])
    gate.open_later(2)
    for _ in range(2):
        with pytest.raises(MemoryError, match=r"float32\[4\]"):
            np.asarray(y)
        with pytest.raises(MemoryError):
            f([other.array, z])[0].block_until_ready()
    assert values(fine) == [2.0] * 4


def interrupted_call():
    """Ctrl-C while the main thread waits."""
    gate, other = Gate(), Gate()
    other.open()
    (y,) = f([gate.array, ones()])
    (z,) = f([gate.array, y])
    (later,) = f([other.array, ones()])
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        z.block_until_ready()
    for x in (y, z):
        with pytest.raises(RuntimeError, match="was interrupted"):
            x.block_until_ready()
    assert values(later) == [2.0] * 4


def test_waiting_is_interrupted():
    for _ in range(2):
        interrupted_call()


def test_handlers_cannot_wait_for_what_they_interrupt():
    gate = Gate()
    (y,) = f([gate.array, ones()])
    said = []

    # Where the queue's own thread runs the call, the handler may wait for it.
    def handler(*_):
        gate.open_later()
        try:
            said.append(values(y))
        except RuntimeError as error:
            said.append(str(error))

    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        assert values(y) == [2.0] * 4
    finally:
        signal.signal(signal.SIGALRM, old)
    assert len(said) == 1


def test_threads_have_calls_on_their_way_at_once(gate):
    gate.open()
    wrong = []

    def work(k):
        for _ in range(30):
            x = ArrayImpl(np.full(4, k, np.float32))
            for _ in range(5):
                (x,) = give([gate.array, x]) if k % 2 else f([gate.array, x])
            if values(x) != [k + 5.0] * 4:
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# Other tests of this process may have loaded JAX, which warns that its own threads do not survive.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_children_have_what_was_on_its_way(gate):
    (y,) = f([gate.array, ones()])
    gate.open_later()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        (z,) = f([gate.array, y])
        os._exit(0 if values(y) == [2.0] * 4 and values(z) == [3.0] * 4 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert values(y) == [2.0] * 4


ENDING = """
import sys
sys.path.insert(0, sys.argv[1])
from test_native_flight import *
import atexit
never, opened = Gate(), Gate()
opened.open()
(y,) = f([opened.array, ones()])
lost = f([never.array, ones()])
queued = [f([opened.array, ones()]) for _ in range(2)]
atexit.register(lambda: print(values(y)))
"""


def test_the_interpreter_ends_with_calls_on_their_way():
    command = [sys.executable, "-c", ENDING, os.path.dirname(__file__)]
    out = subprocess.run(command, capture_output=True, timeout=100, text=True)
    assert (out.stdout, out.stderr, out.returncode) == ("[2.0, 2.0, 2.0, 2.0]\n", "", 0)
