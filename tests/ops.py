"""The table of operations: every row buys the checks of test_ops.py."""

from collections import Counter

from ops_contract import CONTRACT
from ops_conv import CONV
from ops_elementwise import ELEMENTWISE
from ops_index import INDEX
from ops_linalg import LINALG
from ops_random import RANDOM
from ops_reduce import REDUCE
from ops_shape import SHAPE
from ops_sort import SORT
from ops_special import SPECIAL
from ops_window import WINDOW

OPS = [
    *ELEMENTWISE, *SHAPE, *REDUCE, *CONTRACT, *INDEX, *SORT, *RANDOM, *LINALG, *CONV, *SPECIAL,
    *WINDOW,
]  # fmt: skip

REPEATED = {name for name, times in Counter(op.name for op in OPS).items() if times > 1}
assert not REPEATED, f"rows of one name: {REPEATED}"
