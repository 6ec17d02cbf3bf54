"""A long program as several functions: LLVM takes more than linear time for one of them all."""

from . import loops
from .loops import Block

STATEMENTS = 200


def cut(body: Block) -> list[Block]:
    """The statements of each function, in order."""
    count = max(1, round(len(body) / STATEMENTS))
    size = -(-len(body) // count)
    return [body[k * size : (k + 1) * size] for k in range(count)]


def crossing(body: Block) -> set[str]:
    """The buffers that several functions touch: not to be on the stack of one."""
    seen: dict[str, int] = {}
    found: set[str] = set()
    blocks = cut(body)
    for k, block in enumerate(blocks if len(blocks) > 1 else []):
        for stmt in block:
            for name in loops.reads(stmt) | loops.writes(stmt):
                if seen.setdefault(name, k) != k:
                    found.add(name)
    return found
