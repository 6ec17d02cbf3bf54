"""einsum: opt_einsum chooses the order of pairs; each pair is one dot_general."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from ..core.aval import Shape
from ..core.symbolic import guess
from ..dtypes import DType
from ..lazy import LazyModule
from ..primitives import shape as sh
from .contractions import contract, permuted
from .creation import requested_dtype
from .diagonals import diagonal
from .divided import divided
from .values import (
    as_array,
    as_arrays,
    check_standard,
    convert,
    describe,
    no_out,
    result_type_of,
)

opt_einsum: Any = LazyModule("opt_einsum")

Steps = list[tuple[tuple[int, ...], str]]  # which operands are joined, and the axes then


@dataclass(frozen=True)
class Product:
    """What contracts two operands by dimension numbers, and the dtype of sums over one."""

    dot: Callable[[Any, Any, Any], Any]
    dtype: DType


@lru_cache(maxsize=1024)
def _plan(
    subscripts: str, shapes: tuple[Shape, ...], optimize: Any
) -> tuple[list[str], str, Steps]:
    """The axes of the operands and of the result, and the way."""
    _, info = opt_einsum.contract_path(subscripts, *shapes, shapes=True, optimize=optimize)
    steps = [(at, text.partition("->")[2]) for at, _, text, *_ in info.contraction_list]
    return info.input_subscripts.split(","), info.output_subscript, steps


def _einsum_arguments(subscripts: Any, operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    if isinstance(subscripts, str):
        return subscripts.replace(" ", ""), operands
    text, arrays = opt_einsum.parser.convert_interleaved_input((subscripts, *operands))
    return text, arrays


def einsum(
    subscripts: Any, /, *operands: Any, out: None = None, optimize: Any = "auto",
    precision: Any = None, preferred_element_type: Any = None, _dot_general: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """Sums of products in Einstein's notation: `einsum("ij,jk->ik", x, y)`.

    Args:
      subscripts: letters for the axes of each operand and, after "->", of the result: a letter that
        is not there is summed over. "..." stands for axes that broadcast. Or operands and lists of
        integers in turn, as in NumPy.
      *operands: arrays.
      optimize: how the order of contractions is chosen: "optimal", "greedy", "auto" or False.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result; by default that of the operands.
      _dot_general: what contracts two operands, with the parameters of `lax.dot_general`.

    Raises:
      ValueError: the subscripts do not fit the operands.

    >>> x = pnp.arange(4.0).reshape(2, 2)
    >>> pnp.einsum("ij,jk,k->i", x, x, pnp.ones(2))
    Array([ 5., 17.], dtype=float32)
    >>> pnp.einsum("ii", x)
    Array(3., dtype=float32)
    """
    no_out("einsum", out)
    text, given = _einsum_arguments(subscripts, operands)
    arrays = as_arrays("einsum", given)
    optimize = {True: "optimal", "auto": "auto", False: False}.get(_key(optimize), optimize)
    optimize = tuple(optimize) if isinstance(optimize, list) else optimize
    try:
        terms, result, steps = _plan(
            text, tuple(tuple(map(guess, x.shape)) for x in arrays), optimize
        )
    except ValueError as error:
        given = ", ".join(describe(x) for x in arrays)
        raise ValueError(f"einsum: {error}: {text!r} of {given}") from None
    check_standard("einsum", arrays)
    wanted, weak = result_type_of(arrays)
    if preferred_element_type is not None:
        wanted, weak = requested_dtype("einsum", preferred_element_type), False
    if _dot_general is None:
        arrays = [convert(x, wanted, weak) for x in arrays]
        dot = partial(_contract, precision=precision)
    else:
        dot = partial(_by, _dot_general, precision, wanted)
    out = _contracted(list(terms), arrays, steps, result, Product(dot, wanted))
    return divided(convert(out, wanted, weak), out_sharding)


def _contract(x: Any, y: Any, numbers: Any, precision: Any) -> Any:
    axes, batch = numbers
    return contract(x, y, axes, batch, precision)


def _by(dot: Any, precision: Any, wanted: Any, x: Any, y: Any, numbers: Any) -> Any:
    return dot(x, y, numbers, precision, preferred_element_type=wanted)


def _contracted(
    terms: list[str], arrays: list[Any], steps: Steps, result: str, product: Product
) -> Any:
    """What the steps leave, its axes in the order of `result`."""
    for chosen, order in steps:
        picked = sorted(chosen, reverse=True)
        pairs = [(terms.pop(i), arrays.pop(i)) for i in picked][::-1]
        rest = set(result).union(*terms)
        joined = pairs[0]
        for k, other in enumerate(pairs[1:], 2):
            needed = rest.union(*(t for t, _ in pairs[k:]))
            joined = _pair(joined, other, needed, order, product)
        terms.append(joined[0])
        arrays.append(joined[1])
    term, x = _single(terms[0], arrays[0], set(result), product.dtype)
    return permuted(x, [term.index(i) for i in result])


def _key(optimize: Any) -> Any:
    return optimize if isinstance(optimize, (bool, str)) else None


def _single(term: str, x: Any, needed: set[str], dtype: DType) -> tuple[str, Any]:
    """Take diagonals of repeated indices and sum over those that nothing needs."""
    for i in sorted(set(term)):
        while term.count(i) > 1:
            first, second = term.index(i), term.rindex(i)
            x = diagonal(x, 0, first, second)
            term = "".join(c for d, c in enumerate(term) if d not in (first, second)) + i
    gone = [d for d, i in enumerate(term) if i not in needed]
    x = sh.reduce_sum(convert(x, dtype), gone) if gone else x
    return "".join(i for i in term if i in needed), x


def _pair(
    first: tuple[str, Any], second: tuple[str, Any], rest: set[str], order: str, product: Product
) -> tuple[str, Any]:
    """One contraction of two. The first is the left one if that gives the order wanted."""
    (a, x), (b, y) = first, second
    a, x = _single(a, x, rest | set(b), product.dtype)
    b, y = _single(b, y, rest | set(a), product.dtype)
    a, x, b, y = _without_ones(a, x, b, y)
    both = [i for i in order if i in a and i in b]
    batch = both + [i for i in a if i in b and i in rest and i not in both]
    if _joined(a, b, batch) != order:
        a, x, b, y = b, y, a, x
    summed = [i for i in a if i in b and i not in rest]
    groups = ([[t.index(i) for i in names] for t in (a, b)] for names in (summed, batch))
    numbers = tuple(tuple(map(tuple, group)) for group in groups)
    return _joined(a, b, batch), product.dot(x, y, numbers)


def _joined(a: str, b: str, batch: Sequence[str]) -> str:
    """The axes of the product of two."""
    return "".join([*batch, *(i for i in a if i not in b), *(i for i in b if i not in a)])


def _without_ones(a: str, x: Any, b: str, y: Any) -> tuple[str, Any, str, Any]:
    """Axes of size 1 that stand against larger ones are dropped: they broadcast."""
    for i in sorted(set(a) & set(b)):
        n, m = x.shape[a.index(i)], y.shape[b.index(i)]
        if n == 1 and m != 1:
            x, a = sh.squeeze(x, (a.index(i),)), a.replace(i, "")
        elif m == 1 and n != 1:
            y, b = sh.squeeze(y, (b.index(i),)), b.replace(i, "")
    return a, x, b, y


def einsum_path(subscripts: Any, /, *operands: Any, optimize: Any = "auto") -> tuple[Any, Any]:
    """The order in which `einsum` contracts, and a report on it.

    >>> a, x = np.ones((9, 9)), np.ones(9)
    >>> path, report = pnp.einsum_path("ij,jk,k->i", a, a, x)
    >>> path
    [(1, 2), (0, 1)]
    """
    text, arrays = _einsum_arguments(subscripts, operands)
    shapes = [as_array("einsum_path", x).shape for x in arrays]
    return opt_einsum.contract_path(text, *shapes, shapes=True, optimize=optimize)
