"""The native core's arrays and programs of other devices, with a device made of Python objects."""

import gc
import sys
import weakref

import numpy as np
import pytest

from pullback._native import ArrayImpl, DeviceArray, DeviceProgram, JitFunction
from pullback.tree import NAMESPACE

F32 = np.dtype(np.float32)


class Place:
    """A device."""


HERE, THERE = Place(), Place()


def array(value: float, place: Place = HERE, committed: bool = True) -> DeviceArray:
    """An array whose buffer is a list of its value."""
    return DeviceArray([value], F32, (), False, place, committed)


def doubled(buffers):
    """A runtime's program: twice each buffer."""
    return [[2 * b[0]] for b in buffers]


def program(execute=doubled, n=1, outs=1, **changes) -> DeviceProgram:
    """A program of n arguments and so many scalar results."""
    given = {
        "execute": execute,
        "put": lambda x, place: list(x._buffer) if type(x) is DeviceArray else [float(x)],
        "num_args": n,
        "kept": range(n),
        "consts": [],
        "outs": [(F32, (), False)] * outs,
        "donated": [],
        "out_tree": None,
        "committed": False,
    }
    given |= changes
    given.setdefault("places", [HERE] * len(given["kept"]))
    given.setdefault("out_places", [HERE] * len(given["outs"]))
    return DeviceProgram(**given)


def test_an_array_knows_its_type():
    x = DeviceArray("buffer", F32, (2, 3), True, HERE, False)
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes, x.itemsize) == ((2, 3), F32, 2, 6, 24, 4)
    assert x.weak_type and not x.committed and len(x) == 2
    assert x._buffer == "buffer" and x._place is HERE and x._host is None
    assert x.aval is ArrayImpl(np.zeros((2, 3), np.float32), True).aval
    with pytest.raises(TypeError, match="unsized"):
        len(array(1.0))
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    with pytest.raises(TypeError):
        DeviceArray("buffer", F32, 3, False, HERE, False)
    with pytest.raises(TypeError, match="dtype"):
        DeviceArray("buffer", np.dtype("U3"), (), False, HERE, False)


def test_deletion_lets_the_buffer_go():
    buffer = Place()
    seen = weakref.ref(buffer)
    x = DeviceArray(buffer, F32, (2,), False, HERE, False)
    x._host = np.ones(2)
    del buffer
    assert seen() is not None and not x.is_deleted()
    x.delete()
    assert seen() is None and x.is_deleted() and x._host is None
    with pytest.raises(RuntimeError, match=r"deleted with shape=float32\[2\]"):
        _ = x._buffer
    there = weakref.ref(x)
    del x
    assert there() is None


def test_a_program_takes_buffers_and_makes_arrays():
    (out,) = program()([array(3.0)])
    assert out._buffer == [6.0] and out._place is HERE and out.committed
    (out,) = program()([array(3.0, committed=False)])
    assert not out.committed
    (out,) = program(committed=True)([1.5])
    assert out._buffer == [3.0] and out.committed


def test_what_lies_elsewhere_is_put_there():
    seen = []

    def put(x, place):
        assert place is HERE
        seen.append(x)
        return [10.0]

    run = program(lambda b: [[sum(v[0] for v in b)]], n=3, put=put)
    host, other = ArrayImpl(np.float32(1)), array(2.0, THERE)
    (out,) = run([host, 2.5, other])
    assert out._buffer == [30.0] and seen[0] is host and seen[1] == 2.5 and seen[2] is other


def test_each_leaf_and_each_result_has_a_place_of_its_own():
    seen = []
    run = program(
        lambda b: [[b[0][0]], [b[1][0]]],
        n=2,
        outs=2,
        put=lambda x, place: seen.append((x, place)) or list(x._buffer),
        places=[HERE, THERE],
        out_places=[THERE, HERE],
    )
    x = array(1.0)
    first, second = run([x, x])
    assert [first._place, second._place] == [THERE, HERE]
    assert len(seen) == 1 and seen[0][0] is x and seen[0][1] is THERE
    for wrong in ({"places": []}, {"out_places": [HERE] * 2}):
        with pytest.raises(ValueError, match="a place for each"):
            program(**wrong)


def test_only_what_is_kept_is_read_and_constants_follow():
    run = program(lambda b: [[b[0][0] - b[1][0]]], n=2, kept=[1], consts=[[1.0]])
    (out,) = run([object(), array(5.0)])
    assert out._buffer == [4.0]


def test_donated_arguments_are_deleted():
    x, y = array(1.0), array(2.0)
    program(n=2, outs=2, donated=[0])([x, y])
    assert x.is_deleted() and not y.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        program()([x])


def test_errors_pass_and_delete_nothing():
    def broken(_):
        raise ZeroDivisionError

    x = array(1.0)
    with pytest.raises(ZeroDivisionError):
        program(broken, donated=[0])([x])
    assert not x.is_deleted()
    with pytest.raises(ZeroDivisionError):
        program(put=lambda x, place: broken(x))([1.0])
    for bad in (lambda b: None, lambda b: [], lambda b: ([1.0],)):
        with pytest.raises(TypeError, match="wants a list of 1 buffers"):
            program(bad)([x])
    with pytest.raises(TypeError, match="wants 1 arrays, got 2"):
        program()([x, x])
    with pytest.raises(ValueError, match="no such leaf"):
        program(kept=[1])
    with pytest.raises(ValueError, match="no such leaf"):
        program(donated=[1])


def test_compiled_functions_tell_devices_apart():
    misses = []

    def miss(function, args, kwargs):
        misses.append(args)
        return program(), None

    f = JitFunction(lambda x: x, miss, lambda x: None, (), (), NAMESPACE)
    calls = [array(1.0), array(2.0), array(1.0, THERE), array(1.0, committed=False), 1.0]
    assert f(calls[0])._buffer == [2.0] and f(calls[1])._buffer == [4.0]
    assert len(misses) == 1
    for x in calls[2:]:
        f(x)
        f(x)
    assert len(misses) == 4
    f({"a": [array(1.0)]})
    f({"a": [array(5.0)]})
    assert len(misses) == 5


def in_a_cycle(place: Place) -> weakref.ref:
    """A program that only its own function holds."""

    def put(x):
        return put.program

    put.program = program(put=put, places=[place])
    return weakref.ref(put.program)


def test_nothing_is_kept_alive():
    place = Place()
    before = sys.getrefcount(place)
    run = program(places=[place])
    for _ in range(10):
        run([array(1.0, place)])
    seen = in_a_cycle(place)
    del run
    gc.collect()
    assert seen() is None
    assert sys.getrefcount(place) == before
