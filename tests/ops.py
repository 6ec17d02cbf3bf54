"""The table of operations: every row buys the checks of test_ops.py."""

from collections import Counter

from ops_elementwise import ELEMENTWISE
from ops_reduce import REDUCE
from ops_shape import SHAPE

OPS = [*ELEMENTWISE, *SHAPE, *REDUCE]

REPEATED = {name for name, times in Counter(op.name for op in OPS).items() if times > 1}
assert not REPEATED, f"rows of one name: {REPEATED}"
