"""Traced values that outlive their trace: what `check_tracer_leaks` looks for."""

import gc
import sys

from .. import config, errors
from .trace import Trace, Tracer

# The references to a trace that its transformation and the question itself hold.
OWN = 3


def check_leaks(trace: Trace) -> None:
    """Raise, where that is asked for, if a value of a trace that has ended is still held."""
    if not config.current().guards.check_tracer_leaks:
        return
    if sys.getrefcount(trace) <= OWN:
        return
    gc.collect()
    leaked = [x for x in gc.get_referrers(trace) if isinstance(x, Tracer)]
    if leaked:
        values = "\n".join(x.describe() for x in leaked)
        raise errors.UnexpectedTracerError(
            f"Leaked {type(trace).__name__}: {trace.what} has ended, but these are held still:\n"
            f"{values}\nReturn values from the function instead of storing them elsewhere."
        )
