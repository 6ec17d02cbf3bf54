"""Generated matrix products against NumPy: sizes, transposes, batches, and what is not finite."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from cpu import executable, program

from pullback import _native, config
from pullback.backends.cpu import contract as build
from pullback.backends.cpu import gemm, panels, target
from pullback.backends.cpu.loops import Gemm, Operand
from pullback.core.trace import as_array
from pullback.primitives import contract

FORMS = [(ca, cb) for ca in (0, 1) for cb in (0, 1)]
# Odd, even, around the lengths of vectors, single rows and columns.
SIZES = [
    (1, 70, 9), (2, 2, 1), (3, 5, 7), (4, 4, 4), (5, 16, 17), (7, 33, 64), (8, 1, 31), (9, 15, 2),
    (13, 17, 19), (16, 16, 16), (17, 9, 70), (25, 31, 5), (32, 48, 16), (33, 65, 3), (50, 50, 50),
    (63, 64, 65), (69, 3, 4), (70, 70, 70), (51, 100, 12),
]  # fmt: skip


@pytest.fixture(autouse=True)
def every_product_generated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No size is left to loop nests or to BLAS."""
    monkeypatch.setattr(build, "MATRIX_WORK", 1)
    monkeypatch.setattr(build, "GEMM_WORK", 1)
    monkeypatch.setattr(build, "ROW_BYTES", 1)
    monkeypatch.setattr(gemm, "COPY_SERVES", 1)
    with config.override(enable_x64=True):
        yield


def form(ca: int, cb: int) -> Callable[[Any, Any], Any]:
    """The sums over dimension ca of the left matrices and cb of the right ones."""

    def f(a: Any, b: Any) -> Any:
        batch = tuple(range(a.ndim - 2))
        summed = ((a.ndim - 2 + ca,), (a.ndim - 2 + cb,))
        return contract.dot_general(a, b, (summed, (batch, batch)))

    return f


def operands(shape: tuple[int, ...], ca: int, cb: int, dtype: str) -> tuple[Any, Any]:
    """Random matrices of extents (..., m, n, k), transposed as the form wants."""
    rng = np.random.default_rng(sum(shape))
    *batch, m, n, k = shape
    a = rng.normal(size=(*batch, *((m, k) if ca else (k, m))))
    b = rng.normal(size=(*batch, *((n, k) if cb else (k, n))))
    return a.astype(dtype), b.astype(dtype)


def compiled(f: Callable[..., Any], *args: Any) -> np.ndarray:
    jaxpr, arrays = program(f, args)
    run, _ = executable(jaxpr)
    return as_array(run(arrays)[0])._npy


def check(a: Any, b: Any, ca: int, cb: int) -> None:
    """Within the error of any order of the sums, the places and kinds of what is not finite too."""
    got = compiled(form(ca, cb), a, b)
    x = (a if ca else np.swapaxes(a, -1, -2)).astype(np.float64)
    y = (np.swapaxes(b, -1, -2) if cb else b).astype(np.float64)
    with np.errstate(all="ignore"):
        wanted = np.matmul(x, y)
        bound = np.matmul(abs(x), abs(y)) * np.finfo(a.dtype).eps * (x.shape[-1] + 1)
    finite = np.isfinite(wanted)
    assert got.dtype == a.dtype and got.shape == wanted.shape
    np.testing.assert_array_equal(got[~finite], wanted[~finite])
    assert (abs(got[finite] - wanted[finite]) <= bound[finite]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("ca", "cb"), FORMS)
def test_sizes(ca: int, cb: int, dtype: str) -> None:
    for size in SIZES:
        check(*operands(size, ca, cb, dtype), ca, cb)


@pytest.mark.parametrize("vector_bytes", [16, 32, 64])
def test_vectors_of_any_length(vector_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    host = target.host()
    if vector_bytes <= host.vector_bytes:
        monkeypatch.setattr(host, "vector_bytes", vector_bytes)
    for size in SIZES[::2]:
        check(*operands(size, 1, 0, "float32"), 1, 0)


@pytest.mark.parametrize(("ca", "cb"), FORMS)
def test_batches(ca: int, cb: int) -> None:
    for shape in [(3, 5, 6, 7), (2, 3, 17, 9, 20)]:
        check(*operands(shape, ca, cb, "float32"), ca, cb)


@pytest.mark.parametrize(("ca", "cb"), FORMS)
def test_what_is_not_finite_stays_in_its_row_and_column(ca: int, cb: int) -> None:
    a, b = operands((19, 21, 8), ca, cb, "float32")
    a[2, 3], a[5, 1], b[4, 6] = np.inf, np.nan, -np.inf
    check(a, b, ca, cb)


@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0), (2, 0, 3, 4)])
def test_no_elements(shape: tuple[int, ...]) -> None:
    check(*operands(shape, 1, 0, "float32"), 1, 0)


def test_parts_of_larger_arrays() -> None:
    a, b = operands((30, 40, 50), 1, 0, "float32")

    def f(a: Any, b: Any) -> Any:
        return form(1, 0)(a[3:20, 5:28], b[10:33, 2:39])

    np.testing.assert_allclose(compiled(f, a, b), a[3:20, 5:28] @ b[10:33, 2:39], 1e-4, 1e-5)


def stmt(m: int, n: int, k: int) -> Gemm:
    """A product of row-major matrices."""

    def operand(rows: int, columns: int) -> Operand:
        return Operand("x", (0, ()), (1, rows, columns), (0, columns, 1))

    return Gemm("float32", operand(m, k), operand(k, n), operand(m, n))


# Packed: past one pass of terms, of columns, of rows; whole tiles and parts of them.
LARGE = [(300, 400, 500), (97, 40, 4100), (1030, 390, 260), (200, 3000, 210), (4100, 300, 40)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("ca", "cb"), FORMS)
def test_large_sizes(ca: int, cb: int, dtype: str) -> None:
    for size in LARGE:
        check(*operands(size, ca, cb, dtype), ca, cb)


def test_large_products_are_packed_or_shared() -> None:
    assert gemm.choose(stmt(1000, 1000, 1000), 64) is None
    tile = gemm.choose(stmt(400, 300, 200), 64)
    assert tile is not None and panels.cut(stmt(400, 300, 200), tile) is not None
    assert panels.cut(stmt(40, 30, 20), tile) is None


@pytest.mark.parametrize("shape", [(16, 800, 900), (800, 16, 900), (900, 900, 8), (5, 900, 900)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_narrow_ones(shape: tuple[int, ...], dtype: str) -> None:
    check(*operands(shape, 1, 0, dtype), 1, 0)


def test_a_shared_batch() -> None:
    for shape in [(70, 40, 50, 36), (3, 150, 140, 170)]:
        check(*operands(shape, 1, 0, "float32"), 1, 0)


# Rows of the right operand far apart: with one thread and several, panels that overlap.
FAR = [(48, 130, 100), (90, 250, 101), (128, 128, 128), (49, 1030, 17)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_panels_are_gathered(dtype: str) -> None:
    for m, n, k in FAR:
        tile = gemm.choose(stmt(m, n, k), 32)
        assert tile is not None and gemm.gathers(stmt(m, n, k), tile, m)
        check(*operands((m, n, k), 1, 0, dtype), 1, 0)
        check(*operands((3, m, n, k), 1, 0, dtype), 1, 0)


@pytest.mark.parametrize("size", [(400, 300, 200), (500, 500, 500)])
def test_results_do_not_depend_on_threads(size: tuple[int, ...]) -> None:
    a, b = operands(size, 1, 0, "float32")
    before = _native.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        _native.set_num_threads(threads)
        results.append(compiled(form(1, 0), a, b))
    _native.set_num_threads(before)
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


@pytest.mark.parametrize("vector_bytes", [16, 32, 64])
def test_packed_vectors_of_any_length(vector_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    host = target.host()
    if vector_bytes <= host.vector_bytes:
        monkeypatch.setattr(host, "vector_bytes", vector_bytes)
    check(*operands((300, 400, 500), 1, 1, "float32"), 1, 1)
    check(*operands((300, 400, 500), 1, 0, "float64"), 1, 0)


def test_blocks_fit_the_registers() -> None:
    for vector_bytes, registers in ((16, 16), (32, 16), (64, 32)):
        for m, n, k in SIZES:
            tile = gemm.choose(stmt(m, n, k), vector_bytes)
            if tile is not None:
                assert (tile.rows + 1) * len(tile.lanes) < registers
                assert tile.rows <= m and tile.width - tile.lanes[-1] < n


@pytest.mark.parametrize("n", range(1, 10))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_is_written_beyond_the_result(n: int, dtype: str) -> None:
    m, k, guard = 21, 40, 64
    a, b = np.ones((k, m), dtype), np.ones((k, n), dtype)
    jaxpr, _ = program(lambda a, b: contract.dot_general(a, b, (((0,), (0,)), ((), ()))), [a, b])
    made = executable(jaxpr)[1]
    out = np.full(m * n + guard, -1, dtype)
    scratch = np.empty(made.scratch_bytes + 4096, np.uint8)
    tables = [(ctypes.c_void_p * len(x))(*[v.ctypes.data for v in x]) for x in ([a, b], [out])]
    run = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(made.address)
    start = scratch.ctypes.data
    assert run(*map(ctypes.addressof, tables), start + -start % 64, None) == 0
    assert (out[: m * n] == k).all() and (out[m * n :] == -1).all()
