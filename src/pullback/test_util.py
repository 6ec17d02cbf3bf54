"""Derivatives held against finite differences, under the names of `jax.test_util`."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import dtypes, tree
from .core.trace import get_aval
from .transforms.grad import jvp as forward
from .transforms.grad import vjp as reverse

__all__ = ["check_grads", "check_jvp", "check_vjp"]

Function = Callable[..., Any]
Tolerance = float | Mapping[Any, float] | None
EPS = 1e-4
# How far numbers of a dtype may be apart, by the number of bits of their parts.
TOLERANCES = {4: 1.0, 6: 1.0, 8: 1e-1, 16: 1e-2, 32: 2e-3, 64: 1e-5}


def check_grads(
    f: Function,
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: Tolerance = None,
    rtol: Tolerance = None,
    eps: float | None = None,
) -> None:
    """Hold derivatives up to an order against finite differences, in one random direction.

    Args:
      f: function of arrays or pytrees of arrays.
      args: where to look.
      order: the highest derivative.
      modes: of "fwd" and "rev", those to look at.
      atol, rtol: how far numbers may be apart; for all dtypes, or a dictionary by dtype.
      eps: the step of the differences.

    Raises:
      AssertionError: a derivative differs.

    >>> from pullback import numpy as pnp
    >>> from pullback.test_util import check_grads
    >>> check_grads(pnp.sin, (1.0,), order=2, eps=1e-2)
    """
    _check_grads(f, tuple(args), order, modes, "", atol=atol, rtol=rtol, eps=eps or EPS)


def _check_grads(
    f: Function, args: tuple[Any, ...], order: int, modes: Sequence[str], what: str, **options: Any
) -> None:
    if "fwd" in modes:
        name = f"JVP of {what}" if what else "JVP"
        check_jvp(f, partial(forward, f), args, err_msg=name, **options)
        if order > 1:
            _check_grads(partial(forward, f), (args, args), order - 1, modes, name, **options)
    if "rev" in modes:
        name = f"VJP of {what}" if what else "VJP"
        check_vjp(f, partial(reverse, f), args, err_msg=name, **options)
        if order > 1:
            _check_grads(_pulled(f), (args, f(*args)), order - 1, modes, name, **options)


def _pulled(f: Function) -> Function:
    """The function of arguments and cotangents to the arguments' cotangents."""

    def pull(args: Any, ct: Any) -> Any:
        return reverse(f, *args)[1](ct)

    return pull


def check_jvp(
    f: Function,
    f_jvp: Function,
    args: Sequence[Any],
    atol: Tolerance = None,
    rtol: Tolerance = None,
    eps: float = EPS,
    err_msg: str = "",
) -> None:
    """Hold `f_jvp(primals, tangents)` against finite differences of `f`; see `check_grads`.

    >>> from pullback.test_util import check_jvp
    >>> f = pnp.sin
    >>> check_jvp(f, lambda p, t: pb.jvp(f, p, t), (pnp.array([0.5, 1.0]),))  # no error
    """
    args = tuple(args)
    tangents = _random_like(np.random.RandomState(0), args)
    out, moved = f_jvp(args, tangents)
    _close(out, f(*args), atol, rtol, f"{err_msg} primal".strip())
    _close(moved, _differences(f, args, tangents, eps), atol, rtol, f"{err_msg} tangent".strip())


def check_vjp(
    f: Function,
    f_vjp: Function,
    args: Sequence[Any],
    atol: Tolerance = None,
    rtol: Tolerance = None,
    eps: float = EPS,
    err_msg: str = "",
) -> None:
    """Hold `f_vjp(*primals)` against finite differences: <J t, c> = <t, J^T c>.

    >>> from pullback.test_util import check_vjp
    >>> f = pnp.sin
    >>> check_vjp(f, lambda *p: pb.vjp(f, *p), (pnp.array([0.5, 1.0]),))  # no error
    """
    args, noise = tuple(args), np.random.RandomState(0)
    out, pull = f_vjp(*args)
    _close(out, f(*args), atol, rtol, f"{err_msg} primal".strip())
    tangents = _random_like(noise, args)
    moved = _differences(f, args, tangents, eps)
    cts = _random_like(noise, out)
    pulled = tree.map(np.conj, pull(tree.map(np.conj, cts)))
    products = _product(tangents, pulled), _product(moved, cts)
    _close(*products, atol, rtol, f"{err_msg} cotangent projection".strip())


def _random_like(noise: np.random.RandomState, x: Any) -> Any:
    """Normal numbers in place of a tree's leaves."""

    def draw(leaf: Any) -> Any:
        aval = get_aval(leaf)
        drawn: Any = noise.randn(*aval.shape)
        if dtypes.kind(aval.dtype) == "complex":
            drawn = drawn + 1j * noise.randn(*aval.shape)
        return np.asarray(drawn).astype(aval.dtype)

    return tree.map(draw, x)


def _differences(f: Function, args: Any, tangents: Any, eps: float) -> Any:
    """The derivative along tangents by central differences."""

    def step(sign: float) -> Any:
        return f(*tree.map(lambda x, t: _moved(x, t, sign * eps), args, tangents))

    def slope(after: Any, before: Any) -> np.ndarray:
        after, before = np.asarray(after), np.asarray(before)
        with np.errstate(invalid="ignore"):
            change = np.where(after == before, 0, after - before)
        return (change * (0.5 / eps)).astype(after.dtype)

    return tree.map(slope, step(1.0), step(-1.0))


def _moved(x: Any, tangent: np.ndarray, by: float) -> np.ndarray:
    return (np.asarray(x) + tangent * by).astype(tangent.dtype)


def _product(xs: Any, ys: Any) -> np.ndarray:
    """The real part of the inner product of two trees."""
    terms = tree.map(
        lambda x, y: np.real(np.vdot(np.asarray(x).reshape(-1), np.asarray(y).reshape(-1))), xs, ys
    )
    return np.asarray(sum(tree.leaves(terms)))


def _close(xs: Any, ys: Any, atol: Tolerance, rtol: Tolerance, what: str) -> None:
    def check(x: Any, y: Any) -> None:
        x, y = np.asarray(x), np.asarray(y)
        assert x.shape == y.shape, (what, x.shape, y.shape)
        if x.dtype == dtypes.float0:
            return
        allowed = [max(_tolerance(a.dtype, tol) for a in (x, y)) * x.size for tol in (atol, rtol)]
        wide = [a.astype(np.float32) if a.dtype.kind == "V" else a for a in (x, y)]
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(*wide, atol=allowed[0], rtol=allowed[1], err_msg=what)

    tree.map(check, xs, ys)


def _tolerance(dtype: Any, given: Tolerance) -> float:
    if given is not None and not isinstance(given, Mapping):
        return given
    named = {np.dtype(k): v for k, v in (given or {}).items()}
    if dtypes.kind(dtype) not in ("float", "complex"):
        return named.get(dtype, 0.0)
    bits = dtypes.itemsize_bits(dtype) // (2 if dtypes.kind(dtype) == "complex" else 1)
    return named.get(dtype, TOLERANCES[bits])
