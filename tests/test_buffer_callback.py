"""Python functions that write their results into memory that they are given: here and in JAX."""

from importlib import import_module
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest

import pullback as pb

X = np.arange(6, dtype=np.float32).reshape(2, 3)
LIBRARIES = pytest.mark.parametrize("p", (pb, jax))


def made(p: ModuleType, f: Any, like: Any, **options: Any) -> Any:
    module = import_module(f"{p.__name__}.experimental.buffer_callback")
    types = {k: p.ShapeDtypeStruct(*v) for k, v in like.items()}
    return module.buffer_callback(f, types, **options)


@LIBRARIES
def test_results_are_written_in_place(p: ModuleType) -> None:
    module = import_module(f"{p.__name__}.experimental.buffer_callback")
    seen = []

    def f(ctx: Any, out: Any, x: Any, *, y: Any) -> None:
        assert isinstance(ctx, module.ExecutionContext)
        assert ctx.stage == module.ExecutionStage.EXECUTE
        with pytest.raises(RuntimeError, match="UNIMPLEMENTED"):
            print(ctx.stream)
        assert isinstance(x, module.Buffer) and isinstance(out["sum"], module.Buffer)
        seen.append((x.shape, x.ndim, x.dtype, x.writeable, out["sum"].writeable))
        assert x.__dlpack_device__() == (1, 0)
        np.asarray(out["sum"])[...] = np.asarray(x) + np.asarray(y)
        np.from_dlpack(out["count"])[...] = x.ndim

    call = made(p, f, {"sum": ((2, 3), np.float32), "count": ((), np.int32)})
    for g in (call, p.jit(call)):
        out = g(X, y=X[0])
        np.testing.assert_array_equal(out["sum"], X + X[0])
        assert int(out["count"]) == 2
    assert seen == [((2, 3), 2, np.float32, False, True)] * 2


@LIBRARIES
@pytest.mark.parametrize("method", ["expand_dims", "broadcast_all", "sequential"])
def test_batches(p: ModuleType, method: str) -> None:
    shapes = []

    def f(ctx: Any, out: Any, x: Any, y: Any) -> None:
        shapes.append((out["a"].shape, x.shape, y.shape))
        np.asarray(out["a"])[...] = np.asarray(x) * np.asarray(y)

    call = made(p, f, {"a": ((3,), np.float32)}, vmap_method=method)
    out = p.vmap(call, in_axes=(0, None))(X, X[1])
    np.testing.assert_array_equal(out["a"], X * X[1])
    wanted = {
        "expand_dims": [((2, 3), (2, 3), (1, 3))],
        "broadcast_all": [((2, 3), (2, 3), (2, 3))],
        "sequential": [((3,), (3,), (3,))] * 2,
    }
    assert shapes == wanted[method]


@LIBRARIES
def test_results_where_operands_lay(p: ModuleType) -> None:
    def f(ctx: Any, out: Any, x: Any) -> None:
        np.asarray(out["a"])[0] += 1

    call = made(p, f, {"a": ((2, 3), np.float32)}, input_output_aliases={0: 0})
    given = p.numpy.asarray(X.copy())
    np.testing.assert_array_equal(p.jit(call)(given)["a"], X + np.array([[1], [0]]))
    np.testing.assert_array_equal(given, X)
    for aliases, like in (({1: 0}, np.float32), ({0: 1}, np.float32), ({0: 0}, np.int32)):
        wrong = made(p, f, {"a": ((2, 3), like)}, input_output_aliases=aliases)
        with pytest.raises(ValueError, match="input_output_aliases contains the mapping"):
            wrong(X)


@LIBRARIES
def test_what_is_refused(p: ModuleType) -> None:
    def f(ctx: Any, out: Any, x: Any) -> None:
        np.asarray(out["a"])[...] = 0

    call = made(p, f, {"a": ((3,), np.float32)})
    with pytest.raises(NotImplementedError, match="vmap_method"):
        p.vmap(call)(X)
    with pytest.raises(ValueError, match="JVP"):
        p.jvp(call, (X[0],), (X[0],))
    with pytest.raises((ValueError, RuntimeError), match="must not return any values"):
        p.block_until_ready(made(p, lambda ctx, out, x: 1, {"a": ((3,), np.float32)})(X[0]))


@LIBRARIES
def test_side_effects_happen_though_nothing_needs_them(p: ModuleType) -> None:
    calls = []

    def f(ctx: Any, out: Any, x: Any) -> None:
        calls.append(float(np.asarray(x)))
        np.asarray(out["a"])[...] = 0

    call = made(p, f, {"a": ((), np.float32)}, has_side_effect=True)
    p.jit(lambda x: [call(x), x][1])(np.float32(2)).block_until_ready()
    p.effects_barrier()
    assert calls == [2.0]
