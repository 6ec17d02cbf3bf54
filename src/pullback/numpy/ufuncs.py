"""NumPy's ufuncs: functions of elements that can also reduce, accumulate and update arrays."""

import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import numpy as np

from .._native import Elementwise
from ..lazy import LazyModule
from . import binary, cumulative, elementwise, reductions

Function = Callable[..., Any]
Methods = Mapping[str, Function | None]
methods: Any = LazyModule(f"{__package__}.ufunc_methods")


class ufunc(Elementwise):
    """A function of elements, applied to arrays that broadcast, with NumPy's methods.

    Some are there already: `add`, `multiply`, `maximum` and others. `frompyfunc` makes one of a
    function of scalars.

    Args:
      func: function of `nin` scalars that returns `nout`, made of this library's operations.
      nin, nout: how many arguments and results.
      name: how it is shown; by default the function's name.
      nargs: how many arguments arrays are given for; by default `nin`.
      identity: the neutral element of reductions, or None.
      call, reduce, accumulate, at, reduceat: functions that do what calls and the methods of these
        names do, where something better is known than applying `func` again and again.

    >>> from pullback import numpy as pnp
    >>> pnp.add.reduce(pnp.arange(4))
    Array(6, dtype=int32)
    >>> pnp.maximum.accumulate(pnp.array([1, 3, 2]))
    Array([1, 3, 3], dtype=int32)
    """

    __name__: str
    __qualname__: str
    __signature__: inspect.Signature
    _func: Function
    _counts: tuple[int, ...]
    _identity: Any
    _methods: Methods

    def __new__(
        cls, func: Function, /, nin: int, nout: int, *, name: str | None = None,
        nargs: int | None = None, identity: Any = None, call: Function | None = None,
        reduce: Function | None = None, accumulate: Function | None = None,
        at: Function | None = None, reduceat: Function | None = None,
    ) -> Self:  # fmt: skip
        """The ufunc of a function."""
        known = {"reduce": reduce, "accumulate": accumulate, "at": at, "reduceat": reduceat}
        return _made(cls, None, func, (nin, nout, nargs or nin), name, identity, call, known)

    @property
    def nin(self) -> int:
        """How many arguments."""
        return self._counts[0]

    @property
    def nout(self) -> int:
        """How many results."""
        return self._counts[1]

    @property
    def nargs(self) -> int:
        """How many arguments arrays are given for."""
        return self._counts[2]

    @property
    def identity(self) -> Any:
        """The neutral element of reductions, or None."""
        return self._identity

    def reduce(
        self, a: Any, axis: Any = 0, dtype: Any = None, out: None = None, keepdims: bool = False,
        initial: Any = None, where: Any = None,
    ) -> Any:  # fmt: skip
        """The function applied between the elements along an axis, from the first on.

        Args:
          a: array.
          axis: integer; None for all elements in order. Sums, products, extrema, logical and
            bitwise functions take tuples too.
          dtype: of the result.
          keepdims: whether the axis stays, at size 1.
          initial: what the reduction starts with; by default the identity, or the first element.
          where: mask of the elements that count; wants an identity or `initial`.

        Raises:
          ValueError: this is no function of two arguments with one result; or there are no elements
            and nothing to start with.
          NotImplementedError: `out` is given, or several axes for another function.

        >>> from pullback import numpy as pnp
        >>> pnp.bitwise_or.reduce(pnp.array([[1, 2], [4, 1]]), axis=1)
        Array([3, 5], dtype=int32)
        """
        methods.check_binary(self, "reduce", out)
        return methods.reduce(self, a, axis, dtype, keepdims, initial, where)

    def accumulate(self, a: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
        """All that `reduce` computes on its way along an axis.

        Args:
          a: array with at least one axis.
          axis: integer.
          dtype: of the result.

        Raises:
          ValueError: this is no function of two arguments with one result, or `axis` is no integer.
          NotImplementedError: `out` is given.

        >>> from pullback import numpy as pnp
        >>> pnp.multiply.accumulate(pnp.array([2, 3, 4]))
        Array([ 2,  6, 24], dtype=int32)
        """
        methods.check_binary(self, "accumulate", out)
        return methods.accumulate(self, a, axis, dtype)

    def at(self, a: Any, indices: Any, b: Any = None, /, *, inplace: bool = True) -> Any:
        """The array with the function applied to the elements at some indices, one after the other.

        Args:
          a: array.
          indices: index, slice, array of integers or a tuple of them; those that come several
            times are updated as often.
          b: second operands of a function of two arguments.
          inplace: must be False: arrays are immutable, so the updated array is returned.

        Raises:
          NotImplementedError: `inplace` is not False.

        >>> from pullback import numpy as pnp
        >>> pnp.add.at(pnp.zeros(3), pnp.array([0, 2, 2]), 1.0, inplace=False)
        Array([1., 0., 2.], dtype=float32)
        """
        if inplace:
            raise NotImplementedError(
                f"{self.__name__}.at cannot update in place, as arrays are immutable: write"
                f" x = {self.__name__}.at(x, indices, values, inplace=False)"
            )
        return methods.at(self, a, indices, *(() if b is None else (b,)))

    def reduceat(
        self, a: Any, indices: Any, axis: int = 0, dtype: Any = None, out: None = None
    ) -> Any:
        """Reductions of stretches of an axis: from each index to the next one, or to the end.

        Args:
          a: array with at least one axis.
          indices: array of integers with one axis. Where the next index is not greater, the
            element itself is the result.
          axis: integer.
          dtype: of the result.

        Raises:
          ValueError: this is no function of two arguments with one result, or the axes are others.
          NotImplementedError: `out` is given.

        >>> from pullback import numpy as pnp
        >>> pnp.add.reduceat(pnp.arange(1, 6), pnp.array([0, 2]))
        Array([ 3, 12], dtype=int32)
        """
        methods.check_binary(self, "reduceat", out)
        return methods.reduceat(self, a, indices, axis, dtype)

    def outer(self, A: Any, B: Any, /) -> Any:
        """The function of all pairs of elements: an array of shape (*A.shape, *B.shape).

        Raises:
          ValueError: this is no function of two arguments with one result.

        >>> from pullback import numpy as pnp
        >>> pnp.multiply.outer(pnp.arange(3), pnp.arange(2))
        Array([[0, 0],
               [0, 1],
               [0, 2]], dtype=int32)
        """
        methods.check_binary(self, "outer", None)
        return methods.outer(self, A, B)

    def _call_named(self, *args: Any, out: None = None, where: None = None) -> Any:
        for name, value in (("out", out), ("where", where)):
            if value is not None:
                raise NotImplementedError(f"{name} argument of {self}")
        return self(*args)

    def _key(self) -> tuple[Any, ...]:
        return self._func, self.__name__, self._identity, self._counts

    def __hash__(self) -> int:
        return hash(self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ufunc) and self._key() == other._key()

    def __repr__(self) -> str:
        return f"<jnp.ufunc '{self.__name__}'>"

    def __reduce__(self) -> Any:
        if globals().get(self.__name__) is self:
            return self.__name__
        options = {"name": self.__name__, "nargs": self.nargs, "identity": self._identity}
        return methods.rebuilt, (self._func, self.nin, self.nout, options | dict(self._methods))


ufunc.__module__ = "pullback.numpy"

_CALL = inspect.Signature(
    [
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None),
        inspect.Parameter("where", inspect.Parameter.KEYWORD_ONLY, default=None),
    ]
)


_Kind = TypeVar("_Kind", bound=ufunc)


def _made(
    cls: type[_Kind], eager: np.ufunc | None, func: Function, counts: tuple[int, int, int],
    name: str | None, identity: Any, call: Function | None, known: Methods,
) -> _Kind:  # fmt: skip
    self = Elementwise.__new__(cls, eager, call or methods.vectorized(func))
    self.__doc__ = func.__doc__
    self.__name__ = self.__qualname__ = name or func.__name__
    self.__signature__ = _CALL
    self._func = func
    self._counts = tuple(map(operator.index, counts))
    self._identity = identity
    self._methods = known
    return self


def frompyfunc(func: Function, /, nin: int, nout: int, *, identity: Any = None) -> ufunc:
    """The ufunc of a function of scalars.

    Args:
      func: function of `nin` scalars that returns `nout`, made of this library's operations.
      nin, nout: how many arguments and results.
      identity: the neutral element of reductions, or None.

    >>> from pullback import numpy as pnp
    >>> longer = pnp.frompyfunc(lambda x, y: pnp.sqrt(x * x + y * y), 2, 1, identity=0)
    >>> longer(pnp.array([3.0, 5.0]), pnp.array([4.0, 12.0]))
    Array([ 5., 13.], dtype=float32)
    >>> longer.reduce(pnp.array([2.0, 3.0, 6.0]))
    Array(7., dtype=float32)
    """
    return ufunc(func, nin, nout, identity=identity)


def _of_two(
    func: Function, eager: np.ufunc | None, identity: Any = None, **known: Function
) -> ufunc:
    return _made(ufunc, eager, func, (2, 1, 2), None, identity, func, known)


def _later(name: str) -> Function:
    """A function of `ufunc_methods`, which is loaded when it is called."""
    return lambda *args, **kwargs: getattr(methods, name)(*args, **kwargs)


add = _of_two(
    binary.add, np.add, 0, reduce=reductions.sum, accumulate=cumulative.cumsum,
    at=_later("add_at"),
)  # fmt: skip
multiply = _of_two(
    binary.multiply, np.multiply, 1, reduce=reductions.prod, accumulate=cumulative.cumprod,
    at=_later("multiply_at"),
)  # fmt: skip
subtract = _of_two(binary.subtract, np.subtract, at=_later("subtract_at"))
maximum = _of_two(binary.maximum, np.maximum, reduce=_later("greatest"))
minimum = _of_two(binary.minimum, np.minimum, reduce=_later("least"))
bitwise_and = _of_two(binary.bitwise_and, None, -1, reduce=_later("bits_and"))
bitwise_or = _of_two(binary.bitwise_or, None, 0, reduce=_later("bits_or"))
bitwise_xor = _of_two(binary.bitwise_xor, None, 0, reduce=_later("bits_xor"))
logical_and = _of_two(binary.logical_and, None, True, reduce=_later("truth_and"))
logical_or = _of_two(binary.logical_or, None, False, reduce=_later("truth_or"))
logical_xor = _of_two(binary.logical_xor, None, False, reduce=_later("truth_xor"))
logaddexp = _of_two(binary.logaddexp, None, -np.inf, reduce=_later("logsumexp"))
logaddexp2 = _of_two(binary.logaddexp2, None, -np.inf, reduce=_later("logsumexp2"))
negative = ufunc(elementwise.negative, 1, 1, call=elementwise.negative)
