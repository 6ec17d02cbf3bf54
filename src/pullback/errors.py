"""Every exception a user sees. Messages say what was given, what was wanted and what to write."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .lazy import LazyModule


class PullbackError(Exception):
    """Base of the exceptions that only this library raises."""


class PullbackTypeError(PullbackError, TypeError):
    """A value of a type or dtype that the operation does not take."""


class OperandError(PullbackTypeError, ValueError):
    """Operands whose shapes or dtypes do not fit together: NumPy's ValueError, JAX's TypeError."""


class PullbackIndexError(PullbackError, IndexError):
    """An index that an array does not take."""


class DistributedError(PullbackError, RuntimeError):
    """Another process of a distributed run is gone, or could not be reached.

    Attributes:
      processes: the numbers of the processes that are meant; none where that is not known.
    """

    def __init__(self, message: str, processes: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.processes = tuple(processes)


class TracerError(PullbackTypeError):
    """A traced value was used where a concrete one is needed."""


class ConcretizationTypeError(TracerError):
    """A traced value was used as a Python number, or in a place that must be static."""


class TracerBoolConversionError(ConcretizationTypeError):
    """A traced value was used as a condition."""


class TracerIntegerConversionError(ConcretizationTypeError):
    """A traced value was used as a Python index."""


class TracerArrayConversionError(TracerError):
    """A traced value was handed to NumPy."""


class NonConcreteBooleanIndexError(ConcretizationTypeError, PullbackIndexError):
    """A traced boolean mask was used as an index, so the result's shape is unknown."""


class UnexpectedTracerError(PullbackTypeError):
    """A traced value outlived the transformation that made it."""


class CheckError(PullbackError, ValueError):
    """A check that the program itself made of its values failed."""


class JaxprError(PullbackTypeError):
    """A program is not well formed. The message shows the equation."""


# JAX's names.
JaxprTypeError = JaxprError
JAXTypeError = PullbackTypeError
JAXIndexError = PullbackIndexError

_runtime: Any = LazyModule("jaxlib._jax")


class MissingRuntimeError(RuntimeError):
    """What nothing raises: it stands for jaxlib's error where jaxlib is not installed."""


if TYPE_CHECKING:

    class JaxRuntimeError(RuntimeError):
        """What went wrong on a device behind jaxlib, as jaxlib raises it."""

else:

    def __getattr__(name: str) -> Any:
        """`JaxRuntimeError` is jaxlib's class, which is loaded when it is asked for."""
        if name != "JaxRuntimeError":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return _runtime.JaxRuntimeError
        except ModuleNotFoundError:
            return MissingRuntimeError
