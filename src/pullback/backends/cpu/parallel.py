"""Which nests threads share, and in which blocks of their outermost loop."""

from dataclasses import dataclass
from math import prod

from .index import Atom
from .loops import Nest
from .schedule import MEMORY_RATE, choose, nest_time, traffic
from .text import Function

# Below this, in nanoseconds, waking a thread costs more than it saves.
WORTH_SHARING = 40_000.0
# So many bytes stay in one processor's cache, which gives so many a nanosecond: it is as quick as
# two that take the data from each other.
NEAR, NEAR_RATE = 1 << 20, 48.0
# A block that another thread takes over moves between caches, now and when it is next needed.
BLOCK_TIME = 4_000.0
MOST_BLOCKS = 64
# Between blocks the user may stop the program.
LONGEST_BLOCK = 5e7


@dataclass(frozen=True, slots=True)
class Sharing:
    """The loop that is cut, and the length of a block."""

    axis: Atom
    block: int


def share(
    f: Function, block: str, table: str, count: int, step: int, runtime: str = "pb_parallel_for"
) -> None:
    """Call `block` on a table and on the parts of range(count) that are `step` long."""
    f.module.declare(runtime, "i32", "ptr", "ptr", "i64", "i64")
    args = [("ptr", f"@{block}"), ("ptr", table), ("i64", str(count)), ("i64", str(step))]
    f.check(f.call("i32", runtime, *args))


def share_steps(f: Function, block: str, table: str, count: int, step: int) -> None:
    """The same of a block that gives a status."""
    share(f, block, table, count, step, "pb_share_steps")


def shared(nest: Nest, vector_bytes: int) -> Sharing | None:
    """How threads share a nest, or None where one thread is enough."""
    time = nest_time(nest) - _saved_by_cache(nest)
    if time < WORTH_SHARING or any(k.ordered for k in nest.kernels):
        return None
    step = 1
    if nest.axes:
        axis = nest.axes[0]
    else:
        (kernel,) = nest.kernels
        plan = choose(kernel, vector_bytes)
        free = [a for a in kernel.axes if a is not plan.axis]
        if free:
            axis = free[0]
        elif plan.axis in kernel.axes and plan.axis is not None:
            axis, step = plan.axis, plan.lanes
        else:
            return None
    count = max(1, min(MOST_BLOCKS, int(time / BLOCK_TIME)), int(time / LONGEST_BLOCK))
    block = -(-axis.extent // (count * step)) * step
    return Sharing(axis, block) if block < axis.extent else None


def _saved_by_cache(nest: Nest) -> float:
    """By how many nanoseconds a nest is quicker than estimated since its data stays in a cache."""
    moved = prod([a.extent for a in nest.axes]) * sum([traffic(k) for k in nest.kernels])
    return moved * (1 / MEMORY_RATE - 1 / NEAR_RATE) if moved <= NEAR else 0.0
