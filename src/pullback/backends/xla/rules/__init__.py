"""How each operation is written in StableHLO: a file a family of primitives."""

from ..builder import Rules
from . import callback, contract, elementwise, reduce, shape

OPERATIONS = {
    **elementwise.RULES,
    **shape.RULES,
    **reduce.RULES,
    **contract.RULES,
}
RULES = Rules(OPERATIONS, {}, callback.on_the_host)
