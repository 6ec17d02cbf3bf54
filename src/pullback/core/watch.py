"""Eager evaluation that looks at each result, or gives none: what debug_nans and others put in
force."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from .. import config, dtypes
from .primitive import Primitive
from .trace import EvalTrace, as_array, eager, get_aval, show_line, user_line

# Operations by which constants take their form: what is in their operands they do not make.
FORMS = frozenset("broadcast_in_dim concatenate convert_element_type copy pad reshape".split())
# What is looked for: its name, and the function that finds it.
CHECKS: dict[str, Callable[[Any], Any]] = {"nan": np.isnan, "inf": np.isinf}


class WatchTrace(EvalTrace):
    """Another eager trace, and an error for each result that holds what it looks for.

    Where the result of a compiled program does, the program is run again operation by operation.
    """

    __slots__ = ("device", "inner", "kinds")
    watches = True

    def __init__(self, inner: EvalTrace, kinds: tuple[str, ...]) -> None:
        super().__init__(None)
        self.inner, self.kinds, self.device = inner, kinds, inner.device

    def compute(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The value of one operation."""
        return self.inner.compute(primitive, args, params)

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute and look."""
        out = super().process(primitive, args, params)
        kind = self.found(out if primitive.multiple_results else [out])
        if kind is None or (primitive.name in FORMS and self.found(args) is not None):
            return out
        if primitive.higher and not config.current().disable_jit:
            with config.override(disable_jit=True):
                super().process(primitive, args, params)
        raise FloatingPointError(
            f"invalid value ({kind}) encountered in {primitive.name}, at {show_line(user_line())}"
        )

    def found(self, values: Iterable[Any]) -> str | None:
        """What one of the values holds that is looked for."""
        floats = [as_array(x)._npy for x in values if dtypes.is_float(get_aval(x).dtype)]
        return next((k for k in self.kinds for x in floats if CHECKS[k](x).any()), None)


class RefuseTrace(EvalTrace):
    """Computes nothing: what no_execution puts in force."""

    __slots__ = ()
    watches = True

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Raise."""
        raise RuntimeError(
            f"no_execution is set: {params.get('name', primitive.name)} would be computed, at"
            f" {show_line(user_line())}"
        )


@cache
def refusing() -> RefuseTrace:
    """The trace that computes nothing."""
    return RefuseTrace(None)


@cache
def watching(inner: EvalTrace | None, kinds: tuple[str, ...]) -> WatchTrace:
    """The trace that looks for these in what an eager trace, by default the host's, computes."""
    return WatchTrace(inner or eager, kinds)
