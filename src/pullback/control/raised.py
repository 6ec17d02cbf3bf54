"""Exceptions of functions that compiled code calls: of their own class, and `JaxRuntimeError`s."""

from functools import cache
from typing import Any

from .. import errors


class Raised(Exception):
    """An exception whose text begins with the name of the class that was raised."""

    raised: type[BaseException]

    def __str__(self) -> str:
        kind = self.raised
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        return f"{module}{kind.__qualname__}: {kind.__str__(self)}"


@cache
def raised_class(kind: type[Exception]) -> type[Exception]:
    """A class that is caught as `kind` and as `JaxRuntimeError`."""
    told = errors.JaxRuntimeError
    names: dict[str, Any] = {"__module__": told.__module__, "raised": kind}
    bases: Any = (Raised, kind, told)
    return type(told.__name__, bases, names)


def as_raised(error: Exception) -> Exception:
    """The exception as one of both classes: itself where Python lets an instance's class change."""
    if isinstance(error, errors.JaxRuntimeError):
        return error
    wanted = raised_class(type(error))
    try:
        error.__class__ = wanted
        return error
    except TypeError:
        pass
    # Exceptions of Python's own classes are made anew.
    reduced: Any = error.__reduce__()
    made = wanted(*reduced[1])
    made.__dict__.update(error.__dict__)
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    made.__suppress_context__ = error.__suppress_context__
    return made.with_traceback(error.__traceback__)
