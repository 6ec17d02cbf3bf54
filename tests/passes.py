"""Programs of the compiler as text: what passes make of one."""

from textwrap import dedent
from typing import Any

from pullback.backends.cpu import check, parse, show
from pullback.backends.cpu.loops import Program


def read(text: str) -> Program:
    """A program, well formed."""
    p = parse.program(dedent(text).strip("\n"))
    check.check(p)
    return p


def becomes(passes: list[Any], before: str, after: str) -> None:
    """Assert what passes make of a program."""
    p = read(before)
    for run in passes:
        run(p)
        check.check(p)
    assert show.program(p) == dedent(after).lstrip("\n")
