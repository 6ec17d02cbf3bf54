"""LLVM's passes over a module, in order."""

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


def optimise(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """Run the pipeline."""
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    for name, _ in PIPELINE:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, builder)
