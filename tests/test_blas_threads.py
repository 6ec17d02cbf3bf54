"""Routines of LAPACK run on the thread that calls them; SciPy's own number of threads is kept."""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.linalg.cython_lapack

import pullback as pb

# A switch of OpenBLAS's is what the core uses; where SciPy stands on something else there is none.
LIBRARY = ctypes.CDLL(scipy.linalg.cython_lapack.__file__)
PREFIXES = [p for p in ("scipy_", "") if hasattr(LIBRARY, f"{p}openblas_set_num_threads")]


def get_threads() -> int:
    return getattr(LIBRARY, f"{PREFIXES[0]}openblas_get_num_threads")() if PREFIXES else 2


def set_threads(number: int) -> None:
    if PREFIXES:
        getattr(LIBRARY, f"{PREFIXES[0]}openblas_set_num_threads")(number)


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = get_threads()
    set_threads(2)
    yield
    set_threads(before)


def factored(*shape: int) -> Callable[[], np.ndarray]:
    """Eigenvalues of matrices, compiled."""
    a = np.random.default_rng(0).normal(size=shape).astype("float32")
    f = pb.jit(lambda a: pb.numpy.linalg.eigh(a + a.swapaxes(-1, -2))[0])
    pb.block_until_ready((f(a[:1]), f(a)))
    return lambda: np.asarray(f(a))


def watched(call: Callable[[], Any]) -> set[int]:
    """The numbers of threads that BLAS has while a call runs on another thread."""
    seen = set()
    worker = threading.Thread(target=call)
    worker.start()
    while worker.is_alive():
        seen.add(get_threads())
    worker.join()
    return seen


def test_one_thread_within_a_call_and_those_of_before_after_it() -> None:
    seen = watched(factored(20, 100, 100))
    assert seen <= {1, 2} and (1 in seen or not PREFIXES)
    assert get_threads() == 2


def test_calls_at_once() -> None:
    call = factored(6, 60, 60)
    wanted = call()
    found: list[np.ndarray] = []
    workers = [
        threading.Thread(target=lambda: found.extend([call() for _ in range(10)])) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert get_threads() == 2
    assert len(found) == 40 and all((x == wanted).all() for x in found)


def test_a_number_set_meanwhile_stays() -> None:
    call = factored(40, 100, 100)
    worker = threading.Thread(target=call)
    worker.start()
    while worker.is_alive() and get_threads() == 2:
        pass
    set_threads(3)
    worker.join()
    assert get_threads() == 3 or not PREFIXES


# Other tests of this process may have loaded JAX, which warns that its own threads do not survive.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_of_a_fork_in_the_midst_of_a_call_has_those_of_before() -> None:
    call = factored(40, 100, 100)
    worker = threading.Thread(target=call)
    worker.start()
    while worker.is_alive() and get_threads() == 2:
        pass
    child = os.fork()
    if child == 0:
        os._exit(0 if get_threads() == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    worker.join()
    assert get_threads() == 2


@pytest.mark.parametrize("f", [np.linalg.cholesky, np.linalg.inv, np.linalg.svd])
def test_results_do_not_depend_on_the_threads_of_blas(f: Callable[..., Any]) -> None:
    a = np.random.default_rng(1).normal(size=(300, 300)).astype("float32")
    a = a @ a.T + np.eye(300, dtype="float32")
    run = pb.jit(getattr(pb.numpy.linalg, f.__name__))
    found = []
    for count in (1, 2):
        set_threads(count)
        found.append([np.asarray(x) for x in pb.tree.leaves(run(a))])
    assert all((x == y).all() for x, y in zip(*found, strict=True))
