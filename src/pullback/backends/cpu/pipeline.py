"""Jaxpr to a native function: the passes in order, each timed."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ... import _native
from ...control import unused
from ...core.ir import Jaxpr, Var
from ...core.rewrite import simplify
from ...core.show import show as show_jaxpr
from ...primitives import algebra
from ...settle import rarely_collected
from ..dump import dump
from . import (
    across,
    buffers,
    chosen,
    coalesce,
    complex_folds,
    components,
    dead,
    digits,
    donate,
    emit,
    explain,
    flat,
    fuse,
    layout,
    peel,
    roll,
    show,
    split,
    target,
    turns,
)
from .accumulate import accumulated
from .build import Builder
from .compiled import ENTRY, Compiled
from .complexes import in_parts
from .expand import expanded
from .fission import fission
from .hoisted import hoisted
from .loader import Code
from .loops import Callback, Program
from .masked import masked
from .optimise import CALLING, GOOD, QUICK, Care
from .rules import RULES
from .schedule import block_time, block_work, code_lines, code_time
from .stacked import stacked
from .summed import summed
from .turned import turned
from .values import in_buffer, row_major, storage

# The rules that `simplify` finds on primitives: importing these modules sets them.
REWRITES = (algebra, unused)
# The rules that `in_parts` finds besides its own.
IN_PARTS = (complex_folds,)

# Code made quickly is there sooner and slower, and so is code that calls the library's elementary
# functions. When it has run for about as long as better code takes to compile, that is due: so many
# nanoseconds for a module and for each line of it, and where functions are to be inlined.
PATIENCE = 2e6
PATIENCE_A_LINE = 2e4
PATIENCE_FOR_FUNCTIONS = 75e6
# Estimates are this much too long on average, and quick code takes twice as long at worst.
DOUBT = 4.0


class Lowered(NamedTuple):
    """A program as loops; kept, outs, scratch_bytes and donated as `Compiled` has them."""

    kept: list[int]
    outs: list[tuple[Any, ...]]
    program: Program
    scratch_bytes: int
    donated: tuple[tuple[int, int], ...]


class _Clock:
    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self.last = time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        self.timings[step] = now - self.last
        self.last = now


@rarely_collected()
def compile(jaxpr: Jaxpr, name: str = "fun", donated: Sequence[int] = ()) -> Compiled:
    """Native code of a closed program."""
    clock = _Clock()
    lowered = _lowered(jaxpr, name, donated, clock)
    program = lowered.program
    care, patience = _care(program)
    writer = _writer(program, care)
    module = writer.run()
    clock("write")
    host = target.host()
    dump(4, f"{name} as LLVM", module.render)
    dump(5, f"{name} as assembly", lambda: host.assembly(module))
    code = host.compile(module, [ENTRY], care)
    clock.timings.update({STEPS.get(k, k): v for k, v in code.timings.items()})
    dump(1, name, lambda: explain.times(clock.timings))
    return Compiled(
        code,
        tuple(lowered.kept),
        tuple(lowered.outs),
        lowered.scratch_bytes,
        tuple([external(c) for c in writer.callbacks]),
        lowered.donated,
        block_work(program.body),
        block_time(program.body),
        0.0 if care is CALLING and not host.calls_functions(module) else patience,
        clock.timings,
        lambda: program,
    )


@rarely_collected()
def lowered(jaxpr: Jaxpr, donated: Sequence[int]) -> Program:
    """The loop program after all passes."""
    return _lowered(jaxpr, "", donated, _Clock()).program


def _lowered(jaxpr: Jaxpr, name: str, donated: Sequence[int], clock: "_Clock") -> Lowered:
    assert not jaxpr.constvars
    plain = simplify(jaxpr)
    jaxpr = hoisted(summed(turned(stacked(accumulated(masked(in_parts(expanded(plain))))))))
    jaxpr = turned(fission(jaxpr))
    jaxpr = jaxpr if jaxpr is plain else simplify(jaxpr)
    clock("simplify")
    dump(2, name, lambda: show_jaxpr(jaxpr))
    jaxpr = roll.rolled(jaxpr, RULES)
    clock("roll")
    kept, outs, program = build(jaxpr)
    clock("build")
    dump(3, f"{name} after build", lambda: show.program(program))
    for step, run in PASSES:
        run(program)
        clock(step)
        dump(3, f"{name} after {step}", lambda: show.program(program))
    given = donate.pairs(program, donated, kept, jaxpr.in_avals, outs)
    program.aliases = donate.aliases(program, kept, outs, given)
    scratch = buffers.place(program)
    clock("buffers")
    return Lowered(kept, outs, program, scratch, tuple(given))


def improved(program: Program) -> Code:
    """Code with elementary functions inside of the loops."""
    return target.host().compile(_writer(program, GOOD).run(), [ENTRY])


def llvm_text(program: Program) -> str:
    """LLVM text, after LLVM's passes."""
    return target.host().optimised_text(_writer(program, GOOD).run())


def explained(program: Program, scratch_bytes: int, timings: Mapping[str, float]) -> str:
    """What a program became, for people."""
    return explain.explain(program, scratch_bytes, timings, target.host().vector_bytes)


def _writer(program: Program, care: Care) -> emit.ProgramEmitter:
    """What writes a program."""
    host = target.host()
    library = host.library if care.calls else host.kernels
    return emit.ProgramEmitter(program, host.vector_bytes, library, care.narrow, host.halves)


def _care(program: Program) -> tuple[Care, float]:
    """How a program is compiled first, and after how many nanoseconds of calls better code is due;
    0 where none is."""
    loops = code_time(program.body)
    patience = PATIENCE + PATIENCE_A_LINE * code_lines(program.body)
    if target.host().kernels and loops < DOUBT * patience:
        return QUICK, patience * max(1.0, block_time(program.body) / loops) if loops else 0.0
    if loops < PATIENCE_FOR_FUNCTIONS:
        return CALLING, PATIENCE_FOR_FUNCTIONS
    return GOOD, 0.0


# What the steps of the target are called beside those here.
STEPS = {"emit": "generate"}


PASSES: tuple[tuple[str, Callable[[Program], None]], ...] = (
    # Before fusion, while each copy is a nest of its own.
    ("coalesce", coalesce.coalesce),
    # Before all that looks at the lengths of axes.
    ("flat", flat.flat),
    # Before fusion, which joins nests of the same axes.
    ("components", components.components),
    # Before fusion, which puts kernels under rows.
    ("across", across.across),
    ("fuse", fuse.fuse),
    # After fusion, which leaves stores whose values went on in registers.
    ("unread", dead.drop_unread),
    # After all that need not stay in memory is gone.
    ("layout", layout.layout),
    # After fusion, by which a copy may be gone, and before a nest is cut in pieces.
    ("turns", turns.turns),
    # After fusion, by which what is not selected may be in the kernel.
    ("chosen", chosen.chosen),
    # After fusion, which joins whole nests only.
    ("peel", peel.peel),
    # After fusion, which joins nests of the same axes.
    ("digits", digits.digits),
    # Before rows, whose memory belongs to one thread.
    ("split", split.split),
    # After all: what is left in memory and seen by one nest only.
    ("rows", dead.shrink_rows),
)


def build(jaxpr: Jaxpr) -> tuple[list[int], list[tuple[Any, ...]], Program]:
    """The loop program, the arguments it reads, and where each result comes from."""
    used = {v for eqn in jaxpr.eqns for v in eqn.invars if isinstance(v, Var)}
    position = {v: k for k, v in enumerate(jaxpr.invars)}
    kept = [k for k, v in enumerate(jaxpr.invars) if v in used]
    numbers = {k: number for number, k in enumerate(kept)}
    b = Builder(RULES)
    args = []
    for k, v in enumerate(jaxpr.invars):
        number = numbers.get(k, -1)
        buffer = b.buffer(storage(v.aval), v.aval.size, "arg", number) if v in used else ""
        args.append(
            in_buffer(b.graph, row_major(buffer, v.aval.shape), v.aval.shape, storage(v.aval))
        )
    outs: list[tuple[Any, ...]] = []
    places = []
    new = itertools.count()
    for v in jaxpr.outvars:
        if isinstance(v, Var) and v in position:
            outs.append(("arg", position[v], v.aval.weak_type))
            places.append(None)
            continue
        number = next(new)
        outs.append(("new", v.aval.dtype, v.aval.shape, v.aval.weak_type))
        buffer = b.buffer(storage(v.aval), v.aval.size, "out", number)
        places.append(row_major(buffer, v.aval.shape))
    b.run(jaxpr, args, places)
    return kept, outs, b.program


def external(stmt: Callback) -> Any:
    """The object by which the program calls Python."""
    return _native.Callback(stmt.function, stmt.specs[0], stmt.specs[1], False)
