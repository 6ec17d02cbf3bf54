"""Functions that take `out_sharding`: how their results are divided among devices."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..core.sharding import is_undivided
from ..lazy import LazyModule

P = ParamSpec("P")
R = TypeVar("R")
_sharding: Any = LazyModule("pullback.sharding")


def divided(x: Any, out_sharding: Any) -> Any:
    """The result, divided as `with_sharding_constraint` does it where a sharding is given.

    That of a type, `typeof(x).sharding`, chooses nothing.
    """
    if out_sharding is None or is_undivided(out_sharding):
        return x
    return _sharding.with_sharding_constraint(x, out_sharding)


def divides(f: Callable[P, R]) -> Callable[P, R]:
    """The function with a result that is divided as `out_sharding`, its last argument, says.

    Functions of a microsecond call `divided` themselves: to be wrapped costs a good part of one.
    """
    code: Any = getattr(f, "__code__", None)
    positional = code.co_varnames[: code.co_argcount]
    place = len(positional) - (positional[-1] == "out_sharding")

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if "out_sharding" in kwargs:
            given = kwargs.pop("out_sharding")
        elif place < len(args) == len(positional):
            args, given = args[:place], args[place]
        else:
            return f(*args, **kwargs)
        return divided(f(*args, **kwargs), given)

    return call  # pyright: ignore[reportReturnType]
