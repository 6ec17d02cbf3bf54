"""Where buffers live: small ones on the stack, the others in one arena."""

from .loops import Program

STACK_BYTES = 2048
STACK_TOTAL = 64 * 1024
ALIGN = 64
WIDTH = {"bool": 1, "bfloat16": 2}


def place(program: Program) -> int:
    """Decide on a place for every temporary; the size of the arena."""
    total = stacked = 0
    for buffer in program.buffers.values():
        if buffer.kind != "temp":
            continue
        size = buffer.size * item_bytes(buffer.dtype)
        if size <= STACK_BYTES and stacked + size <= STACK_TOTAL:
            buffer.kind = "stack"
            stacked += size
            continue
        buffer.place = total
        total += -(-size // ALIGN) * ALIGN
    return total


def item_bytes(dtype: str) -> int:
    """The bytes of one element in memory."""
    if dtype == "bool":
        return 1
    return int("".join([c for c in dtype if c.isdigit()])) // 8
