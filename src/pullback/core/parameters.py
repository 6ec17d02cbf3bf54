"""The classes whose values are parameters of operations, by name: what printed programs name."""

from typing import TypeVar

T = TypeVar("T", bound=type)

types: dict[str, type] = {}


def parameter_type(cls: T) -> T:
    """Declare a class whose values are parameters, so that its printed values can be read."""
    assert cls.__name__ not in types, cls.__name__
    types[cls.__name__] = cls
    return cls
