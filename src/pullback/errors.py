"""Every exception a user sees. Messages say what was given, what was wanted and what to write."""


class PullbackError(Exception):
    """Base of the exceptions that only this library raises."""


class PullbackTypeError(PullbackError, TypeError):
    """A value of a type or dtype that the operation does not take."""


class PullbackIndexError(PullbackError, IndexError):
    """An index that an array does not take."""


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


# JAX's names.
JAXTypeError = PullbackTypeError
JAXIndexError = PullbackIndexError
