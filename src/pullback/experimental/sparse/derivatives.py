"""Derivatives in sparse arrays: in the elements that they store, and of their form."""

from collections.abc import Callable, Sequence
from typing import Any

from ... import tree
from ...transforms import grad as dense
from ...transforms import jacobian as dense_jacobian
from ...transforms.flat import positions
from ...transforms.named import wraps
from ...transforms.vmap import vmap
from .form import is_sparse


def _data(x: Any) -> Any:
    """What derivatives are taken in: the stored elements alone."""
    return x.tree_flatten()[0][0] if is_sparse(x) else x


def _filled(x: Any, data: Any) -> Any:
    """A sparse array of other stored elements; anything else is its own data."""
    if not is_sparse(x):
        return data
    parts, info = x.tree_flatten()
    if data.ndim > parts[0].ndim:  # of a Jacobian: one for each element of the result
        return vmap(lambda d: _filled(x, d))(data)
    return type(x).tree_unflatten(info, (data, *parts[1:]))


def _in_data(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A derivative of functions of sparse arrays, by one of functions of their elements."""

    def of(
        fun: Callable[..., Any],
        argnums: int | Sequence[int] = 0,
        has_aux: bool = False,
        **kwargs: Any,
    ) -> Callable[..., Any]:
        chosen = positions(argnums, transform.__name__)

        @wraps(fun)
        def derivative(*args: Any, **named: Any) -> Any:
            given = [args[k] for k in chosen]

            def inner(*data: Any, **named: Any) -> Any:
                full = list(args)
                for k, x, d in zip(chosen, given, data, strict=True):
                    full[k] = tree.map(_filled, x, d, is_leaf=is_sparse)
                return fun(*full, **named)

            numbers = tuple(range(len(given)))
            data = [tree.map(_data, x, is_leaf=is_sparse) for x in given]
            out = transform(inner, argnums=numbers, has_aux=has_aux, **kwargs)(*data, **named)
            return _formed(transform, out, given, isinstance(argnums, int), has_aux)

        return derivative

    of.__name__ = transform.__name__
    return of


def _formed(transform: Any, out: Any, given: list[Any], single: bool, has_aux: bool) -> Any:
    """The derivatives in the form of the arguments, beside what else there is."""

    def form(found: Any) -> Any:
        made = [
            tree.map(_filled, x, d, is_leaf=is_sparse) for x, d in zip(given, found, strict=True)
        ]
        return made[0] if single else tuple(made)

    if transform is dense.value_and_grad:
        return out[0], form(out[1])
    return (form(out[0]), out[1]) if has_aux else form(out)


def _documented(name: str, what: str, *example: str) -> str:
    shown = "\n    ".join(example)
    return f"""`{name}` of a function some of whose arguments are sparse arrays.

    {what} is taken in the elements that an array stores, and has its form. See `pullback.{name}`
    for the arguments.

    >>> from pullback.experimental import sparse
    >>> x = sparse.BCOO.fromdense(pnp.array([0.0, 2.0]))
    {shown}
    """


grad = _in_data(dense.grad)
grad.__doc__ = _documented(
    "grad",
    "The gradient",
    ">>> sparse.grad(lambda x, y: x @ y)(x, pnp.array([3.0, 4.0])).data",
    "Array([4.], dtype=float32)",
)
value_and_grad = _in_data(dense.value_and_grad)
value_and_grad.__doc__ = _documented(
    "value_and_grad",
    "The gradient",
    ">>> value, slope = sparse.value_and_grad(lambda x: pnp.sum(x.data**2))(x)",
    ">>> value, slope.data",
    "(Array(4., dtype=float32), Array([4.], dtype=float32))",
)
jacfwd = _in_data(dense_jacobian.jacfwd)
jacfwd.__doc__ = _documented(
    "jacfwd",
    "The Jacobian",
    ">>> sparse.jacfwd(lambda x: pnp.sum(x.data**2))(x).data",
    "Array([4.], dtype=float32)",
)
jacrev = _in_data(dense_jacobian.jacrev)
jacrev.__doc__ = _documented(
    "jacrev",
    "The Jacobian",
    ">>> sparse.jacrev(lambda x: pnp.sum(x.data**2))(x).data",
    "Array([4.], dtype=float32)",
)
jacobian = jacrev
