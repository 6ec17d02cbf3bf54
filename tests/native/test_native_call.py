"""Executable: arguments, results, forwarding, donation, errors, threads; programs by LLVM."""

import gc
import threading
import weakref

import numpy as np
import pytest
from native_programs import library, new, program

from pullback import _native
from pullback._native import ArrayImpl, Executable


def array(*values, dtype=np.float32):
    """An array of these numbers."""
    return ArrayImpl(np.array(values, dtype))


def test_one_array_in_one_out():
    f = program("add_one", [new((3,))], n=3)
    (y,) = f([array(1, 2, 3)])
    assert y.tolist() == [2, 3, 4] and y.dtype == np.float32 and not y.weak_type


@pytest.mark.parametrize("number", [1.5, np.float32(1.5), ArrayImpl(np.float32(1.5))])
def test_scalars(number):
    f = program("add_one", [new(weak=True)])
    if isinstance(number, np.float32):
        with pytest.raises(TypeError, match="a compiled program takes arrays"):
            f([number])
        return
    (y,) = f([number])
    assert float(y) == 2.5 and y.weak_type and y.shape == ()
    assert y._npy.tolist() == 2.5 and y._npy is y._npy
    (z,) = f([y])
    assert float(z) == 3.5 and bool(z) and z.item() == 3.5


def test_other_layouts_are_copied():
    f = program("add_one", [new((4,))], n=4)
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    raw = np.zeros(17, np.uint8)
    raw[1:].view(np.float32)[:] = [1, 2, 3, 4]
    for npy in (rows[:, 0], np.broadcast_to(np.float32(2), (4,)), raw[1:].view(np.float32)):
        (y,) = f([ArrayImpl(npy)])
        np.testing.assert_array_equal(y._npy, npy + 1)


def test_kept_leaves_and_constants():
    f = program(
        "sum_all", [new()], n=3, num_args=4, kept=[3, 1], consts=[array(100, dtype=np.float32)]
    )
    (y,) = f([1.0, 2.0, 3.0, 4.0])
    assert float(y) == 106


def test_constants_outlive_their_deletion():
    constant = ArrayImpl(np.float32(5))
    f = program("sum_all", [new(), ("const", 0, True)], n=2, consts=[constant])
    constant.delete()
    y, forwarded = f([1.0])
    assert float(y) == 6 and float(forwarded) == 5 and forwarded.weak_type


def test_arguments_are_forwarded():
    f = program("nothing", [("arg", 1, True), ("arg", 0, False)], num_args=2, kept=[])
    x = array(1, 2)
    scalar, same = f([x, 3.0])
    assert same is not x and same._npy is x._npy
    assert float(scalar) == 3 and scalar.weak_type and scalar.dtype == np.float32
    (again, _), (strong, _) = (
        f([x, scalar]),
        program("nothing", [("arg", 0, False), ("arg", 1, True)], num_args=2, kept=[])([scalar, x]),
    )
    assert float(again) == 3 and again.weak_type
    assert float(strong) == 3 and not strong.weak_type


def test_many_leaves():
    """More than fit the call's own memory."""
    f = program("copy_all", [new()] * 100, n=100, num_args=100)
    results = f([float(i) for i in range(100)])
    assert [float(y) for y in results] == list(range(100))


def test_empty_arrays():
    f = program("nothing", [new((0, 3))])
    (y,) = f([ArrayImpl(np.zeros((3, 0), np.float32))])
    assert y.shape == (0, 3)


def where(leaf, **options):
    """The addresses of argument, result and scratch, and the result, for an int64 argument."""
    f = program("addresses", [new(leaf.shape, "int64")], **options)
    (y,) = f([leaf])
    return (*(int(v) for v in y._npy.reshape(-1)[:3]), y)


@pytest.mark.parametrize("size", [3, 511, 512, 513, 100_000, 1 << 20])
def test_alignment(size):
    _, result, scratch, y = where(ArrayImpl(np.zeros(size, np.int64)), scratch_bytes=24)
    assert y._npy.ctypes.data == result and y._npy.flags.owndata and y._npy.flags.writeable
    assert result % (64 if size >= 512 else 8) == 0
    assert scratch and scratch % 64 == 0


def test_no_scratch_where_none_is_wanted():
    assert where(ArrayImpl(np.zeros(3, np.int64)))[2] == 0


DONATE = {"donated": [(0, 0)]}


@pytest.mark.parametrize("size", [3, 10_000])
def test_donated_memory_is_reused(size):
    x = ArrayImpl(np.zeros(size, np.int64))
    argument, result, _, y = where(x, **DONATE)
    assert argument == result == y._npy.ctypes.data
    with pytest.raises(RuntimeError, match=rf"deleted with shape=int64\[{size}\]"):
        np.asarray(x)


KEEPERS = {
    "a view": lambda x: np.asarray(x),
    "the ndarray": lambda x: x._npy,
    "a buffer": memoryview,
    "dlpack": np.from_dlpack,
}


@pytest.mark.parametrize("keep", KEEPERS.values(), ids=KEEPERS.keys())
def test_memory_in_use_is_not_reused(keep):
    x = ArrayImpl(np.zeros(3, np.int64))
    kept = keep(x)
    argument, result, _, _ = where(x, **DONATE)
    assert argument != result and x.is_deleted()
    assert list(kept) == [0, 0, 0]


def test_views_are_not_written():
    base = np.zeros(6, np.int64)
    for npy in (base[:3], np.broadcast_to(np.int64(0), (3,))):
        argument, result, _, _ = where(ArrayImpl(npy), **DONATE)
        assert argument != result
    assert not base.any()


def test_an_array_passed_twice_is_not_reused():
    x = ArrayImpl(np.zeros(3, np.int64))
    f = program("addresses", [new((3,), "int64")], num_args=2, donated=[(0, 0)])
    (y,) = f([x, x])
    assert y._npy[0] != y._npy[1] and x.is_deleted()
    x = ArrayImpl(np.zeros(3, np.int64))
    (y,) = f([x, ArrayImpl(np.zeros(3, np.int64))])
    assert y._npy[0] == y._npy[1]


def test_memory_of_another_type_is_not_reused():
    f = program("addresses", [new((3,), "int64")], donated=[(0, 0)])
    for npy in (np.zeros(3, np.float64), np.zeros((1, 3), np.int64)):
        (y,) = f([ArrayImpl(npy)])
        assert y._npy[0] != y._npy[1]


def test_donation_without_a_result():
    x, f = array(1), program("nothing", [], donated=[(0, -1)])
    assert f([x]) == [] and x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        f([x])


def test_donated_arguments_are_forwarded():
    x = array(1, 2)
    npy = x._npy
    f = program("nothing", [("arg", 0, False)], kept=[], donated=[(0, 0)])
    (y,) = f([x])
    assert y._npy is npy and x.is_deleted()


@pytest.mark.parametrize(
    "status, error", [(1, SystemError), (2, MemoryError), (3, KeyboardInterrupt), (9, SystemError)]
)
def test_status(status, error):
    with pytest.raises(error):
        program("fail", [new((3,)), new()], n=status)([1.0])


def test_leaves_are_counted():
    f = program("add_one", [new()])
    with pytest.raises(TypeError, match="wants 1 arrays, got 2"):
        f([1.0, 2.0])
    with pytest.raises(TypeError):
        f(3)


def test_int_that_does_not_fit():
    with pytest.raises(TypeError, match="takes arrays, got 1099511627776"):
        program("add_one", [new()])([2**40])


BAD = [
    {"outs": [("old", 0, False)]},
    {"outs": [("arg", 1, False)]},
    {"outs": [("const", 0, False)]},
    {"kept": [1]},
    {"donated": [(1, 0)]},
    {"donated": [(0, 1)]},
]


@pytest.mark.parametrize("options", BAD, ids=str)
def test_descriptions_are_checked(options):
    with pytest.raises(ValueError, match="Executable"):
        program("nothing", options.pop("outs", [new()]), **options)


@pytest.mark.parametrize(
    "options", [{"outs": [("new", "f4", (), False)]}, {"consts": [1.0]}, {"externals": ["a"]}]
)
def test_descriptions_are_of_the_right_types(options):
    with pytest.raises((TypeError, RuntimeError)):
        program("nothing", options.pop("outs", [new()]), **options)


def test_threads_share_a_program():
    f = program("add_one", [new((1000,))], n=1000, release_gil=True)
    wrong = []

    def work(start):
        x = ArrayImpl(np.full(1000, start, np.float32))
        for _ in range(200):
            (x,) = f([x])
        if (x._npy != start + 200).any():
            wrong.append(start)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_program_keeps_what_it_needs_and_no_longer():
    class Memory:
        pass

    memory = Memory()
    alive = weakref.ref(memory)
    address = library(1).engine.get_function_address("nothing")
    f = Executable(address, memory, 0, [], [], [], 0, [], [], None, False)
    memory.cycle, memory = f, None
    gc.collect()
    assert alive() is not None
    del f
    gc.collect()
    assert alive() is None


def test_large_blocks_serve_again():
    f = program("add_one", [new((1 << 18,))], n=1 << 18)
    x = ArrayImpl(np.zeros(1 << 18, np.float32))
    addresses = {f([x])[0]._npy.ctypes.data for _ in range(5)}
    assert len(addresses) == 1
    _native.trim_memory()


def test_better_code_after_some_time():
    """A call takes 100 ns at least."""
    f = program("sum_all", [new()], n=2, num_args=2)
    wider = library(3)
    asked = []

    def better():
        asked.append(1)
        return wider.engine.get_function_address("nothing"), wider

    f.improve_after(100, better)
    assert float(f([1.0, 2.0])[0]) == 3 and not asked
    f([1.0, 2.0])
    assert asked == [1]
    f([1.0, 2.0])
    assert asked == [1]
    kept = weakref.ref(better)
    del better
    gc.collect()
    assert kept() is None


def test_better_code_that_fails():
    f = program("add_one", [new((3,))], n=3)
    f.improve_after(1, lambda: 1 / 0)
    assert f([array(1, 2, 3)])[0].tolist() == [2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        f([array(1, 2, 3)])
    assert f([array(1, 2, 3)])[0].tolist() == [2, 3, 4]
