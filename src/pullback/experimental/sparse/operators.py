"""Operators and methods of BCOO and BCSR: those of dense arrays, under `sparsify`."""

from collections.abc import Callable, Iterator
from typing import Any

from ... import numpy as pnp
from ...numpy.values import promote_arrays
from .bcoo import BCOO
from .bcsr import BCSR
from .form import is_sparse
from .layout import (
    bcoo_eliminate_zeros,
    bcoo_sort_indices,
    bcoo_sum_duplicates,
    bcoo_update_layout,
)
from .product import bcoo_dot_general
from .transform import sparsify, with_data

UNARY = {"__abs__": pnp.abs, "__neg__": pnp.negative, "__pos__": pnp.positive}
BINARY = {
    "mul": pnp.multiply, "truediv": pnp.divide, "add": pnp.add, "sub": pnp.subtract,
    "pow": pnp.power,
}  # fmt: skip
COMPARED = {
    "__gt__": pnp.greater, "__ge__": pnp.greater_equal, "__lt__": pnp.less,
    "__le__": pnp.less_equal, "__eq__": pnp.equal, "__ne__": pnp.not_equal,
}  # fmt: skip


def matmul(a: Any, b: Any) -> Any:
    """`a @ b` where one of them is sparse, or both are."""
    a, b = (m.to_bcoo() if isinstance(m, BCSR) else m for m in (a, b))
    a, b = (m if is_sparse(m) else pnp.asarray(m) for m in (a, b))
    if not (1 <= a.ndim <= 2 and 1 <= b.ndim <= 2):
        return sparsify(pnp.matmul)(a, b)
    left, right = promote_arrays("matmul", *(m.data if is_sparse(m) else m for m in (a, b)))
    a, b = (with_data(m, d) if is_sparse(m) else d for m, d in ((a, left), (b, right)))
    dims = (((a.ndim - 1,), (max(b.ndim - 2, 0),)), ((), ()))
    return bcoo_dot_general(a, b, dimension_numbers=dims)


def _of_two(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """An operator; a known number stays one, so that `x ** 2` is known to keep zeros."""

    def operator(self: Any, other: Any) -> Any:
        if isinstance(other, (int, float, complex)):
            return sparsify(lambda x: f(x, other))(self)
        return sparsify(f)(self, other)

    return operator


def _reflected(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return _of_two(lambda a, b: f(b, a))


def _method(name: str) -> Callable[..., Any]:
    """A method of arrays."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return sparsify(lambda x: getattr(x, name)(*args, **kwargs))(self)

    method.__name__ = name
    method.__doc__ = f"`{name}` as of a dense array; the result is sparse, or a number."
    return method


def _getitem(self: Any, index: Any) -> Any:
    return sparsify(lambda x: x[index])(self)


def _iterate(self: Any) -> Iterator[Any]:
    return (self[k] for k in range(self.shape[0]))


def sum_duplicates(self: BCOO, nse: int | None = None, remove_zeros: bool = True) -> BCOO:
    """The array with its places in order, each once.

    Args:
      nse: how many elements to store; by default as many as are needed, for which the indices must
        be known, so inside `jit` it has to be given. Too few leave out the last ones.
      remove_zeros: whether stored zeros are left out too. Then it has no derivative in them.
    """
    return (bcoo_eliminate_zeros if remove_zeros else bcoo_sum_duplicates)(self, nse=nse)


def _update_layout(
    self: BCOO,
    *,
    n_batch: int | None = None,
    n_dense: int | None = None,
    on_inefficient: str = "error",
) -> BCOO:
    """The array with other numbers of batch and dense axes; see `bcoo_update_layout`."""
    return bcoo_update_layout(self, n_batch=n_batch, n_dense=n_dense, on_inefficient=on_inefficient)


def _sort_indices(self: BCOO) -> BCOO:
    """The array with its stored elements in the order of their places."""
    return bcoo_sort_indices(self)


def install() -> None:
    """Put the operators and methods on the classes."""
    common: dict[str, Any] = {name: sparsify(f) for name, f in UNARY.items()}
    common |= {f"__{name}__": _of_two(f) for name, f in BINARY.items()}
    common |= {f"__r{name}__": _reflected(f) for name, f in BINARY.items()}
    common |= {name: _of_two(f) for name, f in COMPARED.items()}
    common |= {"__matmul__": matmul, "__rmatmul__": lambda self, other: matmul(other, self)}
    only = {
        "__getitem__": _getitem,
        "__iter__": _iterate,
        **{name: _method(name) for name in ("sum", "reshape", "astype")},
        "sum_duplicates": sum_duplicates,
        "update_layout": _update_layout,
        "sort_indices": _sort_indices,
    }
    for name, f in (common | only).items():
        setattr(BCOO, name, f)
    for name, f in common.items():
        setattr(BCSR, name, f)
