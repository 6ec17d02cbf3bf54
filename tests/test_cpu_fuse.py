"""Programs of many operations compiled for the CPU, against their NumPy values one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cpu import compare
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback.backends.cpu.loops import kernel_nodes
from pullback.primitives import contract, pieces, reduce, shape, threefry
from pullback.primitives import elementwise as ew

Data = Any
SIZES = [0, 1, 2, 7, 16, 33, 1000]


def numbers(*size: int, dtype: str = "float32", seed: int = 1) -> np.ndarray:
    """Random numbers."""
    return np.random.default_rng(seed).normal(size=size).astype(dtype)


def spread(x: Any, like: Any, *dims: int) -> Any:
    """x broadcast to the shape of another."""
    return shape.broadcast_in_dim(x, like.shape, dims)


def total(x: Any) -> Any:
    """The sum of all elements."""
    return reduce.reduce_sum(x, tuple(range(x.ndim)))


def softmax(x: Any) -> Any:
    """Over rows."""
    e = ew.exp(ew.sub(x, spread(reduce.reduce_max(x, (1,)), x, 0)))
    return ew.div(e, spread(reduce.reduce_sum(e, (1,)), x, 0))


def layer_norm(x: Any) -> Any:
    """Rows of mean zero and variance one."""
    n = float(x.shape[1])
    centred = ew.sub(x, spread(ew.div(reduce.reduce_sum(x, (1,)), n), x, 0))
    variance = ew.div(reduce.reduce_sum(ew.mul(centred, centred), (1,)), n)
    return ew.mul(centred, spread(ew.rsqrt(ew.add(variance, 1e-5)), x, 0))


@pytest.mark.parametrize("columns", [1, 2, 7, 16, 50, 129])
@pytest.mark.parametrize("rows", [1, 3, 40])
@pytest.mark.parametrize("f", [softmax, layer_norm])
def test_rows(f: Callable[..., Any], rows: int, columns: int) -> None:
    compare(f, numbers(rows, columns), ulps=32)
    compare(f, numbers(rows, columns, dtype="float64"), ulps=32)


@pytest.mark.parametrize("n", [*SIZES, 1000003])
def test_chain_of_elements(n: int) -> None:
    def f(x: Any) -> Any:
        y = ew.exp(ew.neg(ew.mul(x, x)))
        return ew.add(ew.mul(ew.sin(x), y), ew.tanh(x)), total(y), ew.gt(x, 0.0)

    compare(f, numbers(n), ulps=64)


@pytest.mark.parametrize("n", SIZES)
def test_strided_and_reversed_reads(n: int) -> None:
    def f(x: Any) -> Any:
        even = pieces.slice(x, (0,), (2 * n,), (2,))
        back = pieces.rev(pieces.slice(x, (n,), (2 * n,)), (0,))
        return ew.add(ew.mul(even, back), 1.0), ew.sub(back, even), total(back)

    compare(f, numbers(2 * n), ulps=64)


@pytest.mark.parametrize("n", [1, 5, 17, 100])
def test_transposes(n: int) -> None:
    def f(x: Any, y: Any) -> Any:
        t = shape.transpose(ew.exp(x), (1, 0))
        return ew.add(t, y), reduce.reduce_sum(t, (0,)), reduce.reduce_sum(t, (1,)), ew.mul(t, t)

    compare(f, numbers(n, n + 3), numbers(n + 3, n), ulps=64)


@pytest.mark.parametrize("n", [3, 20, 300])
def test_padded_and_joined(n: int) -> None:
    def f(x: Any, y: Any) -> Any:
        both = pieces.concatenate([x, ew.exp(y), x], 0)
        wide = pieces.pad(x, np.float32(2.0), ((2, 3, 1),))
        cut = pieces.pad(x, np.float32(-1.0), ((-1, -1, 0),))
        return (
            ew.sin(both),
            ew.mul(wide, wide),
            cut,
            total(both),
            pieces.pad(y, np.float32(0), ((1, 1, 0),)),
        )

    compare(f, numbers(n), numbers(2 * n, seed=2), ulps=64)


@pytest.mark.parametrize(
    "dtype", ["int32", "uint8", "int64", "bool", "float16", "bfloat16", "uint64"]
)
def test_stencil(dtype: str) -> None:
    def f(x: Any) -> Any:
        left = pieces.slice(x, (0, 0), (11, 39))
        right = pieces.slice(x, (1, 1), (12, 40))
        both = ew.max(left, right)
        return both, reduce.reduce_max(both, (0,)), reduce.reduce_min(both, (1,))

    compare(f, np.abs(numbers(12, 40) * 10).astype(np.dtype(dtype)))


def dot(x: Any, y: Any, cx: int = 1, cy: int = 0) -> Any:
    """A product of matrices."""
    return contract.dot_general(x, y, (((cx,), (cy,)), ((), ())))


@pytest.mark.parametrize("n", [1, 3, 10, 50, 129])
def test_products(n: int) -> None:
    def f(x: Any, y: Any) -> Any:
        t = shape.transpose(x, (1, 0))
        a = dot(x, t)
        return ew.tanh(a), dot(ew.exp(t), x), dot(a, y, 0, 0), dot(y, x, 0, 0), dot(x, x, 0, 0)

    compare(f, numbers(n, n + 1), numbers(n), ulps=256)


def test_batched_products() -> None:
    def f(x: Any, y: Any) -> Any:
        z = contract.dot_general(x, y, (((2,), (1,)), ((0,), (0,))))
        w = contract.dot_general(y, x, (((2,), (1,)), ((0,), (0,))))
        return z, ew.sin(w), contract.dot_general(x, x, (((0, 2), (0, 2)), ((), ())))

    compare(f, numbers(3, 20, 30), numbers(3, 30, 20), ulps=256)


def test_result_used_twice_and_argument_returned() -> None:
    def f(x: Any, y: Any) -> Any:
        z = ew.add(x, y)
        return z, x, z, np.float32(3), ew.mul(z, z), y

    compare(f, numbers(40), numbers(40))


KINDS = ["unary", "binary", "rows", "columns", "flip", "turn", "roll", "pad"]
UNARY = ["neg", "sin", "tanh", "abs", "floor", "logistic"]
BINARY = ["add", "sub", "mul", "max", "min", "atan2"]


@st.composite
def programs(draw: Any) -> Callable[..., Any]:
    """A program of up to 14 operations on two matrices of one shape."""
    rows, columns = draw(st.sampled_from([(1, 1), (3, 5), (4, 40), (33, 17), (20, 64)]))
    steps = [
        (draw(st.sampled_from(KINDS)),
         draw(st.integers(0, 99)), draw(st.integers(0, 99)), draw(st.integers(0, 99)))
        for _ in range(draw(st.integers(1, 14)))
    ]  # fmt: skip
    outs = draw(st.lists(st.integers(0, 99), min_size=1, max_size=3))

    def f(x: Any, y: Any) -> Any:
        values = [x, y]
        for kind, a, b, which in steps:
            values.append(_step(kind, values[a % len(values)], values[b % len(values)], which))
        return [values[-1], *[values[o % len(values)] for o in outs]]

    f.size = (rows, columns)
    return f


def _step(kind: str, a: Any, b: Any, which: int) -> Any:
    rows, columns = a.shape
    if kind == "unary":
        return getattr(ew, UNARY[which % len(UNARY)])(a)
    if kind == "binary":
        return getattr(ew, BINARY[which % len(BINARY)])(a, b)
    if kind in ("rows", "columns"):
        axis = 1 if kind == "rows" else 0
        op = reduce.reduce_max if which % 2 else reduce.reduce_min
        return ew.sub(b, shape.broadcast_in_dim(op(a, (axis,)), a.shape, (1 - axis,)))
    if kind == "flip":
        return pieces.rev(a, (which % 2,))
    if kind == "turn":
        return shape.transpose(shape.reshape(a, (columns, rows)), (1, 0))
    if kind == "roll":
        k = which % columns
        ends = [pieces.slice(a, (0, k), (rows, columns)), pieces.slice(b, (0, 0), (rows, k))]
        return pieces.concatenate(ends, 1)
    return pieces.slice(
        pieces.pad(a, np.float64(0.5), ((1, 0, 0), (0, 2, 0))), (0, 0), (rows, columns)
    )


@settings(max_examples=150)
@given(programs())
def test_random_programs(f: Any) -> None:
    rows, columns = f.size
    x, y = numbers(rows, columns, dtype="float64"), numbers(rows, columns, dtype="float64", seed=2)
    compare(f, x, y, ulps=1e4)


@pytest.mark.parametrize("n", [3, 500])
def test_long_chains(n: int) -> None:
    def f(x: Any) -> Any:
        y = x
        for k in range(700):
            y = ew.add(ew.mul(ew.sin(y), 0.5), x) if k % 3 else pieces.rev(y, (0,))
        return y

    compare(f, numbers(n, dtype="float64"), ulps=64)


@pytest.mark.parametrize("blocks", [1, 2])
def test_long_work_is_done_once(blocks: int) -> None:
    """Both words of a hash share its work, however long it is."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(blocks):
            y, z = threefry.threefry2x32(y, x, y, x)
            y = ew.bitwise_xor(y, z)
        return y

    program = compare(f, np.arange(1000, dtype=np.uint32)).program
    shifts = [n for s in program.body for n in kernel_nodes(s.kernels[0]) if n.op == "rotate_left"]
    assert len(program.body) == blocks and len(shifts) == 20 * blocks
