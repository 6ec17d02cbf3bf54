"""Every row of the table of operations: values, types, derivatives and batching."""

from itertools import product
from typing import Any

import jax
import numpy as np
import pytest
from op import Op, arrays, run, run_jax
from ops import OPS

from pullback import config, dtypes
from pullback.core.check import check
from pullback.core.stage import eval_jaxpr, stage
from pullback.core.trace import as_array, get_aval
from pullback.transforms.grad import jvp, vjp
from pullback.transforms.vmap import vmap

DERIVED = [op for op in OPS if op.derived]
SMOOTH = [op for op in DERIVED if op.smooth]
STEP = 1e-6


def ids(ops: list[Op]) -> Any:
    return pytest.mark.parametrize("op", ops, ids=[op.name for op in ops])


@pytest.fixture(autouse=True)
def wide():
    with config.override(enable_x64=True), jax.enable_x64(True):
        yield


def samples(op: Op, dtypes: tuple[str, ...]) -> Any:
    """All sample arguments of these dtypes."""
    for dtype in dtypes:
        yield from op.samples(dtype)


def close(got: Any, wanted: Any, tol: float) -> None:
    """Equal dtype and shape, and values within `tol` units of the largest one's last place."""
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    if not dtypes.is_float(got.dtype):
        np.testing.assert_array_equal(got, wanted)
        return
    eps = float(dtypes.info(got.dtype).eps)
    kind = np.complex128 if dtypes.kind(got.dtype) == "complex" else np.float64
    got, wanted = got.astype(kind), wanted.astype(kind)
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = finite.max() if finite.size else 1.0
    np.testing.assert_allclose(got, wanted, rtol=tol * eps, atol=tol * eps * min(scale, 1.0))


@ids(OPS)
def test_value_is_jax(op):
    found = list(samples(op, op.dtypes))
    for args, wanted in zip(found, run_jax(op, found), strict=True):
        for g, w in zip(run(op, args), wanted, strict=True):
            close(g, w, op.tol)


@ids(OPS)
def test_staged_type_is_actual(op):
    for args in samples(op, op.dtypes):
        xs = [as_array(a) for a in args]
        program = stage(lambda *xs: flat(op.f(*xs)), [get_aval(x) for x in xs])
        check(program)
        values = flat(op.f(*xs))
        assert program.out_avals == [get_aval(v) for v in values]
        again = eval_jaxpr(program.jaxpr, program.consts, *xs)
        for a, b in zip(arrays(again), arrays(values), strict=True):
            close(a, b, 0)


def flat(outs: Any) -> list[Any]:
    """One result or several as a list."""
    return list(outs) if isinstance(outs, (list, tuple)) else [outs]


class Smooth:
    """An operation as a function of its floating-point arguments alone."""

    def __init__(self, op: Op, args: list[np.ndarray]) -> None:
        self.op = op
        self.args = args
        self.places = [i for i, a in enumerate(args) if dtypes.is_float(a.dtype)]
        self.primals = [as_array(args[i]) for i in self.places]
        self.rng = np.random.default_rng(0)

    def fill(self, xs: Any) -> list[Any]:
        """All arguments, the floating-point ones from `xs`."""
        full: list[Any] = list(self.args)
        for i, x in zip(self.places, xs, strict=True):
            full[i] = x
        return full

    def __call__(self, *xs: Any) -> list[Any]:
        """The floating-point results here."""
        full = [as_array(a) if isinstance(a, np.ndarray) else a for a in self.fill(xs)]
        return [o for o in flat(self.op.f(*full)) if dtypes.is_float(o.dtype)]

    def jax(self, *xs: Any) -> list[Any]:
        """The floating-point results in JAX."""
        outs = jax.tree.leaves(self.op.jax(*self.fill(xs)))
        return [o for o in outs if dtypes.is_float(np.dtype(o.dtype))]

    def random(self, like: Any) -> np.ndarray:
        """A random array of the type of another."""
        x = self.rng.normal(size=like.shape)
        y = 1j * self.rng.normal(size=like.shape) if dtypes.kind(like.dtype) == "complex" else 0
        return np.asarray(x + y).astype(like.dtype)

    def tangents(self) -> list[Any]:
        """Random tangents of the arguments."""
        return [as_array(self.random(p)) for p in self.primals]

    def cotangents(self) -> list[Any]:
        """Random cotangents of the results."""
        return [as_array(self.random(o)) for o in self(*self.primals)]

    def moved(self, tangents: list[Any], by: float) -> list[Any]:
        """The arguments moved along tangents."""
        pairs = zip(self.primals, tangents, strict=True)
        return [as_array(p._npy + by * t._npy) for p, t in pairs]


def smooth(op: Op) -> Any:
    """The row's derivative samples."""
    for args in samples(op, op.derived):
        yield Smooth(op, args)


def agree(got: Any, wanted: Any, tol: float) -> None:
    """Equal up to a share of the largest value."""
    for g, w in zip(got, wanted, strict=True):
        assert g.shape == w.shape and g.dtype == w.dtype
        scale = float(np.max(np.abs(w[np.isfinite(w)]), initial=1.0))
        np.testing.assert_allclose(g, w, rtol=tol, atol=tol * scale)


@ids(SMOOTH)
def test_jvp_is_finite_difference(op):
    for f in smooth(op):
        tangents = f.tangents()
        _, got = jvp(f, tuple(f.primals), tuple(tangents))
        ahead, behind = f(*f.moved(tangents, STEP)), f(*f.moved(tangents, -STEP))
        wanted = [(a._npy - b._npy) / (2 * STEP) for a, b in zip(ahead, behind, strict=True)]
        agree(arrays(got), wanted, 1e-5)


@ids(DERIVED)
def test_vjp_is_jax(op):
    rows = [(f, f.cotangents()) for f in smooth(op)]
    wanted = vjps_in_jax([f for f, _ in rows], [[c._npy for c in cts] for _, cts in rows])
    for (f, cts), want in zip(rows, wanted, strict=True):
        _, pull = vjp(f, *f.primals)
        agree(arrays(pull(cts)), [np.asarray(w) for w in want], 1e-8)


def vjps_in_jax(functions: list[Smooth], cotangents: Any) -> Any:
    """The cotangents of each function's arguments, all in one program."""

    def program(primals: Any, cotangents: Any) -> Any:
        rows = zip(functions, primals, cotangents, strict=True)
        return [jax.vjp(f.jax, *xs)[1](cts) for f, xs, cts in rows]

    return jax.jit(program)([[p._npy for p in f.primals] for f in functions], cotangents)


@ids(SMOOTH)
def test_vjp_is_adjoint_of_jvp(op):
    for f in smooth(op):
        tangents, cts = f.tangents(), f.cotangents()
        _, forward = jvp(f, tuple(f.primals), tuple(tangents))
        _, pull = vjp(f, *f.primals)
        left = inner(cts, forward)
        np.testing.assert_allclose(left, inner(pull(cts), tangents), rtol=1e-9, atol=1e-9)


def inner(xs: Any, ys: Any) -> float:
    """The sum of products, without conjugation: its real part is what transposes keep."""
    pairs = zip(arrays(xs), arrays(ys), strict=True)
    return float(sum(np.sum(x * y).real for x, y in pairs))


@ids(SMOOTH)
def test_second_order(op):
    for f in smooth(op):
        tangents, cts = f.tangents(), f.cotangents()

        def pull(*xs, f=f, cts=cts):
            return list(vjp(f, *xs)[1](cts))

        _, got = jvp(pull, tuple(f.primals), tuple(tangents))
        ahead, behind = pull(*f.moved(tangents, STEP)), pull(*f.moved(tangents, -STEP))
        wanted = [(a._npy - b._npy) / (2 * STEP) for a, b in zip(ahead, behind, strict=True)]
        agree(arrays(got), wanted, 1e-4)


@ids(OPS)
def test_vmap_is_loop(op):
    for args in op.samples(op.dtypes[0]):
        for mapped in product((None, 0, -1), repeat=len(args)):
            if any(m is not None for m in mapped):
                check_vmap(op, args, mapped)


def check_vmap(op: Op, args: list[np.ndarray], mapped: Any) -> None:
    """Three elements at the given axes (None: shared) against three calls."""
    size = 3
    batches = [
        a if m is None else np.stack([np.roll(a, k) for k in range(size)], m)
        for a, m in zip(args, mapped, strict=True)
    ]
    axes = tuple(None if m is None else (m % b.ndim) for m, b in zip(mapped, batches, strict=True))
    got = arrays(vmap(op.f, in_axes=axes)(*map(as_array, batches)))
    single = [
        run(op, [b if m is None else b.take(k, m) for b, m in zip(batches, mapped, strict=True)])
        for k in range(size)
    ]
    for k, g in enumerate(got):
        wanted = np.stack([np.asarray(s[k]) for s in single])
        close(g, wanted, op.tol)
