"""What PULLBACK_DEBUG prints of a program on its way to code, whoever compiles it."""

import sys
from collections.abc import Callable

from .. import config


def dump(level: int, title: str, text: Callable[[], str]) -> None:
    """Print a stage where PULLBACK_DEBUG asks for it.

    1 times; 2 the program; 3 loops by pass; 4 LLVM, or StableHLO; 5 assembly, or HLO.
    """
    if config.current().debug >= level:
        print(f"-- {title}\n{text()}", file=sys.stderr)
