"""LLVM's passes over a module, in order."""

from typing import NamedTuple

import llvmlite.binding as llvm

# The text has explicit vectors and rotated loops already, so only what it cannot say itself is left
# to do; the default pipelines of LLVM cost four times as much.
PIPELINE: tuple[tuple[str, str], ...] = (
    ("always_inliner", "elementary functions become part of the loops that call them"),
    ("global_dead_code_eliminate", "their definitions are no longer needed"),
    ("sroa", "memory of constant indices becomes registers, loop-carried memory becomes phis"),
    ("new_gvn", "equal values and constants are computed once, dead stores' loads vanish"),
    ("simplify_cfg", "blocks that follow one another become one"),
)


class Care(NamedTuple):
    """How code is made.

    narrow: vectors of one register only. calls: elementary functions of the library are called,
    not inlined. level: of the code generator. part: of how many lines a part of a module must be to
    pay for a thread and the fixed cost of a module.
    """

    narrow: bool
    calls: bool
    level: int
    passes: tuple[tuple[str, str], ...]
    part: int


# Level 2 costs as much as 1 and runs no faster. Level 0 costs a fifth; what it makes takes 1.4
# times as long on average, sums and scans up to four times.
GOOD = Care(False, False, 1, PIPELINE, 60)
CALLING = GOOD._replace(calls=True)
QUICK = Care(True, True, 0, tuple([p for p in PIPELINE if p[0] != "new_gvn"]), 400)


def has_work(text: str, care: Care) -> bool:
    """Whether the passes pay: making them costs as much as the rest of a small module."""
    return care is not QUICK or "alwaysinline" in text or " = alloca " in text


def optimise(module: llvm.ModuleRef, machine: llvm.TargetMachine, care: Care = GOOD) -> None:
    """Run the passes."""
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    for name, _ in care.passes:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, builder)
