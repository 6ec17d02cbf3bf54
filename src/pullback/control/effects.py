"""Effects under transformations that run a part of a program more often than it says."""

from collections.abc import Iterable

from ..core.ir import Jaxpr
from ..core.primitive import Effect
from ..core.rewrite import effects


def refuse_io(why: str, programs: Iterable[Jaxpr], instead: str) -> None:
    """Raise if one of the programs acts on the world outside: that must not be repeated."""
    if any(Effect.IO in effects(p) for p in programs):
        raise NotImplementedError(f"{why}, which must not be done to io_callback: {instead}")
