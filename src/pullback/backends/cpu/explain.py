"""What a compiled program does, for people: counts, what could not be avoided, loops, times."""

from collections.abc import Mapping

from . import loops, show
from .buffers import item_bytes
from .coalesce import copied
from .loops import Call, Callback, Contraction, Gemm, Nest, Program


def explain(program: Program, scratch: int, timings: Mapping[str, float]) -> str:
    """Counts first, then call-backs and copies, the loop program, and the time of each pass."""
    lines = [_counts(program, scratch), *_notes(program), "", show.program(program)]
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
