"""What `jit` returns, as type checkers see it: a function of the same arguments, with methods."""

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, Self, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class Jitted(Protocol[P, R]):
    """A compiled function."""

    __name__: str
    __wrapped__: Callable[..., Any]
    _miss: Any

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the program for these arguments, compiled at the first call with their types."""
        ...

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type, /) -> Callable[..., R]: ...

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        """The program for arguments of these types: arrays or `ShapeDtypeStruct`s."""
        ...

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """The program as the compiler takes it: `trace(*args).lower()`."""
        ...

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The types of the results, as `ShapeDtypeStruct`s, without computing them."""
        ...

    def clear_cache(self) -> None:
        """Forget the programs of this function."""
        ...
