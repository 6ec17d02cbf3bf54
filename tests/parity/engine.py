"""One drawn call on Pullback and on JAX: results, types, errors, and what transformations make."""

import importlib
import inspect
import os
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from differences import excused
from draws import ABSENT, Draw, Kind, maybe

import pullback as pb
from pullback.array import Array
from pullback.core.trace import Tracer

# How many calls of each function are drawn.
DRAWS = int(os.environ.get("PULLBACK_PARITY_DRAWS", "2"))
FIRST = int(os.environ.get("PULLBACK_PARITY_FIRST", "0"))
# Errors that tell of a wrong argument. Which of them it is, is seldom meant.
WRONG = (TypeError, ValueError, IndexError)
CONCRETE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)
ROUNDING = {"float64": 1e-9, "float32": 3e-5, "float16": 8e-3, "bfloat16": 6e-2}


@dataclass(frozen=True)
class Row:
    """Functions that take the same arguments: how they are drawn and what is compared."""

    names: str
    args: tuple[Kind, ...] = ()
    kwargs: dict[str, Kind] = field(default_factory=dict)
    call: Callable[[Draw], tuple[tuple[Any, ...], dict[str, Any]]] | None = None
    tol: float = 1.0
    # The transformations that are compared.
    checks: str = "jit vmap grad"
    # What of a result is compared, where not all of it is determined.
    view: Callable[[Any, "Call"], Any] | None = None
    values: bool = True
    # What a function that the call gives is called with.
    then: Callable[[Draw], tuple[Any, ...]] | None = None


@dataclass(frozen=True)
class Made:
    """An argument that a function of the library makes."""

    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """A drawn call: NumPy's arrays in it are the operands, all else is fixed."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    x64: bool
    then: tuple[Any, ...] | None = None

    @property
    def leaves(self) -> list[np.ndarray]:
        """The operands."""
        return [x for x in _flat((self.args, self.kwargs, self.then)) if _is_operand(x)]

    def bound(self, library: Any) -> Callable[..., Any]:
        """The call as a function of the operands."""
        f = _find(library, self.name)

        def run(*leaves: Any) -> Any:
            left = iter(leaves)
            args, kwargs, then = _filled((self.args, self.kwargs, self.then), left, library)
            out = f(*args, **kwargs)
            return out if then is None else out(*then)

        return run

    def __str__(self) -> str:
        text = [_short(a) for a in self.args] + [f"{k}={_short(v)}" for k, v in self.kwargs.items()]
        if self.then is not None:
            text.append(f"then {_short(self.then)}")
        return f"{self.name}({', '.join(text)})" + (" in 64 bits" if self.x64 else "")


def _is_operand(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def _flat(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for v in x:
            yield from _flat(v)
    elif isinstance(x, Made):
        yield from _flat(x.args)
    elif isinstance(x, dict):
        yield from _flat(list(x.values()))
    else:
        yield x


def _filled(x: Any, leaves: Iterator[Any], library: Any) -> Any:
    if isinstance(x, (list, tuple)):
        made = [_filled(v, leaves, library) for v in x]
        return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)
    if isinstance(x, Made):
        return _find(library, x.name)(*_filled(x.args, leaves, library))
    if isinstance(x, dict):
        return {k: _filled(v, leaves, library) for k, v in x.items()}
    return next(leaves) if _is_operand(x) else x


def _short(x: Any) -> str:
    if isinstance(x, np.ndarray):
        body = np.array2string(x, threshold=30, precision=4, separator=",").replace("\n", "")
        return f"{x.dtype}{list(x.shape)}:{body}"
    if isinstance(x, Made):
        return f"{x.name}({_short(x.args)})"
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(_short(v) for v in x) + "]"
    return repr(x)


def _find(library: Any, name: str) -> Any:
    for part in name.split("."):
        if isinstance(library, ModuleType) and not hasattr(library, part):
            importlib.import_module(f"{library.__name__}.{part}")
        library = getattr(library, part)
    return library


def draw(module: str, row: Row, name: str, seed: int) -> Call:
    """The call of a function that a seed stands for; odd seeds are 64-bit."""
    rng = np.random.default_rng([zlib.crc32(f"{module}.{name}".encode()), seed])
    d = Draw(rng, x64=bool(seed % 2))
    if row.call is not None:
        args, kwargs = row.call(d)
    else:
        args = tuple(kind(d) for kind in row.args)
        kwargs = {k: maybe(kind)(d) for k, kind in row.kwargs.items()}
    args = tuple(a for a in args if a is not ABSENT)
    kwargs = {k: v for k, v in kwargs.items() if v is not ABSENT}
    then = None if row.then is None else row.then(d)
    return Call(f"{module}.{name}", args, kwargs, d.x64, then)


@contextmanager
def switches(x64: bool) -> Iterator[None]:
    """Both libraries in 64 bits or not, and quiet."""
    with warnings.catch_warnings(), jax.enable_x64(x64), pb.config.override(enable_x64=x64):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class Raised:
    """An error instead of a result."""

    error: Exception

    def __str__(self) -> str:
        text = str(self.error).strip().splitlines()
        return f"{type(self.error).__name__}: {text[0] if text else ''}"


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    """The result, or the error that was raised."""
    try:
        return f(*args)
    except Exception as e:
        return Raised(e)


class Parity:
    """The comparisons of one call."""

    def __init__(self, call: Call, row: Row) -> None:
        self.call, self.row = call, row
        self.ours, self.theirs = call.bound(pb), call.bound(jax)
        self.mine = [pb.numpy.asarray(x) for x in call.leaves]
        self.oracles = [jnp.asarray(x) for x in call.leaves]

    def check(self, transformation: str | None) -> None:
        """Raise unless the call, and one transformation of it, do the same on both sides."""
        got = outcome(self.ours, *self.mine)
        want = outcome(self.theirs, *self.oracles)
        self.same(got, want, "result")
        if isinstance(want, Raised) or isinstance(got, Raised):
            return
        if transformation == "jit":
            self.jit(got)
        elif transformation == "vmap":
            self.vmap()
        elif transformation == "grad":
            self.grad(want)

    def types(self) -> None:
        """Raise unless types and errors are JAX's, without computing JAX's values."""
        if not self.row.checks:
            return
        want = outcome(jax.eval_shape, self.theirs, *self.oracles)
        if isinstance(want, Raised) and isinstance(want.error, CONCRETE):
            return
        self.same(outcome(self.ours, *self.mine), want, "type")

    def jit(self, got: Any) -> None:
        """Compiled code gives what NumPy gave, and is refused where JAX refuses it."""
        compiled = outcome(pb.jit(self.ours), *self.mine)
        want = outcome(jax.eval_shape, self.theirs, *self.oracles)
        if isinstance(want, Raised):
            return self.same(compiled, want, "jit")
        self.same(compiled, want, "jit")
        self.same(compiled, got, "jit")

    def vmap(self) -> None:
        """A batch gives what its elements give one by one."""
        turned = [np.roll(x.reshape(-1), 1).reshape(x.shape) for x in self.call.leaves]
        pairs = [np.stack([x, y]) for x, y in zip(self.call.leaves, turned, strict=True)]
        if not pairs:
            return
        want = outcome(jax.eval_shape, jax.vmap(self.theirs), *[jnp.asarray(p) for p in pairs])
        got = outcome(pb.vmap(self.ours), *[pb.numpy.asarray(p) for p in pairs])
        self.same(got, want, "vmap")
        if isinstance(got, Raised) or isinstance(want, Raised):
            return
        for i in range(2):
            one = outcome(self.ours, *[pb.numpy.asarray(p[i]) for p in pairs])
            if not isinstance(one, Raised):
                part = jax.tree.map(lambda x, i=i: x[i], _leaves(got))
                self.same_values(part, _leaves(one), "vmap")

    def grad(self, want: Any) -> None:
        """Cotangents are JAX's."""
        outs = [np.asarray(x) for x in _leaves(want)]
        cts = [_cotangent(x) for x in outs]
        if not any(map(_inexact, outs)) or not any(map(_inexact, self.call.leaves)):
            return
        if not all(_moderate(x) for x in self.call.leaves if _inexact(x)):
            return
        got = outcome(_pulled, pb.vjp, pb.numpy.asarray, self.ours, self.mine, cts)
        back = outcome(_pulled, jax.vjp, jnp.asarray, self.theirs, self.oracles, cts)
        self.same(got, back, "grad")

    def same(self, got: Any, want: Any, what: str) -> None:
        """Raise unless two outcomes agree, or their difference is deliberate."""
        message = _difference(got, want, self.row, self.call)
        if message and not excused(self.call, what, got, want, message):
            raise AssertionError(f"{what} of {self.call}\n{message}")

    def same_values(self, got: Any, want: Any, what: str) -> None:
        """Raise unless values agree; types may be wider."""
        for g, w in zip(got, want, strict=True):
            message = _value_difference(np.asarray(g), np.asarray(w), self.row)
            if message and not excused(self.call, what, got, want, message):
                raise AssertionError(f"{what} of {self.call}\n{message}")


def _inexact(x: np.ndarray) -> bool:
    return x.dtype.kind in "fc" or x.dtype == ml_dtypes.bfloat16


def _moderate(x: np.ndarray) -> bool:
    """Whether derivatives at these numbers neither overflow nor vanish."""
    size = np.abs(x.astype(complex))
    return bool(((size == 0) | ((size > 1e-6) & (size < 1e6))).all())


def _cotangent(x: np.ndarray) -> np.ndarray:
    if not _inexact(x):
        return np.zeros(x.shape, jax.dtypes.float0)
    ct = 1 + np.arange(x.size).reshape(x.shape) % 3 / 4
    return np.asarray(ct * (1 - 0.5j) if x.dtype.kind == "c" else ct).astype(x.dtype)


def _pulled(vjp: Any, asarray: Any, f: Any, operands: list[Any], cts: list[Any]) -> list[Any]:
    live = [_inexact(np.asarray(x)) for x in operands]

    def of_live(*xs: Any) -> list[Any]:
        left = iter(xs)
        return _leaves(f(*[next(left) if on else x for x, on in zip(operands, live, strict=True)]))

    _, pull = vjp(of_live, *[x for x, on in zip(operands, live, strict=True) if on])
    zero = jax.dtypes.float0
    return list(pull([ct if ct.dtype == zero else asarray(ct) for ct in cts]))


def _leaves(x: Any) -> list[Any]:
    """The arrays of a result, by JAX's and our order, which is the same."""
    return jax.tree.leaves(x) if not isinstance(x, (Array, Tracer)) else [x]


def _difference(got: Any, want: Any, row: Row, call: Call) -> str:
    """What differs, in words, or nothing."""
    if isinstance(want, Raised) or isinstance(got, Raised):
        return _error_difference(got, want)
    if row.view is not None and not isinstance(_leaves(want)[0], jax.ShapeDtypeStruct):
        got, want = row.view(got, call), row.view(want, call)
    mine, theirs = _leaves(got), _leaves(want)
    if len(mine) != len(theirs):
        return f"{len(mine)} results instead of {len(theirs)}"
    found = [_leaf_difference(g, w, row) for g, w in zip(mine, theirs, strict=True)]
    return "; ".join(f for f in found if f)


def _error_difference(got: Any, want: Any) -> str:
    if not isinstance(got, Raised):
        more = isinstance(want.error, NotImplementedError)
        return "" if more else f"a result {_short(got)} instead of {want}"
    if not isinstance(want, Raised):
        return f"{got} instead of {_short(want)}"
    alike = isinstance(got.error, (*WRONG, NotImplementedError))
    return f"{got} instead of {want}" if isinstance(want.error, WRONG) and not alike else ""


def _leaf_difference(got: Any, want: Any, row: Row) -> str:
    sizes, expected = (tuple(getattr(x, "shape", ())) for x in (got, want))
    if sizes != expected:
        return f"shape {sizes} instead of {expected}"
    mine, theirs = _type(got), _type(want)
    if mine != theirs and not isinstance(got, (bool, int, float, complex)):
        return f"{mine} instead of {theirs}"
    if isinstance(want, jax.ShapeDtypeStruct) or not row.values:
        return ""
    return _value_difference(np.asarray(got), np.asarray(want), row)


def _type(x: Any) -> str:
    dtype = getattr(x, "dtype", None) or np.asarray(x).dtype
    weak = getattr(x, "weak_type", False)
    return f"{'weak ' if weak and dtype.name != 'bool' else ''}{dtype}"


def _value_difference(got: np.ndarray, want: np.ndarray, row: Row) -> str:
    if want.dtype.itemsize == 0 or not want.size:
        return ""
    if not _inexact(want):
        return "" if np.array_equal(got, want) else f"{_short(got)} instead of {_short(want)}"
    rounding = ROUNDING[_real_dtype(want.dtype)] * row.tol
    wide = np.complex128 if want.dtype.kind == "c" else np.float64
    g, w = got.astype(wide), want.astype(wide)
    size = np.max(np.abs(w[np.isfinite(w)]), initial=0.0)
    atol = rounding * min(max(size, 1e-30), max(1.0, size))
    with np.errstate(all="ignore"):
        near = np.isclose(g, w, rounding, atol, equal_nan=True)
    if wide is np.complex128:
        near |= ~np.isfinite(w) & ~np.isfinite(g)
    return "" if near.all() else f"{_short(got)} instead of {_short(want)}"


def _real_dtype(dtype: np.dtype) -> str:
    return {"complex64": "float32", "complex128": "float64"}.get(dtype.name, dtype.name)


@dataclass(frozen=True)
class Table:
    """The rows of one module, and the functions that none of them draws, with the reason."""

    module: str
    rows: tuple[Row, ...]
    outside: dict[str, str] = field(default_factory=dict)

    def cases(self) -> list[Any]:
        """One case for each function."""
        return [
            pytest.param(self.module, row, name, id=f"{self.module}.{name}")
            for row in self.rows
            for name in row.names.split()
        ]

    def names(self) -> set[str]:
        """The functions that are drawn."""
        return {name for row in self.rows for name in row.names.split()}


def undrawn(table: Table) -> set[str]:
    """The functions of JAX's module that have neither a row nor a reason to have none."""
    module = importlib.import_module(f"jax.{table.module}")
    found = {n for n in dir(module) if not n.startswith("_") and _is_function(getattr(module, n))}
    return found - table.names() - set(table.outside)


def _is_function(x: Any) -> bool:
    return callable(x) and not inspect.isclass(x) and not isinstance(x, np.dtype)


def check(module: str, row: Row, name: str) -> None:
    """All draws of a function: types of every one, values and a transformation of some."""
    turns = [None, *row.checks.split()]
    for seed in range(FIRST, FIRST + DRAWS):
        call = draw(module, row, name, seed)
        with switches(call.x64):
            parity = Parity(call, row)
            parity.types()
            parity.check(turns[(seed + zlib.crc32(name.encode())) % len(turns)])
