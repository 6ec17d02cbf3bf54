"""All cases, in the order in which they run: a file each subject."""

from benchmarks.case import Case
from benchmarks.cases import (
    compile,
    contractions,
    data,
    flat,
    learning,
    linear_algebra,
    loops,
    loops_backward,
    overhead,
    random,
    reductions,
    sequences,
    sharding,
)

GROUPS = (
    overhead, compile, flat, reductions, contractions, loops, loops_backward, sequences,
    data, linear_algebra, random, learning, sharding,
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(case for group in GROUPS for case in group.CASES)
BY_NAME: dict[str, Case] = {case.name: case for case in CASES}

assert len(BY_NAME) == len(CASES), "two cases have one name"
