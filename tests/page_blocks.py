"""Runs the Python of a page: `python page_blocks.py PAGE`; programs, sessions and cells in turn."""

import doctest
import re
import sys
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(python|pycon|\{code-cell\}[^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OPTIONS = doctest.ELLIPSIS
# What a cell says to Sphinx, not to Python.
CELL_HEAD = re.compile(r"\A(:.*\n)+")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The kinds and texts of a page's blocks of Python."""
    return BLOCK.findall(page.read_text())


def run_session(text: str, place: str, names: dict[str, Any]) -> None:
    """What is shown is what comes out."""
    test = doctest.DocTestParser().get_doctest(text, {}, place, None, 0)
    test.globs = names
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test, clear_globs=False)
    if runner.failures:
        sys.exit(f"{place}: not what the page shows")


def run(page: Path) -> None:
    """All blocks of a page, which share their names."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, (kind, text) in enumerate(blocks(page), 1):
        place = f"{page.name}, block {number}"
        if kind == "pycon":
            run_session(text, place, names)
        else:
            exec(compile(CELL_HEAD.sub("", text), place, "exec"), names)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
