"""Functions of functions: vectorize, apply_along_axis, apply_over_axes."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from ..core.aval import canonical_axis
from ..primitives import shape as sh
from ..transforms.named import wraps
from ..transforms.vmap import vmap
from .shapes import broadcast_shapes
from .values import as_array

Function = Callable[..., Any]
CoreDims = list[tuple[str, ...]]

_DIMS = r"\(\s*(?:\w+\s*(?:,\s*\w+\s*)*)?,?\s*\)"
_SIGNATURE = re.compile(rf"^\s*{_DIMS}\s*(?:,\s*{_DIMS}\s*)*->\s*{_DIMS}\s*(?:,\s*{_DIMS}\s*)*$")


def _parse(signature: str) -> tuple[CoreDims, CoreDims]:
    if not _SIGNATURE.match(signature):
        raise ValueError(f"not a valid gufunc signature: {signature}")
    sides = [
        [tuple(re.findall(r"\w+", group)) for group in re.findall(_DIMS, side)]
        for side in signature.split("->")
    ]
    return sides[0], sides[1]


def vectorize(
    pyfunc: Function, *, excluded: Collection[int | str] = frozenset(), signature: str | None = None
) -> Function:
    """A function of scalars (or of the axes in `signature`) over all leading axes, broadcast.

    >>> longer = pnp.vectorize(lambda x, y: pnp.sqrt(x @ x + y @ y), signature="(n),(n)->()")
    >>> longer(pnp.ones((5, 2)), pnp.ones(2)).shape
    (5,)
    """
    if any(not isinstance(e, (str, int)) for e in excluded):
        raise TypeError(f"vectorize: excluded must hold integers and names, got {excluded!r}")
    if any(isinstance(e, int) and e < 0 for e in excluded):
        raise ValueError(f"excluded contains negative numbers: {excluded!r}")

    @wraps(pyfunc)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        mapped = [i for i in range(len(args)) if i not in excluded]
        names = [k for k in kwargs if k not in excluded]

        def of_arrays(*arrays: Any) -> Any:
            full = list(args)
            for i, x in zip(mapped, arrays, strict=False):
                full[i] = x
            named = dict(zip(names, arrays[len(mapped) :], strict=True))
            return pyfunc(*full, **{**kwargs, **named})

        values = [args[i] for i in mapped] + [kwargs[k] for k in names]
        return _vectorized(of_arrays, values, signature)

    return wrapped


def _vectorized(f: Function, values: Sequence[Any], signature: str | None) -> Any:
    arrays = [as_array("vectorize", v, i) for i, v in enumerate(values)]
    if signature is None:
        core, outs = [()] * len(arrays), None
    else:
        core, outs = _parse(signature)
        if len(core) != len(arrays):
            raise TypeError(
                f"wrong number of positional arguments: expected {len(core)}, got {len(arrays)}"
            )
    sizes: dict[str, int] = {}
    leads = []
    for x, dims in zip(arrays, core, strict=True):
        _note_sizes(x, dims, sizes)
        leads.append(x.shape[: x.ndim - len(dims)])
    lead = broadcast_shapes(*leads) if leads else ()
    checked = f if outs is None else _checked(f, outs, sizes)
    arrays, axes = _squeezed(arrays, leads, lead)
    for level in reversed(range(len(lead))):
        checked = vmap(checked, in_axes=tuple(a[level] for a in axes), axis_size=lead[level])
    return checked(*arrays)


def _note_sizes(x: Any, dims: Sequence[str], sizes: dict[str, int]) -> None:
    if x.ndim < len(dims):
        raise ValueError(
            f"vectorize: an argument has {x.ndim} axes, its signature names {len(dims)}: {dims}"
        )
    for name, n in zip(dims, x.shape[x.ndim - len(dims) :], strict=True):
        if name.isdigit():
            if int(name) != n:
                raise ValueError(f"vectorize: an axis has size {n}, the signature says {name}")
        elif sizes.setdefault(name, n) != n:
            raise ValueError(f"inconsistent size for core dimension {name!r}: {n} vs {sizes[name]}")


def _squeezed(
    arrays: Sequence[Any], leads: Sequence[tuple[int, ...]], lead: tuple[int, ...]
) -> tuple[list[Any], list[list[int | None]]]:
    """Leading axes that an array lacks, or has at size 1, are not mapped over."""
    out, axes = [], []
    for x, own in zip(arrays, leads, strict=True):
        missing = len(lead) - len(own)
        mapped: list[int | None] = [None] * missing
        mapped += [0 if n == m else None for n, m in zip(own, lead[missing:], strict=True)]
        ones = [d for d in range(len(own)) if mapped[missing + d] is None]
        out.append(sh.squeeze(x, ones))
        axes.append(mapped)
    return out, axes


def _checked(f: Function, outs: CoreDims, sizes: dict[str, int]) -> Function:
    def call(*args: Any) -> Any:
        result = f(*args)
        results = result if isinstance(result, tuple) else (result,)
        if len(results) != len(outs):
            raise TypeError(f"wrong number of outputs: expected {len(outs)}, got {len(results)}")
        known = dict(sizes)
        for x, dims in zip(results, outs, strict=True):
            shape = as_array("vectorize", x).shape
            if len(shape) != len(dims):
                raise ValueError(f"output shape {shape} does not match core dimensions {dims}")
            _note_sizes(as_array("vectorize", x), dims, known)
        return result

    return call


def apply_along_axis(func1d: Function, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of vectors, applied to each one along an axis.

    >>> pnp.apply_along_axis(lambda v: v[0] + v[-1], 1, pnp.array([[1, 2, 3], [4, 5, 6]]))
    Array([ 4, 10], dtype=int32)
    """
    x = as_array("apply_along_axis", arr)
    axis = canonical_axis(axis, x.ndim, "apply_along_axis")

    def f(v: Any) -> Any:
        return func1d(v, *args, **kwargs)

    for _ in range(x.ndim - axis - 1):
        f = vmap(f, in_axes=-1, out_axes=-1)
    for _ in range(axis):
        f = vmap(f)
    return f(x)


def apply_over_axes(func: Callable[[Any, int], Any], a: Any, axes: Sequence[int]) -> Any:
    """A function of an array and an axis, applied for each axis in turn.

    >>> pnp.apply_over_axes(pnp.sum, pnp.ones((2, 3, 4)), [0, 2]).shape
    (1, 3, 1)
    """
    x = as_array("apply_over_axes", a)
    for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
        axis = canonical_axis(axis, x.ndim, "apply_over_axes")
        out = func(x, axis)
        if out.ndim == x.ndim - 1:
            out = sh.expand_dims(out, (axis,))
        if out.ndim != x.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        x = out
    return x
