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
    """Raise if one of the programs acts on the world outside, or checks its values.

    That must not be done for elements that are not meant.
    """
    found = [effects(p) for p in programs]
    if any(Effect.IO in f for f in found):
        raise NotImplementedError(f"{why}, which must not be done to io_callback: {instead}")
    if any(Effect.CHECK in f for f in found):
        raise NotImplementedError(
            f"{why}, whose checks would fail where they do not count: write"
            " vmap(checkify(f)) in place of checkify(vmap(f))"
        )
