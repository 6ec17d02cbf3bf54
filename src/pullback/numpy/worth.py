"""Functions of many operations, compiled where that is worth it though nobody asked for it: NumPy
takes a pass over its operands for each operation, compiled code takes one."""

from collections.abc import Callable, Hashable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from .._native import ArrayImpl, is_eager, is_traced
from ..core.memo import Memory
from ..core.trace import current_trace
from ..jit import jit
from ..primitives import nary

CONCRETE = (ArrayImpl, np.ndarray)
NUMBERS = (int, float, bool)
# From this size on, a few passes take about as long as a tenth of compiling them.
MANY = 1 << 12
# From this size on, they take about as long as to compile them.
PLENTY = 1 << 20
# Calls with operands of the same types, after which there will be more.
FEW = 8


def compiled_where_worth(
    *static: str, exact: bool = False, least: int = MANY
) -> Callable[[Any], Any]:
    """A decorator for functions of arrays and of what these names stand for, which is hashable.

    They are compiled where an operand has `least` elements. One that is exact, so that nobody can
    tell who computed it, is compiled too when it has been called a few times with operands of the
    same types, however small they are.
    """

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        compiled = jit(function, static_argnames=static)
        places = [i for i, name in enumerate(signature(function).parameters) if name in static]
        calls: Memory[Any, int] = Memory()

        def is_worth(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
            fixed = [args[i] for i in places if i < len(args)]
            fixed += [kwargs[name] for name in static if name in kwargs]
            types, most = [], 0
            for x in (*args, *kwargs.values()):
                if isinstance(x, CONCRETE):
                    types.append((x.shape, x.dtype))
                    most = max(most, x.size)
                elif type(x) not in NUMBERS and not isinstance(x, Hashable):
                    return False
            if any(isinstance(x, CONCRETE) for x in fixed):
                return False
            if most >= least or not exact:
                return most >= least
            key = (*types, *fixed)
            count = calls.get(key) or 0
            if count < FEW:
                calls[key] = count + 1
            return count >= FEW

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if is_traced() or not is_eager() or current_trace().watches:
                return function(*args, **kwargs)
            return (compiled if is_worth(args, kwargs) else function)(*args, **kwargs)

        return run

    return decorated


def compiled_at_once(*static: str) -> Callable[[Any], Any]:
    """As `compiled_where_worth`, however small the operands are: for functions of so many
    operations that a few calls take as long as to compile them, and of matrices, where LAPACK takes
    less time than what is around it and no other thread spins for work.
    """
    return compiled_where_worth(*static, least=0)


def compiled_when_repeated(*static: str) -> Callable[[Any], Any]:
    """As `compiled_where_worth`, for exact functions of a few operations: where they come again, or
    have very much to do.
    """
    return compiled_where_worth(*static, exact=True, least=PLENTY)


def compiled_where_many(*static: str) -> Callable[[Any], Any]:
    """As `compiled_where_worth`, for functions of operations that are fast alone: where operands
    have as many elements as those that elementary functions are compiled for.
    """
    return compiled_where_worth(*static, least=nary.MANY)
