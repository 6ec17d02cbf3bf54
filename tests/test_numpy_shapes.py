"""Arrays from values and shapes, and functions that rearrange elements: results are JAX's."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy_cases import b, c, f, i, positive, row, table, u
from numpy_oracle import check

import pullback as pb

CREATION = table(
    row("zeros ones", (2, 3)),
    row("zeros ones", 3, dtype="int32"),
    row("full", (2,), 2),
    row("full", (2,), 2.5, dtype="int32"),
    row("full", (2, 3), f(3)),
    row("zeros_like ones_like", f(3)),
    row("zeros_like ones_like", 2.0),
    row("full_like", i(3), 2.7),
    row("full_like", 2.0, 3),
    row("arange", 5),
    row("arange", 2, 10, 3),
    row("arange", 0.0, 1.0, 0.1),
    row("arange", 3, dtype="float32"),
    row("arange", 10, 0, -3),
    row("linspace", 0, 1, 5),
    row("linspace", 0.0, 3.0, 7, endpoint=False),
    row("linspace", f(3), f(3), 4, axis=1),
    row("linspace", 0, 10, 5, dtype="int32"),
    row("linspace", 0, 1, 5, retstep=True),
    row("logspace", 0, 2, 5),
    row("geomspace", 1.0, 100.0, 5),
    row("geomspace", 2, 9.0, dtype="int32"),
    row("geomspace", 2.0, 9.0, 1),
    row("geomspace", 2.0, 9.0, 0),
    row("geomspace", 2.0, 9.0, 4, endpoint=False),
    row("eye", 3),
    row("eye", 3, 4, 1, dtype="int32"),
    row("identity", 3),
    row("tri", 3, 4, 1),
    row("meshgrid", f(3), f(2)),
    row("meshgrid", f(3), f(2), indexing="ij"),
    row("meshgrid", f(3), f(2), sparse=True),
    row("indices", (2, 3)),
    row("indices", (2, 3), sparse=True),
    row("array asarray", [1, 2, 3]),
    row("array", [1.0, 2]),
    row("array asarray", 1.5),
    row("array", [[True, False]]),
    row("array", 2),
    row("array", [1, 2], dtype="float32"),
    row("array", [1 + 2j]),
    row("array", f(3), ndmin=2),
    row("array", []),
    row("array", np.float64(2.0)),
    row("array", [np.float32(1), 2]),
    row("array", (1, 2.0)),
    row("ix_", i(3), i(2)),
    row("tril_indices triu_indices", 3),
    row("tril_indices", 3, 1, 4),
    row("tril_indices triu_indices", np.uint8(3), np.uint8(0)),
    row("tril_indices_from triu_indices_from diag_indices_from", f(3, 3)),
    row("unravel_index", np.array([3, 7, 99, -1]), (3, 4)),
    row("ravel_multi_index", [np.array([1, 2]), np.array([0, 3])], (3, 4)),
    row("ravel_multi_index", [np.array([1, 5]), np.array([0, -3])], (3, 4), mode="wrap"),
    row("bartlett blackman hamming hanning", 8),
    row("bartlett hanning", 1),
    row("kaiser", 7, 3.0),
)
AXES = table(
    row("reshape", f(3, 4), (2, -1)),
    row("reshape", f(3, 4), (4, 3), order="F"),
    row("ravel", f(2, 3), order="F"),
    row("transpose", f(2, 3, 4), (1, 0, 2)),
    row("transpose matrix_transpose ravel", f(2, 3, 4)),
    row("swapaxes", f(2, 3, 4), 0, -1),
    row("moveaxis", f(2, 3, 4), (0, 1), (-1, 0)),
    row("rollaxis", f(2, 3, 4), 2, 0),
    row("expand_dims", f(3), (0, 2)),
    row("squeeze", f(1, 3, 1)),
    row("squeeze", f(1, 3, 1), 0),
    row("broadcast_to", f(3), (2, 3)),
    row("broadcast_arrays", f(3), f(2, 1)),
    row("atleast_1d atleast_2d atleast_3d", f(3)),
    row("atleast_1d atleast_2d atleast_3d", 2.0),
    row("flip", f(2, 3)),
    row("fliplr flipud rot90", f(2, 3)),
    row("rot90", f(2, 3), 3),
    row("roll", f(5), 2),
    row("roll", f(3, 4), (1, -1), (0, 1)),
    row("tile", f(2, 3), (2, 1, 2)),
    row("repeat", f(3, 2), 2, axis=0),
    row("repeat", f(3), np.array([1, 0, 2])),
    row("repeat", f(3), np.array([1, 0, 2], np.uint64)),
    row("repeat", f(3), np.array([1, 0, 2]), total_repeat_length=5),
    row("resize", f(3), (2, 4)),
    row("tril triu", f(2, 3, 4), 1),
    row("diag", f(3)),
    row("diag", f(3, 4), 1),
    row("diag", f(2), -1),
    row("diagonal", f(3, 4, 2), -1, 0, 2),
    row("diagflat", f(2, 2), 1),
    row("trace", i(3, 4), 1),
)
JOINING = table(
    row("concatenate", [f(2, 3), i(1, 3)]),
    row("concatenate", [f(2, 3), i(1, 3)], axis=None),
    row("stack", [f(3), f(3)], axis=1),
    row("vstack hstack dstack column_stack", [f(3), f(3)]),
    row("vstack hstack dstack column_stack", [f(2, 3), f(2, 3)]),
    row("append", f(3), 2.0),
    row("append", f(2, 3), f(1, 3), axis=0),
    row("split", f(6), 3),
    row("split", f(6), [2, 4]),
    row("array_split", f(7), 3),
    row("hsplit vsplit", f(4, 4), 2),
    row("unstack", f(3, 2)),
    row("insert", f(5), 2, 9.0),
    row("insert", f(5), np.array([1, 3]), np.array([7.0, 8.0], np.float32)),
    row("insert", f(3, 2), 1, f(2), axis=0),
    row("insert", f(3, 2), 1, 5.0, axis=1),
    row("insert", i(5), slice(1, 4), 3),
    row("delete", f(5), 2),
    row("delete", f(3, 4), np.array([0, 2]), axis=1),
    row("block", [[f(2, 2), f(2, 1)], [f(1, 2), f(1, 1)]]),
    row("packbits unpackbits", u(10)),
    row("packbits", b(3, 9), axis=1, bitorder="little"),
    row("unpackbits", u(2, 3), axis=0, count=5),
)
MODES = "constant edge linear_ramp maximum mean median minimum reflect symmetric wrap".split()
PADDING = table(
    *[row("pad", f(3, 4), ((1, 2), (2, 0)), mode=m) for m in MODES],
    *[row("pad", i(5), 2, mode=m) for m in MODES],
    row("pad", f(3), 1, constant_values=(1.0, 2.0)),
    row("pad", f(4), (5, 6), mode="reflect"),
    row("pad", f(4), (2, 1), mode="reflect", reflect_type="odd"),
    row("pad", f(6), 2, mode="mean", stat_length=2),
)
CONTRACTIONS = table(
    row("dot matmul inner vdot", f(3), f(3)),
    row("dot matmul", f(2, 3), f(3)),
    row("dot matmul", f(3), f(3, 2)),
    row("dot matmul", f(2, 3), f(3, 4)),
    row("dot", f(2, 2, 3), f(4, 3, 2)),
    row("matmul", f(2, 2, 3), f(3, 4)),
    row("matmul", f(2, 3), f(5, 3, 4)),
    row("matmul", f(4, 1, 2, 3), f(5, 3, 4)),
    row("matmul", f(3), f(5, 3, 4)),
    row("matmul", i(2, 3), f(3, 2)),
    row("matmul", i(2, 3), u(3, 2)),
    row("dot", 2.0, f(3)),
    row("outer", f(3), f(2, 2)),
    row("tensordot", f(2, 3, 4), f(3, 4, 5)),
    row("tensordot", f(2, 3, 4), f(4, 3), axes=((1, 2), (1, 0))),
    row("vecdot", c(2, 3), c(2, 3)),
    row("matvec", f(2, 3), f(3)),
    row("vecmat", f(3), f(3, 2)),
    row("kron", f(2, 2), f(3)),
    row("cross", f(4, 3), f(4, 3)),
    row("cross", f(2), f(2)),
    row("vdot", c(3), c(3)),
    row("linalg.matrix_power", f(3, 3), 3),
    row("linalg.matrix_power", f(2, 3, 3), 0),
    row("linalg.multi_dot", [f(3), f(3, 4), f(4, 2)]),
    row("linalg.matrix_norm linalg.vector_norm linalg.trace linalg.diagonal", f(2, 3, 3)),
    row("linalg.outer linalg.cross", f(3), f(3)),
    *[row("linalg.norm", f(3, 4), o, axis=1) for o in (1, 2, 3, np.inf, -np.inf, 0, 0.5)],
    *[row("linalg.norm", f(3, 4), o) for o in (None, 1, -1, np.inf, -np.inf, "fro")],
    row("linalg.norm", c(3)),
)
EINSUM = [
    ("ij,jk->ik", (f(2, 3), f(3, 4))),
    ("ij,jk,kl", (f(2, 3), f(3, 4), f(4, 2))),
    ("ii", (f(3, 3),)),
    ("ii->i", (f(3, 3),)),
    ("ij->ji", (f(2, 3),)),
    ("ij->", (f(2, 3),)),
    ("bij,bjk->bik", (f(2, 3, 4), f(2, 4, 5))),
    ("...ij,...jk->...ik", (f(2, 3, 4), f(2, 4, 5))),
    ("...i,...i", (f(2, 3), f(3))),
    ("i,j->ij", (f(2), f(3))),
    ("ijk,j->ik", (f(2, 3, 4), f(3))),
    ("ij,ij->ij", (f(2, 3), f(2, 3))),
    ("bi,bj->b", (f(2, 3), f(2, 4))),
    ("i,ij,j", (f(2), f(2, 3), f(3))),
]
REDUCTIONS = "sum prod mean var std all any max min count_nonzero"
STATISTICS = table(
    *[row(REDUCTIONS, x) for x in (f(3, 4), i(3, 4), b(3, 4))],
    row("sum prod mean var std max argmax argmin ptp", f(3, 4), axis=0),
    row("sum prod mean max argmax argmin", u(3, 4), axis=-1, keepdims=True),
    row("sum mean var max", f(2, 3, 2).astype(np.float16), axis=(0, 2)),
    row("sum prod mean var std", f(3, 4), where=b(3, 4)),
    row("max min", f(3, 4), where=b(3, 4), initial=0.5),
    row("sum prod all any", f(0, 3), axis=0),
    row("sum", i(3), dtype="float32"),
    row("sum prod", i(3), initial=3),
    row("var std", c(3, 2)),
    row("var std", f(4, 3), axis=0, ddof=1),
    row("average", f(3, 4), axis=1, weights=positive(4)),
    row("roll", i(2, 3), np.array([1, 2]), axis=(0, 1)),
    row("roll", i(2, 3), np.array([1]), axis=(0, 1)),
    row("roll", i(5), [1, 2]),
    row("trace", i(3, 3), dtype=bool),
    row("round", f(4), 100),
    row("round", f(4).astype(np.float16), 1000),
    row("trapezoid", f(3, 4, 5), dx=f(2, 4, 5), axis=0),
    row("trapezoid", f(2, 3), dx=f(3), axis=0),
    row("trapezoid", f(2, 3, 4, 5), dx=f(2, 1, 3, 5), axis=2),
    row("pad", f(0, 3), ((0, 0), (1, 1)), mode="mean"),
    row("histogram2d", f(5), f(5), bins=[np.array([0, 1, 3, 5]), np.array([-1, 2, 3, 4, 6])]),
    row("poly", f(3, 3)),
    row("polydiv", f(4), np.array([2.0], np.float32), trim_leading_zeros=True),
    row("array_equal array_equiv", [1, 2], [1, 2]),
    row("average", f(3, 2, 4), axis=(2, 0), weights=positive(4, 3), returned=True, keepdims=True),
    row("average", i(3, 4), weights=f(3, 4), returned=True),
    row("cumsum cumprod", f(3, 4)),
    row("cumsum cumprod", i(3, 4), axis=1),
    row("cumsum cumprod", b(5)),
    row("cumulative_sum cumulative_prod", f(3, 4), axis=1, include_initial=True),
)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [*CREATION, *AXES, *JOINING, *PADDING, *CONTRACTIONS, *STATISTICS],
)
def test_table(name: str, args: Any, kwargs: Any) -> None:
    check(name, *args, **kwargs)


@pytest.mark.parametrize("optimize", ["auto", False])
@pytest.mark.parametrize(("subscripts", "operands"), EINSUM, ids=[s for s, _ in EINSUM])
def test_einsum(subscripts: str, operands: Any, optimize: Any) -> None:
    check("einsum", subscripts, *operands, optimize=optimize)


@pytest.mark.parametrize(("subscripts", "operands"), EINSUM, ids=[s for s, _ in EINSUM])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_einsum_by_a_function_that_is_given(subscripts: str, operands: Any, dtype: Any) -> None:
    operands = [x.astype(dtype) for x in operands]

    def contracted(p: Any) -> tuple[list[Any], Any]:
        calls = []

        def dot(x: Any, y: Any, dimension_numbers: Any, *args: Any, **kwargs: Any) -> Any:
            given = [(a.shape, str(a.dtype)) for a in (x, y)]
            calls.append((given, dimension_numbers, args, {**kwargs}))
            return 2 * p.lax.dot_general(x, y, dimension_numbers, *args, **kwargs)

        out = p.numpy.einsum(
            subscripts,
            *operands,
            precision="highest",
            preferred_element_type=np.float32,
            _dot_general=dot,
        )
        return calls, out

    (calls, out), (wanted, truth) = contracted(pb), contracted(jax)
    assert calls == wanted
    np.testing.assert_allclose(out, truth, rtol=1e-5, atol=1e-5)


def test_shapes_of_what_is_no_array_of_numbers():
    text = np.array([["a", "b"]])
    for p in (pb.numpy, jax.numpy):
        assert (p.shape(text), p.ndim(text), p.size(text), p.size(text, 1)) == ((1, 2), 2, 2, 2)


@pytest.mark.parametrize("name", "sum mean flip max any var count_nonzero prod average".split())
def test_axes_may_be_any_sequence(name):
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    for axes in (range(2), (0, 1)):
        ours, theirs = (getattr(p, name)(x, axis=axes) for p in (pb.numpy, jax.numpy))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_new_and_rolled_axes_may_be_any_sequence():
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    for p in (pb.numpy, jax.numpy):
        assert p.expand_dims(x, range(2)).shape == (1, 1, 2, 3)
        np.testing.assert_array_equal(p.roll(x, 1, axis=range(2)), np.roll(x, 1, (0, 1)))
    with pytest.raises(TypeError):
        pb.numpy.sum(x, axis=1.5)


class Shaped:
    shape, ndim, size = (2, 3), 2, 6


@pytest.mark.parametrize("name", ["shape", "ndim", "size"])
@pytest.mark.parametrize(
    "of",
    [Shaped(), np.array(["a"]), jax.ShapeDtypeStruct((4,), "int8"), 2.0],
    ids=["shaped", "texts", "type", "number"],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_shapes_of_what_has_one(name: str, of: Any) -> None:
    assert getattr(pb.numpy, name)(of) == getattr(jax.numpy, name)(of)
