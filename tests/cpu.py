"""Running programs by the CPU compiler and by the NumPy value rules, to compare them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pullback import config
from pullback._native import ArrayImpl, Executable
from pullback.backends.cpu import check, pipeline
from pullback.core.aval import make_aval
from pullback.core.ir import Jaxpr
from pullback.core.stage import eval_jaxpr, stage_hoisted
from pullback.core.trace import as_array


def program(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Jaxpr, list[Any]]:
    """The program of f at arrays, and all it is to be run on."""
    arrays = [as_array(a) for a in args]

    def flat(*xs: Any) -> Sequence[Any]:
        out = f(*xs)
        return out if isinstance(out, (list, tuple)) else [out]

    avals = [make_aval(a.dtype, a.shape, False) for a in arrays]
    jaxpr, consts = stage_hoisted(flat, avals)
    return jaxpr, [*[as_array(c) for c in consts], *arrays]


def executable(jaxpr: Jaxpr, donated: tuple[int, ...] = ()) -> tuple[Executable, pipeline.Compiled]:
    """The program compiled, as a function of flat arrays."""
    c = pipeline.compile(jaxpr, donated=donated)
    return runner(c, len(jaxpr.invars)), c


def runner(c: pipeline.Compiled, arguments: int) -> Executable:
    """Code as a function of flat arrays."""
    return Executable(
        c.address, c.keepalive, arguments, c.kept, [], c.outs, c.scratch_bytes,
        c.externals, c.donated, None, c.release_gil,
    )  # fmt: skip


def compare(
    f: Callable[..., Any], *args: Any, ulps: float = 8.0, relative: float = 0.0
) -> pipeline.Compiled:
    """Assert that f compiled gives what its operations give one by one."""
    with config.override(enable_x64=True):
        jaxpr, arrays = program(f, args)
        run, compiled = executable(jaxpr)
        check.check(compiled.program)
        got = run(arrays)
        wanted = eval_jaxpr(jaxpr, (), *arrays)
    for g, w in zip(got, wanted, strict=True):
        close(as_array(g)._npy, as_array(w)._npy, ulps, relative)
    same(got, run(arrays))
    if compiled.patience:
        better = replace(compiled, code=pipeline.improved(compiled.program))
        same(got, runner(better, len(arrays))(arrays))
    return compiled


def same(got: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Assert that arrays are equal bit by bit."""
    for g, w in zip(got, wanted, strict=True):
        assert as_array(g)._npy.tobytes() == as_array(w)._npy.tobytes()


def close(got: np.ndarray, wanted: np.ndarray, ulps: float = 8.0, relative: float = 0.0) -> None:
    """Assert equal types, and values within some units in the last place of the largest."""
    assert got.shape == wanted.shape and got.dtype == wanted.dtype, (got.dtype, wanted.dtype)
    if (
        got.dtype.kind in "biuV"
        and got.dtype.name not in ("bfloat16",)
        and "float" not in got.dtype.name
    ):
        np.testing.assert_array_equal(got, wanted)
        return
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    eps = (
        float(np.finfo(got.dtype).eps)
        if got.dtype.kind in "fc" and got.dtype.name != "bfloat16"
        else 2**-7
    )
    g, w = got.astype(wide), wanted.astype(wide)
    finite = np.abs(w[np.isfinite(w)])
    scale = max(finite.max() if finite.size else 0.0, 1e-30)
    np.testing.assert_allclose(g, w, rtol=relative, atol=ulps * eps * scale)


__all__ = ["ArrayImpl", "close", "compare", "executable", "program"]
