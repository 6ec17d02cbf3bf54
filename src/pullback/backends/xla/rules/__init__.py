"""How each operation is written in StableHLO: a file a family of primitives."""

from ..builder import Rules
from . import (
    callback,
    contract,
    control,
    elementwise,
    fft,
    indexing,
    opaque,
    random,
    reduce,
    shape,
    sort,
    window,
)

FAMILIES = (elementwise, shape, reduce, contract, window, indexing, sort, random, fft, control)
OPERATIONS = {name: rule for family in FAMILIES for name, rule in family.RULES.items()}
RULES = Rules(OPERATIONS, opaque.RULES, callback.on_the_host)
