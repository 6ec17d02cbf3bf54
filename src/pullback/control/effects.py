"""Effects: when they have happened, and where they must not be repeated."""

from collections.abc import Iterable

from ..core.ir import Jaxpr
from ..core.primitive import Effect
from ..core.rewrite import effects


def effects_barrier() -> None:
    """Return when what the calls so far do besides computing results has been done.

    A call returns when that is so: there is nothing to wait for.

    >>> import pullback as pb
    >>> pb.effects_barrier()
    """


def refuse_io(why: str, programs: Iterable[Jaxpr], instead: str) -> None:
    """Raise if one of the programs acts on the world outside: that must not be repeated."""
    if any(Effect.IO in effects(p) for p in programs):
        raise NotImplementedError(f"{why}, which must not be done to io_callback: {instead}")
