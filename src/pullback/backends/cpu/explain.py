"""What a compiled program does, for people: counts, what could not be avoided, loops, times."""

from collections import Counter
from collections.abc import Mapping
from math import prod

from . import loops, show
from .buffers import item_bytes
from .coalesce import copied
from .loops import Block, Branch, Call, Callback, Contraction, For, Gemm, Nest, Program, Stmt
from .parallel import shared
from .steps import apart

# What is no operation of the program's.
SILENT = frozenset({"load", "const", "iota"})


def explain(program: Program, scratch: int, timings: Mapping[str, float], vector_bytes: int) -> str:
    """Counts, call-backs and copies, a line a statement, the loop program, times of passes."""
    lines = [_counts(program, scratch), *_notes(program), ""]
    outermost = [s for s in program.body if isinstance(s, For)]
    shared_loops = {id(s) for s in outermost if apart(program, s, vector_bytes) is not None}
    lines += [*_statements(program.body, vector_bytes, shared_loops, ""), "", show.program(program)]
    return "\n".join([*lines, times(timings)]) + "\n"


def times(timings: Mapping[str, float]) -> str:
    """The milliseconds of each pass."""
    total = sum(timings.values()) * 1e3
    parts = [f"{k} {v * 1e3:.2f}" for k, v in timings.items() if v > 5e-6]
    return f"compiled in {total:.1f} ms: {', '.join(parts)}"


def _counts(program: Program, scratch: int) -> str:
    found = {"nest": 0, "kernel": 0, "product": 0, "call": 0, "call-back": 0, "region": 0}
    for s in loops.statements(program.body):
        if isinstance(s, Nest):
            found["nest"] += 1
            found["kernel"] += len(s.kernels)
        elif isinstance(s, (Gemm, Contraction)):
            found["product"] += 1
        elif isinstance(s, Call):
            found["call"] += 1
        elif isinstance(s, Callback):
            found["call-back"] += 1
        else:
            found["region"] += 1
    parts = [f"{n} {k}{'s' if n != 1 else ''}" for k, n in found.items() if n]
    return f"{', '.join(parts) or 'nothing to do'}; {scratch} bytes of temporary memory"


def _statements(block: Block, vector_bytes: int, shared_loops: set[int], indent: str) -> list[str]:
    """A line for each statement, those of regions indented."""
    lines = []
    for s in block:
        threads = "; by threads" if id(s) in shared_loops else ""
        lines.append(f"{indent}{_statement(s, vector_bytes)}{threads}")
        for inner in loops.blocks(s):
            lines += _statements(inner, vector_bytes, shared_loops, indent + "  ")
    return lines


def _statement(s: Stmt, vector_bytes: int) -> str:
    if isinstance(s, Nest):
        return _nest(s, vector_bytes)
    if isinstance(s, Gemm):
        (batch, m, k), n = s.a.shape, s.b.shape[2]
        return f"product: {s.dtype}, {batch} of {m} x {k} by {k} x {n}"
    if isinstance(s, Contraction):
        m, n, _ = s.counts
        rows, columns = prod(s.out.shape[1 : 1 + m]), prod(s.out.shape[1 + m :])
        terms = prod(s.a.shape[1 + m :])
        return f"product: {s.dtype}, {s.out.shape[0]} of {rows} x {terms} by {terms} x {columns}"
    if isinstance(s, (Call, Callback)):
        shapes = ", ".join([str(list(o.shape)) for o in s.args])
        return (
            f"{'call' if isinstance(s, Call) else 'call-back'}: {s.name} of {shapes or 'nothing'}"
        )
    if isinstance(s, For):
        return f"loop: {s.axis.extent} steps"
    return f"branch: one of {len(s.branches)}" if isinstance(s, Branch) else "loop: while it holds"


def _nest(nest: Nest, vector_bytes: int) -> str:
    """What was fused into a nest: how many kernels, over which axes, which operations."""
    kernels = nest.kernels
    axes = [a for k in kernels for a in (*nest.axes, *k.axes, *k.reduce)]
    sizes = " x ".join([str(a.extent) for a in dict.fromkeys(axes)]) or "one element"
    ops = Counter([n.op for k in kernels for n in loops.kernel_nodes(k) if n.op not in SILENT])
    ops.update([r.op for k in kernels for r in k.reductions])
    names = [name if n == 1 else f"{n} {name}" for name, n in ops.items()]
    fused = f"{len(kernels)} kernels" if len(kernels) > 1 else "1 kernel"
    threads = "; by threads" if shared(nest, vector_bytes) is not None else ""
    return f"nest: {fused} over {sizes}: {', '.join(names) or 'moves elements'}{threads}"


def _notes(program: Program) -> list[str]:
    notes = []
    for s in loops.statements(program.body):
        if isinstance(s, Callback):
            notes.append(f"call-back: {s.name} runs in Python")
        pair = copied(program, s)
        if pair is not None:
            source, target = (program.buffers[b] for b in pair)
            size = target.size * item_bytes(target.dtype)
            notes.append(f"copy: {source.name} to {target.name}, {size} bytes")
    return notes
