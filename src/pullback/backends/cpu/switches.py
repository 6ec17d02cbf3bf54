"""LLVM's own switches, which hold for the whole process."""

from functools import cache

import llvmlite.binding as llvm

SWITCHES: tuple[tuple[str, str], ...] = (
    ("--enable-phi-of-ops=false", "in nested loops of scalars new_gvn may go round in it for ever"),
)


@cache
def set_switches() -> None:
    """Set them; each may be set once."""
    for switch, _ in SWITCHES:
        llvm.set_option("pullback", switch)
