"""Where parts of a program are to run: all runs where its operands lie."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["compute_on", "compute_on2"]

KNOWN = ("device_host", "device", "tpu_sparsecore")


def _check(name: str, compute_type: Any) -> None:
    """Raise unless there is such a place."""
    if not isinstance(compute_type, str):
        raise TypeError(f"{name}: compute_type must be a string, got {compute_type!r}")
    if compute_type not in KNOWN and not compute_type.startswith("gpu_stream:"):
        wanted = ", ".join(map(repr, KNOWN))
        raise ValueError(
            f'{name}: compute_type must be {wanted} or "gpu_stream:#", got {compute_type!r}'
        )


@contextmanager
def compute_on(compute_type: str) -> Iterator[None]:
    """A context manager, or decorator, of operations that are to run somewhere on a device.

    They run where their operands lie; the results are the same.

    Args:
      compute_type: "device_host", "device", "tpu_sparsecore" or "gpu_stream:#".

    Raises:
      ValueError: there is no such place.

    >>> from pullback.experimental.compute_on import compute_on
    >>> with compute_on("device_host"):
    ...     pnp.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    _check("compute_on", compute_type)
    yield


def compute_on2(
    f: Callable[..., Any] | None = None,
    *,
    compute_type: str,
    out_memory_spaces: Any,
    compiler_options: Any = None,
) -> Callable[..., Any]:
    """A function that is to run somewhere on a device; it runs where its arguments lie.

    Args:
      f: a function; None: a decorator is returned.
      compute_type: as of `compute_on`.
      out_memory_spaces: where the results are to lie; there is one memory.
      compiler_options: switches of a compiler; accepted.

    >>> from pullback.experimental.compute_on import compute_on2
    >>> compute_on2(pnp.sin, compute_type="device_host", out_memory_spaces=None)(0.0)
    Array(0., dtype=float32, weak_type=True)
    """
    _check("compute_on2", compute_type)

    return (lambda g: g) if f is None else f
