"""Functions with transformations around them, under the names of `jax.extend.linear_util`."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

__all__ = [
    "StoreException",
    "WrappedFun",
    "merge_linear_aux",
    "transformation",
    "transformation2",
    "transformation_with_aux",
    "transformation_with_aux2",
    "wrap_init",
]

Function = Callable[..., Any]
_EMPTY: Any = object()


class StoreException(Exception):
    """A value beside a result was asked for before the call, or was given twice.

    >>> from pullback.extend import linear_util as lu
    >>> @lu.transformation_with_aux
    ... def beside(*args):
    ...     out = yield args, {}
    ...     yield out, "beside"
    >>> f, value = beside(lu.wrap_init(abs))
    >>> try:
    ...     value()
    ... except lu.StoreException as error:
    ...     print(error)
    Store empty
    """


class Store:
    """Holds one value that a transformation gives beside its result."""

    __slots__ = ("_val",)

    def __init__(self) -> None:
        self._val = _EMPTY

    def __bool__(self) -> bool:
        return self._val is not _EMPTY

    @property
    def val(self) -> Any:
        """The value."""
        if not self:
            raise StoreException("Store empty")
        return self._val

    def store(self, val: Any) -> None:
        """Set the value."""
        if self:
            raise StoreException("Store occupied")
        self._val = val

    def reset(self) -> None:
        """Forget the value."""
        self._val = _EMPTY


class WrappedFun:
    """A function `f` with the transformations put around it, the outermost first.

    `call_wrapped` calls all of it.

    >>> from pullback.extend import linear_util as lu
    >>> lu.wrap_init(abs).call_wrapped(-1)
    1
    """

    __slots__ = ("debug_info", "f", "f_transformed", "params", "stores", "transforms")

    def __init__(
        self,
        f: Function,
        f_transformed: Function,
        transforms: Sequence[tuple[Function, tuple[Any, ...]]] = (),
        stores: Sequence[Store | None] = (),
        params: Sequence[tuple[str, Any]] = (),
        debug_info: Any = None,
    ) -> None:
        self.f = f
        self.f_transformed = f_transformed
        self.transforms = tuple(transforms)
        self.stores = tuple(stores)
        self.params = tuple(params)
        self.debug_info = debug_info

    @property
    def __name__(self) -> str:
        return getattr(self.f, "__name__", "<unnamed wrapped function>")

    def wrap(self, gen: Function, gen_static_args: tuple[Any, ...], out_store: Any) -> "WrappedFun":
        """One more transformation: `gen(f[, store], *gen_static_args, *args, **kwargs)`."""
        stores = () if out_store is None else (out_store,)
        return WrappedFun(
            self.f,
            partial(gen, self.f_transformed, *stores, *gen_static_args),
            ((gen, gen_static_args), *self.transforms),
            (out_store, *self.stores),
            self.params,
            self.debug_info,
        )

    def call_wrapped(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as it is transformed."""
        return self.f_transformed(*args, **kwargs)

    def _key(self) -> tuple[Any, ...]:
        return self.f, self.transforms, self.params

    def __hash__(self) -> int:
        return hash(self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WrappedFun) and self._key() == other._key()


def wrap_init(
    f: Function, params: dict[str, Any] | None = None, *, debug_info: Any = None
) -> WrappedFun:
    """A function to transform; `params` are keyword arguments of it.

    >>> from pullback.extend import linear_util as lu
    >>> lu.wrap_init(round, {"ndigits": 1}).call_wrapped(1.26)
    1.3
    """
    given = params or {}
    return WrappedFun(
        f, partial(f, **given) if given else f, params=tuple(given.items()), debug_info=debug_info
    )


def transformation2(gen: Function) -> Callable[..., WrappedFun]:
    """A transformation from `gen(f, *static, *args, **kwargs)`: takes `(wrapped, *static)`.

    >>> from pullback.extend import linear_util as lu
    >>> @lu.transformation2
    ... def times(f, factor, *args):
    ...     return factor * f(*args)
    >>> times(lu.wrap_init(abs), 3).call_wrapped(-3)
    9
    """
    return lambda fun, *gen_static_args: fun.wrap(gen, gen_static_args, None)


def transformation(gen: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., WrappedFun]:
    """A transformation from a generator, which yields `(args, kwargs)`, then the result.

    >>> from pullback.extend import linear_util as lu
    >>> @lu.transformation
    ... def doubled(*args):
    ...     out = yield args, {}
    ...     yield 2 * out
    >>> doubled(lu.wrap_init(abs)).call_wrapped(-3)
    6
    """

    def call(f: Function, *args: Any, **kwargs: Any) -> Any:
        steps = gen(*args, **kwargs)
        inner, named = next(steps)
        return steps.send(f(*inner, **named))

    return transformation2(call)


def transformation_with_aux2(
    gen: Function, use_eq_store: bool = False
) -> Callable[..., tuple[WrappedFun, Callable[[], Any]]]:
    """As `transformation2`, of `gen(f, store, *static, ...)`; returns also what gives the value.

    >>> from pullback.extend import linear_util as lu
    >>> @lu.transformation_with_aux2
    ... def counted(f, store, *args):
    ...     store.store(len(args))
    ...     return f(*args)
    >>> f, count = counted(lu.wrap_init(max))
    >>> f.call_wrapped(1, 5, 2), count()
    (5, 3)
    """
    assert not use_eq_store

    def wrap(fun: WrappedFun, *gen_static_args: Any) -> tuple[WrappedFun, Callable[[], Any]]:
        store = Store()
        return fun.wrap(gen, gen_static_args, store), lambda: store.val

    wrap.__doc__ = gen.__doc__
    return wrap


def transformation_with_aux(
    gen: Callable[..., Generator[Any, Any, Any]],
) -> Callable[..., tuple[WrappedFun, Callable[[], Any]]]:
    """As `transformation`, of a generator whose last yield is `(result, value)`.

    >>> from pullback.extend import linear_util as lu
    >>> @lu.transformation_with_aux
    ... def counted(*args):
    ...     out = yield args, {}
    ...     yield out, len(args)
    >>> f, count = counted(lu.wrap_init(max))
    >>> f.call_wrapped(1, 5, 2), count()
    (5, 3)
    """

    def call(f: Function, store: Store, *args: Any, **kwargs: Any) -> Any:
        steps = gen(*args, **kwargs)
        inner, named = next(steps)
        out, aux = steps.send(f(*inner, **named))
        store.store(aux)
        return out

    return transformation_with_aux2(call)


def merge_linear_aux(aux1: Callable[[], Any], aux2: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether the first of two values is there, and the one that is.

    >>> from pullback.extend import linear_util as lu
    >>> lu.merge_linear_aux(lambda: "first", lambda: "second")
    (True, 'first')
    """
    try:
        return True, aux1()
    except StoreException:
        return False, aux2()
