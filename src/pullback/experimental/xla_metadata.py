"""What a program may say to those who read its compiled form; nothing here reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["set_xla_metadata"]


@contextmanager
def _said() -> Iterator[None]:
    """A block, or a function, of which something is said."""
    yield


def set_xla_metadata(x: Any = None, **kwargs: Any) -> Any:
    """Attach names and values to operations; it changes no result, and is accepted.

    Args:
      x: a pytree of arrays, whose operations are meant; None: those of a block or a function.
      **kwargs: the names and values.

    Returns:
      `x`; without it a context manager, which may decorate a function.

    >>> from pullback.experimental.xla_metadata import set_xla_metadata
    >>> with set_xla_metadata(stage="first"):
    ...     pnp.ones(2) + 1
    Array([2., 2.], dtype=float32)
    >>> set_xla_metadata(1.0, stage="last")
    1.0
    """
    return _said() if x is None else x
