"""Bad input to arrays and to `pullback.numpy` gets an error that says what to write instead."""

from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

X = pnp.array([1.0, 2.0, 3.0])
CASES: list[tuple[Any, type[Exception], str]] = [
    (lambda: pnp.array([[1, 2], [3]]), ValueError, "array: .*unequal lengths"),
    (lambda: pnp.pad(X, ((1, 1),) * 3), ValueError, r"pad: .*\(3, 2\).*a pair of widths for each"),
    (lambda: pnp.repeat(X, pnp.arange(4)), ValueError, r"repeat: .*the 3 elements along axis 0"),
    (lambda: pb.jit(lambda x: x)("text"), TypeError, r"argument\[0\] is 'text' of type str"),
    (lambda: pb.jit(lambda x: x)(x="text"), TypeError, r"argument\['x'\] is 'text' of type str"),
    (lambda: pnp.array("text"), TypeError, "array: .*'text' of type str"),
    (lambda: pnp.array(["a"]), TypeError, "array: .*of type str"),
    (lambda: pnp.array(object()), TypeError, "array: wants numbers"),
    (lambda: pnp.array([None]), ValueError, "array: .*NoneType"),
    (lambda: pnp.asarray(np.array(["a"])), TypeError, "bools and numbers"),
    (lambda: pnp.array(2**40), OverflowError, "does not fit"),
    (
        lambda: pnp.array([2**40]),
        OverflowError,
        "array: the integer 1099511627776 does not fit int32",
    ),
    (lambda: pnp.asarray(np.array([2**40])), OverflowError, "enable_x64"),
    (lambda: pnp.array(300, dtype="uint8"), OverflowError, "300 does not fit uint8"),
    (lambda: pnp.uint8(3) + 300, OverflowError, "300 does not fit uint8"),
    (lambda: X + pnp.ones(4), ValueError, r"add: .*float32\[3\] and float32\[4\] do not broadcast"),
    (lambda: pnp.sin([1.0]), TypeError, r"sin requires arrays.*list.*asarray"),
    (lambda: pnp.add(X, "a"), TypeError, "add requires arrays.*'a' of type str at position 1"),
    (lambda: X + "a", TypeError, "unsupported operand"),
    (lambda: X - [1, 2, 3], TypeError, r"subtract requires arrays.*list.*asarray"),
    (lambda: [1, 2] * pnp.array(2), TypeError, r"multiply requires arrays.*list.*asarray"),
    (lambda: X == (1, 2, 3), TypeError, r"equal requires arrays.*tuple.*asarray"),
    (lambda: {1: 2} + X, TypeError, "add requires arrays.*dict at position 0"),
    (lambda: pnp.sum(X, axis=1.0), TypeError, "sum: an axis is an integer, got 1.0"),
    (lambda: pnp.sum(X, axis="a"), TypeError, "sum: an axis is an integer, got 'a'"),
    (lambda: pnp.sum(X, axis=3), IndexError, "sum: axis 3 is out of bounds"),
    (lambda: pnp.swapaxes(X, 0, 3), ValueError, "swapaxes: axis 3 is out of bounds"),
    (lambda: X.reshape(1.5, 2), TypeError, r"reshape: a shape is made of integers, got \(1.5, 2\)"),
    (lambda: X.reshape(2, -1), TypeError, r"into shape \(2, -1\)$"),
    (lambda: X.astype("U5"), TypeError, "astype: arrays hold bools and numbers"),
    (lambda: pnp.where(X > 0, X), TypeError, "Either both or neither"),
    (lambda: pnp.tensordot(X, X, ((0, 1), (0,))), TypeError, "two lists of one length"),
    (lambda: bool(pb.random.key(0)), TypeError, "random keys cannot be converted to bool"),
    (lambda: pb.lax.map(pnp.sin, X[0]), ValueError, r"map: xs is a scalar, float32\[\]"),
    (lambda: pb.lax.scan(lambda c, x: c, 0.0, X), TypeError, r"pair \(carry, y\), got float32\[\]"),
    (
        lambda: pb.lax.fori_loop(0, 3, lambda i, c: X, 0.0),
        TypeError,
        r"fori_loop: the body must return a carry(.|\n)*got float32\[3\]",
    ),
    (
        lambda: pb.linear_transpose(lambda x: x * x, X)(X),
        TypeError,
        r"is not linear: the value of an argument.*float32\[3\]",
    ),
    (
        lambda: pb.jit(lambda x: f"{x:.3f}")(1.0),
        TypeError,
        r"float32\[\] traced by jit of <lambda>.*cannot be formatted as '.3f'",
    ),
    (lambda: X @ pnp.ones((2, 2)), TypeError, r"matmul: the contracted sizes differ, .* 3 and 2"),
    (lambda: pnp.matmul(X, 2.0), ValueError, "at least one axis"),
    (lambda: X.reshape(2, 2), TypeError, r"cannot reshape array of shape \(3,\)"),
    (lambda: pnp.sum(X, axis=1), ValueError, "sum: axis 1 is out of bounds"),
    (lambda: pnp.sum(X, keepdim=True), TypeError, "unexpected keyword argument 'keepdim'"),
    (lambda: pnp.zeros(3, dtpye="int32"), TypeError, "unexpected keyword argument 'dtpye'"),
    (lambda: pnp.zeros((2, -1)), ValueError, "zeros: sizes must not be negative"),
    (lambda: pnp.zeros(2.5), TypeError, "zeros: Shapes must be 1D sequences"),
    (lambda: pnp.zeros(2, dtype="nonsense"), TypeError, "zeros: 'nonsense' is no dtype"),
    (lambda: pnp.concatenate([X, pnp.ones((2, 2))]), ValueError, r"concatenate: .*float32\[2,2\]"),
    (lambda: pnp.stack([X, pnp.ones(2)]), ValueError, "same shape"),
    (lambda: pnp.concatenate(3.0), TypeError, "concatenate: wants a sequence of arrays"),
    (lambda: pnp.max(pnp.zeros(0)), ValueError, "zero-size array"),
    (lambda: X[3], IndexError, "index 3 is out of bounds for axis 0 with size 3"),
    (lambda: X[pnp.array([0, 5])], IndexError, "out of bounds for axis 0 with size 3"),
    (
        lambda: pb.jit(lambda x: x[3])(X),
        IndexError,
        "index 3 is out of bounds for axis 0 with size 3",
    ),
    (lambda: X.at[3].set(1.0), IndexError, "index 3 is out of bounds for axis 0 with size 3"),
    (lambda: X[0, 0], IndexError, "indices"),
    (lambda: X[1.0], TypeError, "integer or boolean type"),
    (lambda: X[pnp.array([1.0])], TypeError, "Indexer must have integer or boolean type.*float32"),
    (lambda: X[[0, 1]], TypeError, r"non-tuple sequence.*x\[array\("),
    (lambda: X["a"], TypeError, "an index is an integer, slice"),
    (lambda: X[np.array([True, False])], IndexError, "boolean index did not match"),
    (lambda: X.at[0].set(pnp.ones(2)), ValueError, "do not broadcast to the selected elements"),
    (lambda: X.at[0].set(1.0, unknown=1), TypeError, "unexpected keyword 'unknown'"),
    (lambda: -pnp.array([True]), TypeError, "negative does not accept dtype bool"),
    (
        lambda: pnp.array([True]) - pnp.array([True]),
        TypeError,
        "subtract does not accept dtype bool",
    ),
    (lambda: pnp.array([2]) ** -1, TypeError, "negative powers"),
    (lambda: X & 1, TypeError, "bitwise_and does not accept dtype float32"),
    (lambda: pnp.einsum("ij,jk", X, X), ValueError, "einsum"),
    (lambda: pnp.where(X > 1, X), ValueError, "Either both or neither"),
    (lambda: pnp.arange("a"), TypeError, "arange: wants real numbers"),
    (lambda: pnp.put(X, 0, 1.0), ValueError, "inplace=False"),
    (lambda: bool(X), ValueError, "ambiguous"),
    (lambda: hash(X), TypeError, "unhashable"),
    (lambda: pb.jit(lambda x: x[x > 1])(X), pb.errors.NonConcreteBooleanIndexError, "where"),
    (lambda: pb.jit(pnp.zeros)(3), pb.errors.ConcretizationTypeError, "static_argn|Python index"),
    (lambda: pb.jit(lambda x, n: x[:n])(X, 2), IndexError, "dynamic_slice_in_dim"),
    (lambda: pb.jit(pnp.arange)(3), pb.errors.ConcretizationTypeError, "static_argnames"),
    (lambda: pb.jit(lambda x: x.item())(1.0), pb.errors.ConcretizationTypeError, "item"),
]


@pytest.mark.parametrize(("call", "error", "message"), CASES, ids=[m for _, _, m in CASES])
def test_message(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_assignment_shows_the_at_form() -> None:
    with pytest.raises(TypeError, match=r"x = x\.at\[index\]\.set\(value\)"):
        X[0] = 1.0
    with pytest.raises(TypeError, match=r"x\.at\[index\]\.set"):
        pb.jit(lambda x: x.__setitem__(0, 1.0))(X)
    with pytest.raises(TypeError, match="immutable"):
        del X[0]
    np.testing.assert_array_equal(X, [1, 2, 3])


def test_rank_promotion_may_be_refused() -> None:
    with pb.config.override(numpy_rank_promotion="raise"):
        with pytest.raises(ValueError, match="numpy_rank_promotion"):
            X + pnp.ones((2, 3))


def test_dtype_promotion_may_be_refused() -> None:
    with pb.config.override(numpy_dtype_promotion="strict"):
        np.testing.assert_array_equal(X + 1, [2, 3, 4])
        with pytest.raises(ValueError, match="strict promotion"):
            X + pnp.arange(3)
