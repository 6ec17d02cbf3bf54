"""Loops as users write them: scan, fori_loop, while_loop, map."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, tree
from ..core.aval import ShapedArray, make_aval, type_name
from ..core.ir import Literal
from ..core.stage import FlatFunction, literal_value
from ..core.trace import Tracer, get_aval
from ..primitives.arithmetic import add
from ..primitives.compare import lt
from ..transforms.cells import borrow, refuse
from ..transforms.flat import arguments, result_text
from ..transforms.named import function_name
from . import plain
from .batches import in_batches
from .region import (
    Origin,
    Region,
    carried,
    check_carry,
    convert_like,
    stage_touching_region,
    write_all,
)
from .scan import scan_p
from .while_loop import while_p

# The kinds of numbers that count a loop.
COUNTED = ("signed", "unsigned", "float")

_CARRIED = "the body cannot return it: capture it, or, in scan, pass it among xs"


def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    _split_transpose: bool = False,
) -> tuple[Any, Any]:
    """Loop over the leading axis of `xs` with a carry: `carry, y = f(carry, x)`.

    Args:
      f: function of (carry, slice of xs) that returns (carry, y).
      init: the first carry, a pytree of arrays; the carry keeps its structure and types.
      xs: pytree of arrays of one leading size, or None.
      length: the number of steps, needed if xs is None.
      reverse: whether to run from the last slice to the first.
      unroll: how many steps to write out in one turn of the compiled loop; accepted, and left to
        the compiler.

    Returns:
      The last carry, and the ys stacked along a new leading axis.

    Raises:
      TypeError: the carry changes its structure, shape or dtype.
      ValueError: leading sizes differ, or the length is unknown.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> total, sums = pb.lax.scan(lambda c, x: (c + x, c + x), 0.0, pnp.array([1.0, 2.0, 3.0]))
    >>> sums
    Array([1., 3., 6.], dtype=float32)
    """
    if not callable(f):
        raise TypeError(f"scan: the first argument must be a function, got {f!r}")
    return _scan("scan", f, f, init, xs, length, reverse)


def _scan(
    what: str,
    f: Callable[..., Any],
    origin: Callable[..., Any],
    init: Any,
    xs: Any,
    length: int | None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """`scan`, and loops written with it, by which messages call it.

    With the name, `origin` is what the body is made of.
    """
    refuse(init, what, _CARRIED)
    carry, carry_tree = arguments(init, what)
    xs, loans = borrow(xs, what)
    slices, xs_tree = arguments(xs, what)
    n = _length(what, slices, xs, length)
    avals = [get_aval(x) for x in slices]
    slice_avals = [make_aval(a.dtype, a.shape[1:], a.weak_type) for a in avals]

    def body(c: Any, x: Any) -> Any:
        return _pair(f(c, x), f)

    body.__name__ = function_name(f)
    if n and plain.is_plain() and not loans.cells:
        return plain.scan(body, carry_tree.unflatten(carry), slices, xs_tree, n, reverse)
    loans = loans.behind(len(carry))
    source = None if loans.cells else (origin,)
    carry, region = _stable(what, body, source, carry, carry_tree, slice_avals, xs_tree, loans.lent)
    k, cells = len(carry), region.written
    jaxpr, consts = carried(region, cells, k)
    outs = scan_p.bind(
        *consts, *carry, *[c.read() for c in cells], *slices,
        jaxpr=jaxpr, length=n, reverse=bool(reverse),
        num_consts=len(consts), num_carry=k + len(cells), unroll=1,
    )  # fmt: skip
    last, ys = outs[: k + len(cells)], outs[k + len(cells) :]
    ys_tree = region.out_tree.children()[1]
    loans.settle(ys[ys_tree.num_leaves :])
    ys = ys[: ys_tree.num_leaves]
    return carry_tree.unflatten(write_all(cells, last, k)), ys_tree.unflatten(ys)


def _pair(out: Any, f: Callable[..., Any]) -> Any:
    if not (isinstance(out, tuple) and len(out) == 2):
        raise TypeError(
            f"scan: {function_name(f)} must return a pair (carry, y), got {result_text(out)}:"
            " return (carry, None) if there is no y"
        )
    return out


def _length(what: str, slices: Sequence[Any], xs: Any, length: int | None) -> int:
    shapes = [get_aval(x).shape for x in slices]
    if length is None and shapes and all(s[:1] == shapes[0][:1] != () for s in shapes):
        return shapes[0][0]
    sizes: dict[int, str] = {}
    for x, path in zip(slices, tree.paths(xs), strict=True):
        aval = get_aval(x)
        if not aval.shape:
            raise ValueError(
                f"{what}: xs{path} is a scalar, {type_name(aval)}: it has no axis to loop over"
            )
        sizes.setdefault(aval.shape[0], f"xs{path} of type {type_name(aval)}")
    if length is not None:
        whole = isinstance(length, (float, np.floating)) and float(length).is_integer()
        try:
            sizes.setdefault(operator.index(int(length) if whole else length), f"length={length}")
        except TypeError as error:
            raise TypeError(f"{what}: length must be an integer, got {length!r}") from error
    if not sizes:
        raise ValueError(f"{what}: give xs with a leading axis, or length")
    if len(sizes) > 1:
        raise ValueError(f"{what}: leading sizes differ: " + ", ".join(sizes.values()))
    return next(iter(sizes))


def _stable(
    what: str,
    body: Callable[..., Any],
    origin: Origin,
    carry: list[Any],
    carry_tree: Any,
    extra: Sequence[ShapedArray],
    extra_tree: Any,
    around: Callable[[FlatFunction], FlatFunction] = lambda flat: flat,
) -> tuple[list[Any], Region]:
    """The carry and the staged body, weak types of the carry resolved as the body makes them."""
    whole = tree.structure(
        (carry_tree.unflatten([0] * len(carry)), extra_tree.unflatten([0] * len(extra)))
    )
    while True:
        avals = [get_aval(c) for c in carry]
        region = stage_touching_region(body, whole, [*avals, *extra], what, around, origin)
        out_tree = region.out_tree.children()[0]
        outs = region.out_avals[: out_tree.num_leaves]
        changed = [_promoted(a, o) for a, o in zip(avals, outs, strict=False)]
        if len(outs) != len(avals) or all(c is None for c in changed):
            check_carry(what, carry_tree.unflatten(carry), out_tree, outs)
            return carry, region
        carry = [
            c if a is None else convert_like(c, a) for c, a in zip(carry, changed, strict=True)
        ]


def _promoted(init: ShapedArray, out: ShapedArray) -> ShapedArray | None:
    """The type a weak carry must take because the body makes one of another dtype."""
    if not init.weak_type or init.dtype == out.dtype or init.shape != out.shape:
        return None
    dtype, _ = dtypes.promote(((init.dtype, True), (out.dtype, out.weak_type)))
    return make_aval(dtype, init.shape, False) if dtype == out.dtype else None


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Loop `val = body_fun(val)` while `cond_fun(val)` holds.

    Args:
      cond_fun: function of the carry that returns a boolean scalar.
      body_fun: function of the carry that returns the next, of its structure and types.
      init_val: the first carry, a pytree of arrays.

    Returns:
      The carry for which the condition no longer holds.

    Raises:
      TypeError: the carry changes, or the condition is no boolean scalar.

    >>> import pullback as pb
    >>> int(pb.lax.while_loop(lambda x: x < 10, lambda x: x + x, 1))
    16
    """
    if not (callable(cond_fun) and callable(body_fun)):
        raise TypeError("while_loop: write while_loop(cond_fun, body_fun, init_val)")
    return _while_loop(cond_fun, body_fun, (body_fun, "while_loop"), init_val)


def _while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], origin: Origin, init_val: Any
) -> Any:
    """`while_loop`, and loops written with it; `origin` is what the body is made of."""
    refuse(init_val, "while_loop", _CARRIED)
    carry, carry_tree = arguments(init_val, "while_loop")
    if plain.is_plain() and plain.known(cond_fun(init_val)) is not None:
        return plain.while_loop(cond_fun, body_fun, init_val)

    def body(c: Any, _: Any) -> Any:
        return body_fun(c), None

    body.__name__ = function_name(body_fun)
    none = tree.structure(None)
    carry, region = _stable("while_loop", body, origin, carry, carry_tree, [], none)
    avals = [get_aval(c) for c in carry]
    one = tree.structure((carry_tree.unflatten([0] * len(carry)),))
    of = (cond_fun, "condition")
    test = stage_touching_region(cond_fun, one, avals, "while_loop", origin=of)
    _check_condition(test, cond_fun)
    k, cells = len(carry), region.written
    condition, test_consts = carried(test, cells, k)
    jaxpr, consts = carried(region, cells, k)
    outs = while_p.bind(
        *test_consts, *consts, *carry, *[c.read() for c in cells],
        cond_jaxpr=condition, cond_nconsts=len(test_consts),
        body_jaxpr=jaxpr, body_nconsts=len(consts),
    )  # fmt: skip
    return carry_tree.unflatten(write_all(cells, outs, k))


def _check_condition(test: Region, f: Callable[..., Any]) -> None:
    for cell in test.written:
        raise NotImplementedError(
            f"while_loop: {function_name(f)}, the condition, writes to {cell.describe()}: write to"
            " it in the body"
        )
    got = test.out_avals
    if len(got) != 1 or got[0].shape != () or got[0].dtype != dtypes.bool_:
        types = ", ".join([type_name(t) for t in got])
        raise TypeError(
            f"while_loop: {function_name(f)} must return one boolean scalar,"
            f" got {types or 'nothing'}"
        )


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    """Loop `val = body_fun(i, val)` for i from `lower` to `upper`, which is excluded.

    Args:
      lower, upper: scalars of one dtype. Floats that are not traced are cut to integers.
      body_fun: function of (index, carry) that returns the next carry.
      init_val: the first carry, a pytree of arrays.
      unroll: accepted, and left to the compiler.

    Returns:
      The last carry.

    >>> import pullback as pb
    >>> int(pb.lax.fori_loop(0, 5, lambda i, total: total + i, 0))
    10
    """
    if not callable(body_fun):
        raise TypeError("fori_loop: write fori_loop(lower, upper, body_fun, init_val)")
    index = _index_type(lower, upper)
    if isinstance(lower, Tracer) or isinstance(upper, Tracer):
        return _fori_unknown(lower, upper, body_fun, init_val, index)
    start, stop = int(lower), int(upper)
    if not dtypes.is_integer(index.dtype):
        index = get_aval(0)

    def step(carry: Any, _: Any) -> Any:
        i, val = carry
        return (add(i, one), body_fun(i, val)), None

    step.__name__ = function_name(body_fun)
    first, one = as_index(start, index), as_index(1, index)
    n = max(stop - start, 0)
    (_, last), _ = _scan("fori_loop", step, body_fun, (first, init_val), None, n)
    return last


def as_index(value: int, index: ShapedArray) -> Any:
    """A number of the index's type."""
    return literal_value(Literal(np.asarray(value, index.dtype)[()], index))


def _index_type(lower: Any, upper: Any) -> ShapedArray:
    (a, _), (b, _) = arguments(lower, "fori_loop"), arguments(upper, "fori_loop")
    avals = [get_aval(x) for x in (*a, *b)]
    for name, aval in zip(("lower", "upper"), avals, strict=True):
        if aval.shape != () or dtypes.kind(aval.dtype) not in COUNTED:
            raise TypeError(f"fori_loop: {name} must be a real scalar, got {type_name(aval)}")
    first, last = avals
    integers = all(dtypes.is_integer(x.dtype) for x in avals)
    if first.dtype != last.dtype and not (integers and any(x.weak_type for x in avals)):
        raise TypeError(
            f"fori_loop: lower and upper must be of one dtype, got {type_name(first)} and"
            f" {type_name(last)}: convert one of them"
        )
    dtype, weak = dtypes.promote(tuple((x.dtype, x.weak_type) for x in avals))
    return make_aval(dtypes.canonicalize_dtype(dtype), (), weak)


def _fori_unknown(
    lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any, index: ShapedArray
) -> Any:
    """The loop where a bound is traced: a while loop."""
    first, stop = convert_like(lower, index), convert_like(upper, index)
    one = as_index(1, index)

    def body(carry: Any) -> Any:
        i, end, val = carry
        return add(i, one), end, body_fun(i, val)

    body.__name__ = function_name(body_fun)
    return _while_loop(_is_running, body, (body_fun, "fori_loop"), (first, stop, init_val))[2]


def _is_running(carry: Any) -> Any:
    i, end, _ = carry
    return lt(i, end)


def map(f: Callable[..., Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """`f` applied to each slice of `xs` along the leading axis, one after the other.

    Args:
      f: function of one slice.
      xs: pytree of arrays of one leading size.
      batch_size: how many slices to compute at once, as `vmap` does; one by default and for 0.

    Returns:
      The results stacked along a new leading axis.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.lax.map(lambda x: x * 2, pnp.arange(3))
    Array([0, 2, 4], dtype=int32)
    """
    if batch_size:
        return in_batches(map, f, xs, batch_size)
    _, ys = _scan("map", lambda _, x: (None, f(x)), f, None, xs, None)
    return ys
