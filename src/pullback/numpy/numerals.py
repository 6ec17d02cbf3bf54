"""Numbers and arrays as text, in NumPy's forms."""

from typing import Any

import numpy as np


def array2string(a: Any, *args: Any, **kwargs: Any) -> str:
    """The text of an array's values, by `numpy.array2string`, whose options it takes.

    >>> pnp.array2string(pnp.array([1.0, 2.5]), separator=", ", precision=1)
    '[1. , 2.5]'
    """
    return np.array2string(np.asarray(a), *args, **kwargs)


def base_repr(number: Any, base: int = 2, padding: int = 0) -> str:
    """The digits of an integer to a base of 2 to 36, with so many zeros before them.

    >>> pnp.base_repr(pnp.array(-255), 16), pnp.base_repr(5, padding=2)
    ('-FF', '00101')
    """
    return np.base_repr(int(number), base, padding)


def binary_repr(num: Any, width: int | None = None) -> str:
    """The binary digits of an integer; where a width is given, negative ones as two's complement.

    >>> pnp.binary_repr(5, width=6), pnp.binary_repr(-5, width=6)
    ('000101', '111011')
    """
    return np.binary_repr(int(num), width)


def format_float_positional(x: Any, *args: Any, **kwargs: Any) -> str:
    """A number without an exponent, by `numpy.format_float_positional`, whose options it takes.

    Without `precision` these are the fewest digits from which the same number is read again.

    >>> pnp.format_float_positional(pnp.array(1e-5)), pnp.format_float_positional(0.1, 3, False)
    ('0.00001', '0.100')
    """
    return np.format_float_positional(_scalar(x), *args, **kwargs)


def format_float_scientific(x: Any, *args: Any, **kwargs: Any) -> str:
    """A number with an exponent, by `numpy.format_float_scientific`, whose options it takes.

    >>> pnp.format_float_scientific(pnp.array(1234.5), precision=2)
    '1.23e+03'
    """
    return np.format_float_scientific(_scalar(x), *args, **kwargs)


def _scalar(x: Any) -> Any:
    """NumPy's scalar of a number or of an array of rank 0: the digits depend on its dtype."""
    return np.asarray(x)[()]
