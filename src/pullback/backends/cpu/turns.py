"""Loops that make a large state anew and copy it to the old one take two turns a pass instead, the
second with both memories' roles exchanged, and copy nothing."""

from collections import Counter
from math import prod

from . import loops
from .buffers import item_bytes
from .coalesce import copied, renamed
from .fuse import row_strides
from .index import Index, constant, scale, shift
from .loops import Block, For, Nest, Program, Stmt
from .schedule import body_nodes

# A copy of fewer bytes is not worth code written twice, nor is any in a longer body.
LEAST = 16 << 10
MOST_STATEMENTS = 16
MOST_NODES = 500


def turns(program: Program) -> None:
    """Rewrite the loops of every block."""
    users = Counter(
        b
        for s in loops.statements(program.body)
        if not loops.blocks(s)
        for b in loops.reads(s) | loops.writes(s)
    )
    program.body = _block(program, program.body, users)


def _block(program: Program, block: Block, users: Counter[str]) -> Block:
    out: Block = []
    for stmt in block:
        stmt = loops.inside(stmt, lambda b: _block(program, b, users))
        if isinstance(stmt, For) and (states := _states(program, stmt, users)):
            out.extend(_in_turns(program, stmt, states))
        else:
            out.append(stmt)
    return out


def _states(program: Program, loop: For, users: Counter[str]) -> dict[str, str]:
    """The new memory of each state that may take turns, and the old one."""
    if len(loop.body) > MOST_STATEMENTS or any(map(loops.blocks, loop.body)) or not loop.axis.hi:
        return {}
    if any(program.buffers[b].step for b in loops.reads(loop) | loops.writes(loop)):
        return {}
    kernels = [k for s in loop.body if isinstance(s, Nest) for k in s.kernels]
    if sum([len(body_nodes(k)) for k in kernels]) > MOST_NODES:
        return {}
    found = {}
    for k, stmt in enumerate(loop.body):
        pair = copied(program, stmt)
        if pair is not None and _takes_turns(program, loop.body, k, *pair, users):
            found[pair[0]] = pair[1]
    return found if len({*found.values()}) == len(found) else {}


def _takes_turns(
    program: Program, body: Block, at: int, new: str, old: str, users: Counter[str]
) -> bool:
    """Whether the body makes the new state whole, and only reads the old one until it copies."""
    buffer = program.buffers[new]
    if buffer.kind != "temp" or buffer.size * item_bytes(buffer.dtype) < LEAST:
        return False
    touching = [s for s in body if new in loops.reads(s) | loops.writes(s)]
    if len(touching) != users[new] or not _fills(program, touching[0], new):
        return False
    if any(new in loops.writes(s) for s in touching[1:]):
        return False
    written = [k for k, s in enumerate(body) if old in loops.writes(s)]
    return written == [at] and not any({new, old} & loops.reads(s) for s in body[at + 1 :])


def _fills(program: Program, stmt: Stmt, buffer: str) -> bool:
    """Whether a statement writes each element of a buffer and reads none."""
    if not isinstance(stmt, Nest) or stmt.axes or len(stmt.kernels) != 1:
        return False
    (kernel,) = stmt.kernels
    stores = [s for s in kernel.stores if s.buffer == buffer]
    if len(stores) != 1 or buffer in loops.reads(stmt) or kernel.reduce or kernel.ordered:
        return False
    (store,) = stores
    whole = prod([a.extent for a in kernel.axes]) == program.buffers[buffer].size
    plain = store.mask is None and store.combine is None and not store.offset[0]
    return whole and plain and row_strides(kernel.axes, store.offset) is not None


def _in_turns(program: Program, loop: For, states: dict[str, str]) -> Block:
    """The loop with two turns a pass, and the last turn where their number is odd."""
    copies = [s for s in loop.body if copied(program, s) in {*states.items()}]
    body = [s for s in loop.body if s not in copies]
    exchanged = states | {old: new for new, old in states.items()}

    def turn(at: Index, to: dict[str, str]) -> Block:
        return [renamed(program, s, to, {loop.axis: at}) for s in body]

    pairs, odd = divmod(loop.axis.extent, 2)
    twice = program.graph.atoms.axis(pairs)
    first = scale(twice.index, 2) if pairs > 1 else constant(0)
    both = [*turn(first, {}), *turn(shift(first, 1), exchanged)]
    out: Block = [For(twice, both)] if pairs > 1 else both
    return [*out, *turn(constant(loop.axis.hi), {}), *copies] if odd else out
