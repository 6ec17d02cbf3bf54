"""How many bytes of memory a loop program reads and writes, by what each statement touches."""

from math import prod

from .buffers import item_bytes
from .loops import (
    Block,
    Branch,
    Call,
    Callback,
    Contraction,
    For,
    Gemm,
    Nest,
    Operand,
    Program,
    Stmt,
    While,
    kernel_reads,
    kernel_writes,
)
from .schedule import points


def bytes_accessed(program: Program) -> int:
    """The traffic of a run. What lies on the stack is free; a loop of unknown length runs once."""
    return _block(program, program.body)


def _block(program: Program, block: Block) -> int:
    return sum([_statement(program, stmt) for stmt in block])


def _statement(program: Program, stmt: Stmt) -> int:
    if isinstance(stmt, Nest):
        return _nest(program, stmt)
    if isinstance(stmt, For):
        return stmt.axis.extent * _block(program, stmt.body)
    if isinstance(stmt, While):
        return _block(program, stmt.cond) + _block(program, stmt.body)
    if isinstance(stmt, Branch):
        return max([_block(program, b) for b in stmt.branches])
    return sum([_touched(program, o.buffer, prod(o.shape)) for o in _operands(stmt)])


def _operands(stmt: Gemm | Contraction | Callback | Call) -> tuple[Operand, ...]:
    if isinstance(stmt, Callback | Call):
        return (*stmt.args, *stmt.outs)
    return (stmt.a, stmt.b, stmt.out)


def _nest(program: Program, nest: Nest) -> int:
    """Each buffer once: as often as the kernel that touches it most runs, or all of it."""
    times = prod([a.extent for a in nest.axes])
    touched: dict[str, int] = {}
    for kernel in nest.kernels:
        for buffer, _ in (*kernel_reads(kernel), *kernel_writes(kernel)):
            touched[buffer] = max(touched.get(buffer, 0), times * points(kernel))
    return sum([_touched(program, b, n) for b, n in touched.items()])


def _touched(program: Program, name: str, elements: int) -> int:
    buffer = program.buffers[name]
    if buffer.kind == "stack":
        return 0
    return min(buffer.size, elements) * item_bytes(buffer.dtype)
