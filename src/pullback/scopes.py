"""Names for parts of a program, which messages tell beside the user's line."""

from collections.abc import Callable
from typing import Any

from .core.trace import scope
from .transforms.flat import check_function
from .transforms.named import function_name, wraps


def named_scope(name: str) -> Any:
    """A context manager, or decorator, that names the operations of a block or function.

    Scopes nest. Messages that tell where an operation comes from tell its scopes, as in
    `model.py:12 (layer) in encoder/attention`.

    Args:
      name: the name of the scope.

    Raises:
      TypeError: the name is no string.

    >>> import pullback as pb
    >>> @pb.jit
    ... def layer(w, x):
    ...     with pb.named_scope("product"):
    ...         y = w @ x
    ...     with pb.named_scope("activation"):
    ...         return pb.nn.relu(y)
    """
    if not isinstance(name, str):
        raise TypeError(f"named_scope: the name must be a string, got {name!r}")
    return scope(name)


def named_call(fun: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
    """`fun` in a `named_scope` of its name.

    Args:
      fun: function.
      name: the name of the scope, by default the function's.

    >>> import pullback as pb
    >>> float(pb.named_call(lambda x: x + 1, name="successor")(1.0))
    2.0
    """
    check_function(fun, "named_call")
    chosen = function_name(fun) if name is None else name

    @wraps(fun)
    def named(*args: Any, **kwargs: Any) -> Any:
        with named_scope(chosen):
            return fun(*args, **kwargs)

    return named
