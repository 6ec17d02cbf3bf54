"""`pullback.lax`: values and dtypes are those of `jax.lax`; operands that differ get an error."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax as jlax
from numpy_cases import b, f, i, positive, rising, row, table, u
from numpy_oracle import assert_same, ours, theirs

import pullback as pb
from pullback import lax

X, Y = f(3, 4), f(3, 4)
ROWS = table(
    row(
        "add sub mul div rem max min pow atan2 eq ne lt le gt ge nextafter",
        positive(3),
        positive(3),
    ),
    row("add sub mul div max min", X, 2.0),
    row("add mul div rem max", i(4), np.full(4, 3, np.int32)),
    row("neg abs sign floor ceil round exp log1p sin cos tanh logistic is_finite square erf", X),
    row("sqrt rsqrt cbrt log exp2 expm1 lgamma digamma reciprocal", positive(4)),
    row("bitwise_and bitwise_or bitwise_xor shift_left shift_right_logical", u(4), u(4)),
    row("bitwise_not population_count clz", u(4)),
    row("integer_pow", X, 3),
    row("clamp", -0.5, X, 0.5),
    row("select", b(3), f(3), f(3)),
    row("select_n", np.array([0, 1, 2]), f(3), f(3), f(3)),
    row("convert_element_type", X, "int32"),
    row("bitcast_convert_type", X, "int32"),
    row("reduce_precision", X, 5, 7),
    row("broadcast", X, (2,)),
    row("broadcast_in_dim", X, (2, 3, 4), (1, 2)),
    row("reshape", X, (4, 3)),
    row("transpose", X, (1, 0)),
    row("rev", X, (0,)),
    row("squeeze", f(1, 3), (0,)),
    row("expand_dims", X, (1,)),
    row("collapse", f(2, 3, 4), 1),
    row("concatenate", [X, Y], 1),
    row("pad", X, np.float32(1), [(1, 0, 1), (0, 2, 0)]),
    row("slice", X, (1, 0), (3, 4), (1, 2)),
    row("slice_in_dim", X, 1, 3),
    row("index_in_dim", X, 1, 1, keepdims=False),
    row("full", (2, 3), 1.5),
    row("full_like", X, 2),
    row("iota", "float32", 5),
    row("broadcasted_iota", "int32", (2, 3), 1),
    row("reduce_sum reduce_prod reduce_max reduce_min", X, (0,)),
    row("reduce_and reduce_or reduce_xor", b(3, 4), (1,)),
    row("argmax argmin", X, 1, "int32"),
    row("cumsum cumprod cummax cummin cumlogsumexp", X, 1, True),
    row("dot", X, f(4, 2)),
    row("dot_general", f(2, 3, 4), f(2, 4, 5), (((2,), (1,)), ((0,), (0,)))),
    row("batch_matmul", f(2, 3, 4), f(2, 4, 5)),
    row("sort", X),
    row("sort", (np.array([2, 1, 2]), f(3)), num_keys=1),
    row("sort_key_val", np.array([3, 1, 2]), f(3)),
    row("top_k", X, 2),
    row("dynamic_slice", X, (np.int32(1), np.int32(9)), (2, 2)),
    row("dynamic_slice_in_dim", X, np.int32(1), 2, 1),
    row("dynamic_index_in_dim", X, np.int32(-1), 0, keepdims=False),
    row("dynamic_update_slice", X, f(2, 2), (np.int32(2), np.int32(0))),
    row("dynamic_update_slice_in_dim", X, f(1, 4), np.int32(1), 0),
    row("dynamic_update_index_in_dim", X, f(4), np.int32(1), 0),
    row("split", f(6), (2, 4)),
    row("tile", X, (1, 2)),
)


@pytest.mark.parametrize(("name", "args", "kwargs"), ROWS)
def test_values(name: str, args: Any, kwargs: Any) -> None:
    want = getattr(jlax, name)(*theirs(args), **kwargs)
    assert_same(getattr(lax, name)(*ours(args), **kwargs), want)


def test_gather_and_scatter() -> None:
    x, at = f(5, 3), np.array([[3], [0]], np.int32)
    ours_ = lax.GatherDimensionNumbers((1,), (0,), (0,))
    theirs_ = jlax.GatherDimensionNumbers((1,), (0,), (0,))
    got = lax.gather(*ours((x, at)), ours_, (1, 3))
    assert_same(got, jlax.gather(*theirs((x, at)), theirs_, (1, 3)))
    ours_s = lax.ScatterDimensionNumbers((1,), (0,), (0,))
    theirs_s = jlax.ScatterDimensionNumbers((1,), (0,), (0,))
    updates = f(2, 3)
    for name in ("scatter", "scatter_add", "scatter_mul", "scatter_min", "scatter_max"):
        got = getattr(lax, name)(*ours((x, at, updates)), ours_s)
        assert_same(got, getattr(jlax, name)(*theirs((x, at, updates)), theirs_s))


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda: lax.add(f(3), f(4)), Exception, r"add.*float32\[3\].*float32\[4\]"),
    (lambda: lax.add(*ours((f(3), i(3)))), TypeError, "add.*dtype"),
    (lambda: lax.sin(ours(i(3))), TypeError, "sin.*int32"),
    (lambda: lax.reshape(ours(f(3)), (2,)), Exception, "reshape"),
    (lambda: lax.dot(ours(f(2, 3)), ours(f(4, 2))), TypeError, "dot"),
    (lambda: lax.concatenate([ours(f(2, 3)), ours(f(2, 4))], 0), Exception, "concatenate"),
    (lambda: lax.transpose(ours(f(2, 3)), (0, 0)), Exception, "transpose"),
    (lambda: lax.slice(ours(f(3)), (0,), (5,)), Exception, "slice"),
    (lambda: lax.select(ours(b(3)), ours(f(3)), ours(f(4))), Exception, "select"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=[m for _, _, m in ERRORS])
def test_messages(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_control_flow_is_exported() -> None:
    total, each = lax.scan(lambda c, x: (c + x, c), 0.0, rising(4))
    want, want_each = jlax.scan(lambda c, x: (c + x, c), 0.0, jnp.asarray(each) * 0 + 0.0)
    assert want_each.shape == each.shape and total.shape == want.shape
    assert int(lax.fori_loop(0, 5, lambda k, v: v + k, 0)) == 10
    assert float(pb.jit(lambda x: lax.cond(x > 0, pb.numpy.sin, pb.numpy.cos, x))(0.5)) == (
        pytest.approx(float(jax.numpy.sin(0.5)))
    )


@pytest.mark.parametrize("n", [1, 2, 5, 8])
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(n: int, reverse: bool) -> None:
    pairs = {"a": f(n, 2), "b": f(n, 2)}

    def combine(x: Any, y: Any) -> Any:
        return {"a": x["a"] * y["a"], "b": x["b"] * y["a"] + y["b"]}

    want = jlax.associative_scan(combine, jax.tree.map(jnp.asarray, pairs), reverse)
    got = pb.jit(lambda v: lax.associative_scan(combine, v, reverse))(pairs)
    for name in pairs:
        np.testing.assert_allclose(got[name], want[name], 2e-5, 1e-6)


def test_precision_is_accepted() -> None:
    x = f(2, 2)
    got = pb.numpy.matmul(x, x, precision=lax.Precision.HIGHEST)
    np.testing.assert_allclose(got, x @ x, 1e-6)


@pytest.mark.parametrize("wrap", ["eager", "jit", "vmap"])
@pytest.mark.parametrize("mode", [None, "clip", "fill", "promise_in_bounds"])
def test_windows_that_start_outside(mode, wrap):
    """Windows are clamped where no mode is given."""
    x, starts = f(4, 5), np.array([[0], [-2], [3], [7]], np.int32)

    def windows(lib):
        axes = lib.lax.GatherDimensionNumbers((1,), (0,), (0,))

        def g(x, i):
            return lib.lax.gather(x, i, axes, (1, 3), mode=mode)

        return {"eager": g, "jit": lib.jit(g), "vmap": lib.vmap(g, (None, 1))}[wrap]

    at = starts[:, None] if wrap == "vmap" else starts
    np.testing.assert_array_equal(windows(pb)(x, at), windows(jax)(x, at))
