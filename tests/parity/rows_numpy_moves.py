"""Functions of `numpy` that make, move and join arrays, and that look elements up."""

from typing import Any

import numpy as np
from draws import (
    Draw,
    array,
    axes,
    axis,
    axis_or_none,
    broadcastable,
    choice,
    count,
    dtype,
    dtype_of,
    flag,
    indices,
    mask,
    number,
    other,
    python_number,
    values,
)
from engine import Row

Drawn = tuple[tuple[Any, ...], dict[str, Any]]
ANY = array()
TUPLES = ((), (3,), (2, 3), (0,), 4, (2, 0, 1), -1)


def _reshaped(d: Draw) -> Drawn:
    x = ANY(d)
    sizes = list(np.shape(x))
    size = int(np.prod(sizes))
    options: list[Any] = [-1, (-1,), tuple(sizes[::-1]), (*sizes, 1), (1, -1), size, (2, -1), (7,)]
    kwargs = {"order": d.pick("CF")} if d.chance(0.4) else {}
    return (x, d.pick(options)), kwargs


def _transposed(d: Draw) -> Drawn:
    x = ANY(d)
    order = tuple(d.rng.permutation(d.ndim).tolist())
    if d.chance(0.3):
        order = tuple(a - d.ndim for a in order)
    return (x,) if d.chance(0.2) else (x, order if d.chance(0.93) else (0, 0)), {}


def _moved(d: Draw) -> Drawn:
    x = array(ranks=(1, 4))(d)
    n = d.integer(1, d.ndim + 1)
    if n == 1 and d.chance(0.6):
        return (x, axis(d), axis(d)), {}
    source, destination = (tuple(d.rng.permutation(d.ndim)[:n].tolist()) for _ in range(2))
    return (x, source, destination), {}


def _expanded(d: Draw) -> Drawn:
    x = ANY(d)
    one = d.integer(-d.ndim - 1, d.ndim + 1)
    return (x, d.pick([one, (0, -1), (1,), (0, 0), d.ndim + 1, one, one])), {}


def _broadcast(d: Draw) -> Drawn:
    x = ANY(d)
    front = d.pick([(), (2,), (0,), (1, 3)])
    sizes = [4 if n == 1 and d.chance(0.5) else n for n in np.shape(x)]
    if sizes and d.chance(0.08):
        sizes[0] += 1
    return (x, (*front, *sizes)), {}


def _repeated(d: Draw) -> Drawn:
    x = ANY(d)
    by = axis_or_none(d)
    n = np.size(x) if by is None else (np.shape(x) or (1,))[by if -d.ndim <= by < d.ndim else 0]
    repeats: Any = d.integer(0, 4)
    if d.chance(0.4):
        repeats = tuple(d.integer(0, 3) for _ in range(n)) if d.chance(0.8) else (1, 2)
        repeats = np.array(repeats, "int32")
        if d.chance(0.4):
            total = int(repeats.sum()) + d.pick([0, 0, 2, -1])
            return (x, repeats), {"axis": by, "total_repeat_length": max(total, 0)}
    return (x, repeats), {"axis": by}


def _rolled(d: Draw) -> Drawn:
    x = ANY(d)
    if d.ndim > 1 and d.chance(0.4):
        return (x, (d.integer(-4, 5), d.integer(-4, 5))), {"axis": (0, -1)}
    shift = indices(7, ())(d) if d.chance(0.3) else d.integer(-7, 8)
    return (x, shift), {"axis": axis_or_none(d)}


def _long(d: Draw) -> Any:
    """An array, now and then longer than the narrowest integers count."""
    if d.chance(0.15):
        d.first = values(d, (300,), dtype_of(d, "if"), False)
        return d.first
    return array(ranks=(1, 4))(d)


def _taken(d: Draw) -> Drawn:
    x = _long(d)
    by = axis_or_none(d)
    n = np.size(x) if by is None else (np.shape(x) or (1,))[by if -d.ndim <= by < d.ndim else 0]
    mode = d.pick([None, None, "clip", "wrap", "fill"])
    where = indices(n, wild=mode is not None)(d)
    if d.chance(0.2):
        where = d.integer(-n, max(n, 1))
    kwargs = {"axis": by, "mode": mode}
    if mode == "fill" and d.chance(0.5):
        kwargs["fill_value"] = 7
    return (x, where), {k: v for k, v in kwargs.items() if v is not None or d.chance(0.3)}


def _along(d: Draw) -> Drawn:
    x = _long(d)
    by = axis(d)
    if not -d.ndim <= by < d.ndim:
        return (x, np.zeros((1,) * d.ndim, "int32"), by), {}
    shape = list(d.shape)
    n = shape[by]
    shape[by] = d.integer(1, 4)
    mode = d.pick([None, None, "clip", "fill"])
    where = indices(n, tuple(shape), wild=mode is not None)(d)
    return (x, where, by), {"mode": mode} if mode else {}


def _put_along(d: Draw) -> Drawn:
    (x, where, by), _ = _along(d)
    return (x, where, d.pick([1.5, 2]), by), {"inplace": False}


def _split(d: Draw) -> Drawn:
    x = array(ranks=(1, 4))(d)
    parts = d.pick([1, 2, 3, (1,), (1, 2), [0, 2]])
    return (x, parts), {"axis": axis(d)} if d.chance(0.6) else {}


def _split_plain(d: Draw) -> Drawn:
    return (array(ranks=(1, 4))(d), d.pick([1, 2, 3, (1,), (1, 2)])), {}


def _joined(named: str = "axis") -> Any:
    def call(d: Draw) -> Drawn:
        first = array(ranks=(0, 3))(d)
        xs = [first] + [_neighbour(d, first) for _ in range(d.integer(0, 3))]
        kwargs = {named: axis(d)} if named and d.chance(0.6) else {}
        if d.chance(0.2) and named:
            kwargs["dtype"] = dtype()(d)
        return (xs,), kwargs

    return call


def _neighbour(d: Draw, first: Any) -> np.ndarray:
    """An array that joins with the first, mostly."""
    shape = np.shape(first)
    if shape and d.chance(0.1):
        shape = (*shape[:-1], shape[-1] + 1)
    return values(d, shape, dtype_of(d, "biuffc"), False)


def _appended(d: Draw) -> Drawn:
    x = array(ranks=(0, 3))(d)
    return (x, _neighbour(d, x)), {"axis": axis_or_none(d)} if d.chance(0.6) else {}


def _inserted(d: Draw) -> Drawn:
    x = array(ranks=(1, 3), empty=False)(d)
    by = axis_or_none(d) if d.ndim else None
    n = np.size(x) if by is None or not -d.ndim <= by < d.ndim else np.shape(x)[by]
    where = d.pick([0, n, -1, (0, n), slice(0, 1), np.array([0, 1])])
    return (x, where, other(misfit=0)(d) if by is not None else 7), {"axis": by}


def _deleted(d: Draw) -> Drawn:
    x = array(ranks=(1, 3), empty=False)(d)
    by = axis_or_none(d) if d.ndim else None
    n = np.size(x) if by is None or not -d.ndim <= by < d.ndim else np.shape(x)[by]
    return (x, d.pick([0, -1, n - 1, (0, n - 1), slice(0, 2), slice(None, None, 2)])), {"axis": by}


def _where(d: Draw) -> Drawn:
    test = array("biuf")(d)
    if d.chance(0.15):
        return (test,), {"size": d.integer(1, 6)} if d.chance(0.6) else {}
    return (test, other()(d), other()(d)), {}


def _selected(d: Draw) -> Drawn:
    first = array()(d)
    n = d.integer(1, 4)
    tests = [mask(d) for _ in range(n)]
    options = [first] + [other(misfit=0)(d) for _ in range(n - 1)]
    return (tests, options), {"default": python_number(d, "if")} if d.chance(0.5) else {}


def _chosen(d: Draw) -> Drawn:
    options = [array("iffc", ranks=(1, 2))(d)]
    options += [other("iffc", misfit=0)(d) for _ in range(2)]
    mode = d.pick(["wrap", "clip"])
    which = d.rng.integers(-4, 6, broadcastable(d)).astype("int32")
    return (which, options), {"mode": mode}


def _nonzero(d: Draw) -> Drawn:
    x = array(ranks=(1, 3))(d)
    kwargs: dict[str, Any] = {"size": d.integer(0, 7)} if d.chance(0.6) else {}
    if kwargs and d.chance(0.5):
        kwargs["fill_value"] = d.pick([-1, 7])
    return (x,), kwargs


def _compressed(d: Draw) -> Drawn:
    x = array(ranks=(1, 3))(d)
    by = axis_or_none(d)
    n = np.size(x) if by is None or not -d.ndim <= by < d.ndim else np.shape(x)[by]
    kwargs: dict[str, Any] = {"axis": by}
    if d.chance(0.5):
        kwargs |= {"size": d.integer(0, 4), "fill_value": 2}
    return (d.rng.random(max(n - d.integer(0, 2), 0)) < 0.6, x), kwargs


def _extracted(d: Draw) -> Drawn:
    x = ANY(d)
    kwargs: dict[str, Any] = {"size": d.integer(0, 4), "fill_value": 2} if d.chance(0.5) else {}
    return (d.rng.random(np.shape(x)) < 0.6, x), kwargs


def _searched(d: Draw) -> Drawn:
    ordered = np.sort(array("iuff", ranks=(1, 1), special=False)(d))
    kwargs: dict[str, Any] = {"side": d.pick(["left", "right"])} if d.chance(0.6) else {}
    if d.chance(0.3):
        back = d.rng.permutation(len(ordered))
        kwargs["sorter"] = np.argsort(back).astype("int32")
        ordered = ordered[back]
    if d.chance(0.4):
        kwargs["method"] = d.pick(["scan", "scan_unrolled", "sort", "compare_all"])
    return (ordered, array("iuff")(d)), kwargs


def _digitized(d: Draw) -> Drawn:
    x = array("iuff")(d)
    bins = np.sort(d.rng.normal(size=d.integer(1, 5)).astype("float32"))
    return (x, bins[::-1].copy() if d.chance(0.4) else bins), {"right": d.chance(0.5)}


def _sorted(**more: Any) -> Any:
    def call(d: Draw) -> Drawn:
        x = array()(d)
        kwargs = {"axis": axis_or_none(d)} if d.chance(0.6) else {}
        for name in ("descending", "stable"):
            if d.chance(0.3):
                kwargs[name] = d.chance(0.6)
        return (x,), kwargs

    return call


def _partitioned(d: Draw) -> Drawn:
    x = array("iuff", ranks=(1, 3), empty=False, special=False)(d)
    by = axis(d)
    n = d.shape[by] if -d.ndim <= by < d.ndim else 1
    return (x, d.integer(-n, n)), {"axis": by}


def _at_kth(result: Any, call: Any) -> Any:
    """The element that stands where it would in order: the others' order is free."""
    kth, by = call.args[1], call.kwargs.get("axis", -1)
    x = np.asarray(result)
    if call.name.endswith("argpartition"):
        x = np.take_along_axis(np.asarray(call.args[0]), x, by)
    return np.take(x, kth, by)


def _lexsorted(d: Draw) -> Drawn:
    first = array("iuff", ranks=(1, 2), special=False)(d)
    return ([first, values(d, d.shape, dtype_of(d, "if"), False)],), {"axis": axis(d)}


def _padded(d: Draw) -> Drawn:
    x = array("iffc", ranks=(0, 3))(d)
    width = d.pick([1, (1, 2), 2, 0, ((1, 2),) * max(d.ndim, 1), ((0, 3),)])
    mode = d.pick(
        "constant edge empty linear_ramp maximum mean minimum reflect symmetric wrap median".split()
    )
    kwargs: dict[str, Any] = {}
    if mode == "constant" and d.chance(0.5):
        kwargs["constant_values"] = d.pick([3, (1, 2), 1.5])
    if mode in ("maximum", "mean", "minimum", "median") and d.chance(0.5):
        kwargs["stat_length"] = 2
    if mode == "linear_ramp" and d.chance(0.5):
        kwargs["end_values"] = 2
    if mode in ("reflect", "symmetric") and d.chance(0.3):
        kwargs["reflect_type"] = d.pick(["even", "odd"])
    return (x, width, mode), kwargs


def _tiled(d: Draw) -> Drawn:
    return (ANY(d), d.pick([2, (2,), (1, 2), (0,), (2, 1, 3), ()])), {}


def _ranged(d: Draw) -> Drawn:
    ints = [d.integer(-4, 9) for _ in range(3)]
    floats = [round(float(x), 2) for x in d.rng.uniform(-4, 9, 3)]
    numbers = d.pick([ints, ints, floats])[: d.integer(1, 4)]
    if len(numbers) == 3 and numbers[2] == 0:
        numbers[2] = 1
    return tuple(numbers), {"dtype": dtype("iuff")(d)} if d.chance(0.4) else {}


def _spaced(d: Draw) -> Drawn:
    kwargs = {
        "num": d.pick([0, 1, 2, 5, 7]),
        "endpoint": d.chance(0.5),
        "dtype": dtype("iff")(d),
        "axis": d.pick([0, -1]),
    }
    low = array("iff", ranks=(0, 2), special=False, scalar=0.6)(d)
    high = other("iff", special=False, scalar=0.6, misfit=0)(d)
    return (low, high), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _geometric(d: Draw) -> Drawn:
    (low, high), kwargs = _spaced(d)
    if np.result_type(low, high).kind in "iu":
        kwargs.pop("dtype", None)
    return (np.abs(low) + 1 if np.ndim(low) else abs(low) + 1, 9.0), kwargs


def _spaced_with_step(d: Draw) -> Drawn:
    args, kwargs = _spaced(d)
    return args, kwargs | {"retstep": True}


def _filled_like(d: Draw) -> Drawn:
    kwargs = {"dtype": dtype()(d), "shape": d.pick(TUPLES[:-1])}
    value = other(misfit=0)(d) if d.chance(0.3) else python_number(d, "bif")
    return (ANY(d), value), {k: v for k, v in kwargs.items() if d.chance(0.3)}


def _made(d: Draw) -> Drawn:
    nested = d.pick(
        [[1, 2.5], [[1, 2], [3, 4]], [], [True, 2], (1j, 2), 3, [[], []], [[1], [2, 3]]]
    )
    x = nested if d.chance(0.4) else ANY(d)
    kwargs = {"dtype": dtype()(d)} if d.chance(0.5) else {}
    return (x,), kwargs | ({"copy": True} if d.chance(0.2) else {})


def _made_deep(d: Draw) -> Drawn:
    args, kwargs = _made(d)
    return args, kwargs | ({"ndmin": d.integer(0, 4)} if d.chance(0.3) else {})


def _block(d: Draw) -> Drawn:
    x = array(ranks=(1, 2))(d)
    y = values(d, np.shape(x), dtype_of(d, "iff"), False)
    return (d.pick([[x, y], [[x, y]], [[x], [y]], [[x, y], [y, x]], [[x], y], x]),), {}


def _unraveled(d: Draw) -> Drawn:
    shape = d.pick([(2, 3), (4,), (2, 1, 3)])
    return (indices(int(np.prod(shape)), wild=d.chance(0.3))(d), shape), {}


def _raveled(d: Draw) -> Drawn:
    shape = d.pick([(2, 3), (4,), (2, 1, 3)])
    mode = d.pick(["clip", "wrap"])
    where = [d.rng.integers(-3, 5, (3,)).astype("int32") for _ in shape]
    return (tuple(where), shape), {"mode": mode, "order": d.pick("CF")}


def _diagonal(d: Draw) -> Drawn:
    x = array(ranks=(2, 4), special=False)(d)
    kwargs: dict[str, Any] = {"offset": d.integer(-2, 3), "axis1": axis(d), "axis2": axis(d)}
    return (x,), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _trace(d: Draw) -> Drawn:
    args, kwargs = _diagonal(d)
    return args, kwargs | ({"dtype": dtype("iff")(d)} if d.chance(0.3) else {})


def _filled_diagonal(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3))(d)
    return (x, python_number(d, "if")), {"inplace": False, "wrap": d.chance(0.2)}


def _put(d: Draw) -> Drawn:
    x = array("iff", empty=False)(d)
    where = indices(np.size(x), (2,))(d)
    mode = d.pick(["clip", "wrap", None])
    return (x, where, d.pick([3, np.array([1.0, 2.0], "float32")])), {
        "inplace": False,
        "mode": mode,
    }


def _placed(d: Draw) -> Drawn:
    x = array("iff", empty=False)(d)
    return (x, d.rng.random(np.shape(x)) < 0.5, np.array([1.0, 2.0], "float32")), {"inplace": False}


def _piecewise(d: Draw) -> Drawn:
    x = array("iff", ranks=(0, 2))(d)
    tests = [d.rng.random(np.shape(x)) < 0.5 for _ in range(2)]
    functions = [lambda v: v * 2, 3.0, lambda v: v + 1]
    return (x, tests, functions[: d.integer(2, 4)]), {}


MOVES = (
    Row("ravel", (ANY,), {"order": choice("C", "F", "K")}),
    Row("reshape", call=_reshaped),
    Row("transpose permute_dims", call=_transposed),
    Row("matrix_transpose fliplr flipud", (ANY,)),
    Row("moveaxis", call=_moved),
    Row("swapaxes", (ANY, axis, axis)),
    Row("rollaxis", (array(ranks=(1, 4)), axis), {"start": count(-2, 4)}),
    Row("squeeze flip", (ANY,), {"axis": axes}),
    Row("expand_dims", call=_expanded),
    Row("broadcast_to", call=_broadcast),
    Row("repeat", call=_repeated),
    Row("roll", call=_rolled),
    Row(
        "rot90",
        (array(ranks=(2, 4)),),
        {"k": count(-2, 5), "axes": choice((0, 1), (1, 0), (0, -1))},
    ),
    Row("resize", (ANY, choice(*TUPLES[:-1], (7,)))),
    Row("tile", call=_tiled),
    Row("diag diagflat", (array(ranks=(0, 3)),), {"k": count(-2, 3)}),
    Row("diagonal", call=_diagonal),
    Row("trace", call=_trace, tol=5),
    Row("tril triu", (ANY,), {"k": count(-2, 3)}),
    Row("atleast_1d atleast_2d atleast_3d", (ANY, other()), {}),
    Row("broadcast_arrays", (array(), other(), other()), {}),
    Row("ndim shape", (ANY,), checks=""),
    Row("size", (ANY,), {"axis": axis_or_none}, checks=""),
    Row("astype", (array(), dtype())),
    Row("array_split split", call=_split),
    Row("dsplit hsplit vsplit", call=_split_plain),
    Row("unstack", (ANY,), {"axis": axis}),
    Row("concatenate stack", call=_joined()),
    Row("concat", call=_joined("")),
    Row("column_stack dstack hstack vstack", call=_joined("")),
    Row("append", call=_appended),
    Row("insert", call=_inserted),
    Row("delete", call=_deleted),
    Row("block", call=_block),
    Row("take", call=_taken),
    Row("take_along_axis", call=_along),
    Row("put_along_axis", call=_put_along),
    Row("where", call=_where),
    Row("select", call=_selected),
    Row("choose", call=_chosen),
    Row("nonzero flatnonzero argwhere", call=_nonzero),
    Row("compress", call=_compressed),
    Row("extract", call=_extracted),
    Row("searchsorted", call=_searched),
    Row("digitize", call=_digitized),
    Row("sort argsort", call=_sorted()),
    Row("sort_complex", (array("iffcc"),)),
    Row("partition argpartition", call=_partitioned, view=_at_kth, checks="jit vmap"),
    Row("lexsort", call=_lexsorted),
    Row("pad", call=_padded),
    Row("fill_diagonal", call=_filled_diagonal),
    Row("put", call=_put),
    Row("place", call=_placed),
    Row("piecewise", call=_piecewise),
    Row("ravel_multi_index", call=_raveled),
    Row("unravel_index", call=_unraveled),
)
MAKERS = (
    Row("arange", call=_ranged, checks="jit"),
    Row("linspace", call=_spaced),
    Row("linspace", call=_spaced_with_step),
    Row("logspace", call=_spaced, tol=20),
    Row("geomspace", call=_geometric, tol=20),
    Row("array", call=_made_deep),
    Row("asarray", call=_made),
    Row("copy", (ANY,)),
    Row("zeros ones empty", (choice(*TUPLES),), {"dtype": dtype()}, checks="jit"),
    Row("full", (choice(*TUPLES), other(misfit=0)), {"dtype": dtype()}),
    Row(
        "zeros_like ones_like empty_like", (ANY,), {"dtype": dtype(), "shape": choice(*TUPLES[:-1])}
    ),
    Row("full_like", call=_filled_like),
    Row(
        "eye", (count(0, 4),), {"M": count(0, 4), "k": count(-2, 3), "dtype": dtype()}, checks="jit"
    ),
    Row(
        "tri", (count(0, 4),), {"M": count(0, 4), "k": count(-2, 3), "dtype": dtype()}, checks="jit"
    ),
    Row("identity", (count(0, 4),), {"dtype": dtype()}, checks="jit"),
    Row("indices", (choice((2, 3), (0,), (2, 1, 3)),), {"dtype": dtype("iuf"), "sparse": flag}),
    Row(
        "meshgrid",
        (array(ranks=(0, 1)), array(ranks=(0, 1))),
        {"indexing": choice("xy", "ij"), "sparse": flag},
    ),
    Row("bartlett blackman hamming hanning", (count(0, 6),), tol=5),
    Row("kaiser", (count(0, 6), number(0, 5)), tol=5),
    Row("tril_indices triu_indices", (count(0, 4),), {"k": count(-2, 3), "m": count(0, 4)}),
    Row("tril_indices_from triu_indices_from", (array(ranks=(2, 2)),), {"k": count(-2, 3)}),
    Row("diag_indices", (count(0, 4),), {"ndim": count(1, 4)}),
    Row("diag_indices_from", (array(ranks=(2, 3)),)),
    Row("mask_indices", (count(1, 4), choice(lambda m, k=0: m)), {}),
    Row("ix_", (array("bii", ranks=(1, 1)), array("bii", ranks=(1, 1)))),
    Row(
        "fromfunction",
        (choice(lambda i, j: i * 2 + j), choice((2, 3), (1, 2))),
        {"dtype": dtype("if")},
    ),
)
