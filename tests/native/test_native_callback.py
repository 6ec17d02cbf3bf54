"""Callbacks: compiled code that calls Python, and what Python may raise or return."""

import threading

import ml_dtypes
import numpy as np
import pytest
from native_programs import new, program

from pullback._native import ArrayImpl, Callback

F32 = np.dtype("float32")


def calling(fn, ins, outs, **options):
    """A program that calls fn on its arguments."""
    types = [[(np.dtype(dtype), shape) for dtype, shape in side] for side in (ins, outs)]
    copy = options.pop("copy", True)
    results = [new(shape, dtype) for dtype, shape in outs]
    externals = [Callback(fn, *types, copy=copy)]
    return program("call_back", results, num_args=len(ins), externals=externals, **options)


@pytest.mark.parametrize("release_gil", [False, True])
@pytest.mark.parametrize("copy", [False, True])
def test_values_go_in_and_out(copy, release_gil):
    ins = [("float32", (2, 3)), ("int32", ())]
    outs = [("float32", (3, 2)), (ml_dtypes.bfloat16, ())]

    def fn(x, n):
        assert type(x) is type(n) is np.ndarray and not x.flags.writeable
        return x.T * np.float32(n), n.astype(ml_dtypes.bfloat16)

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    f = calling(fn, ins, outs, copy=copy, release_gil=release_gil)
    y, z = f([ArrayImpl(x), ArrayImpl(np.int32(3))])
    np.testing.assert_array_equal(y._npy, x.T * 3)
    assert z.dtype == ml_dtypes.bfloat16 and float(z) == 3


@pytest.mark.parametrize("dtype, value", [("float64", 2.5), ("bool", True), ("complex128", 1j)])
def test_results_may_be_anything_numpy_takes(dtype, value):
    for result in ([value], (np.asarray(value),), [ArrayImpl(np.asarray(value))]):
        (y,) = calling(lambda result=result: result, [], [(dtype, ())])([])
        assert y.item() == value


def test_arguments_may_be_kept():
    kept = []
    f = calling(lambda x: [kept.append(x) or x], [("float32", (3,))], [("float32", (3,))])
    for i in range(3):
        f([ArrayImpl(np.full(3, i, np.float32))])
    assert [x.tolist() for x in kept] == [[0.0] * 3, [1.0] * 3, [2.0] * 3]


@pytest.mark.parametrize("release_gil", [False, True])
def test_exceptions_are_raised_by_the_call(release_gil):
    def fn(x):
        raise KeyError("a reason")

    f = calling(fn, [("float32", ())], [("float32", (5,))], release_gil=release_gil)
    for _ in range(2):
        with pytest.raises(KeyError, match="a reason") as raised:
            f([1.0])
    assert raised.traceback[-1].name == "fn"


BAD_RESULTS = [
    (np.zeros(3, F32), r"is float32\[3\] where float32\[2\] was declared"),
    (np.zeros(2), r"is float64\[2\] where float32\[2\] was declared"),
    ("text", "got dtype <U4"),
    (None, "got dtype object"),
]


@pytest.mark.parametrize("result, message", BAD_RESULTS, ids=str)
def test_results_are_checked(result, message):
    with pytest.raises(TypeError, match=message):
        calling(lambda: [result], [], [("float32", (2,))])([])


@pytest.mark.parametrize("results", [[], [0.0, 0.0]])
def test_results_are_counted(results):
    message = f"gave {len(results)} results where 1 were declared"
    with pytest.raises(TypeError, match=message):
        calling(lambda: results, [], [("float64", ())])([])
    with pytest.raises(TypeError, match="sequence of results"):
        calling(lambda: 1.0, [], [("float64", ())])([])


def test_callbacks_call_compiled_programs():
    """Scratch memory and errors are each call's own."""
    inner = calling(lambda x: [x + 1], [("float32", ())], [("float32", ())], scratch_bytes=64)

    def fn(x):
        if x > 3:
            raise ValueError("deep")
        return inner([ArrayImpl(x)])

    outer = calling(fn, [("float32", ())], [("float32", ())], scratch_bytes=64, release_gil=True)
    assert float(outer([1.0])[0]) == 2
    with pytest.raises(ValueError, match="deep"):
        outer([4.0])
    assert float(outer([1.0])[0]) == 2


def test_threads_raise_their_own_errors():
    def fn(x):
        if x % 2:
            raise ValueError(str(int(x)))
        return [x]

    f = calling(fn, [("float32", ())], [("float32", ())], release_gil=True)
    wrong = []

    def work(i):
        for _ in range(100):
            try:
                value = float(f([float(i)])[0])
            except ValueError as error:
                value = int(str(error)) if i % 2 else None
            if value != i:
                wrong.append((i, value))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("types", [3, [3], [("f4", ())], [(F32,)], [(F32, "a")]])
def test_types_are_checked(types):
    for args in ((types, []), ([], types)):
        with pytest.raises(TypeError):
            Callback(print, *args)
