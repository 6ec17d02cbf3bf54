"""Which rule builds each operation."""

from ...core.ir import JaxprEqn
from . import (
    contract,
    convolution,
    fallback,
    fourier,
    indexing,
    linalg,
    random,
    reduction,
    regions,
    scalar,
    sorting,
    structure,
    window,
)
from .build import Rules
from .values import is_movable, is_native

LAZY = {
    **dict.fromkeys(scalar.RULES, structure.elementwise),
    **structure.LAZY,
    **indexing.LAZY,
    **random.LAZY,
}
EAGER = {
    **contract.EAGER,
    **convolution.EAGER,
    **fourier.EAGER,
    **reduction.EAGER,
    **regions.EAGER,
    **indexing.EAGER,
    **linalg.EAGER,
    **random.EAGER,
    **sorting.EAGER,
    **structure.EAGER,
    **window.EAGER,
}
# Operations that only move elements: any dtype of a simple size will do.
MOVES = (
    frozenset(structure.LAZY)
    | frozenset((*indexing.MOVES, *random.MOVES, *sorting.EAGER, *structure.EAGER, "select_n"))
    # Calls of the runtime read complex numbers as they are.
    | frozenset((*fourier.EAGER, *linalg.EAGER))
    # The parts of a complex number are bits of an integer.
    | {"real", "imag", "complex"}
) - {"convert_element_type", "iota"}


def native(eqn: JaxprEqn) -> bool:
    """Whether there is native code for the operation at these dtypes."""
    name = eqn.primitive.name
    if name in regions.EAGER:
        return True
    if name == "bitcast_convert_type" and eqn.invars[0].aval.shape != eqn.outvars[0].aval.shape:
        return False
    known = is_movable if name in MOVES else is_native
    return all(known(v.aval) for v in (*eqn.invars, *eqn.outvars))


RULES = Rules(LAZY, EAGER, native, fallback.callback)
