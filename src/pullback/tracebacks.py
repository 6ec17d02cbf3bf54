"""What users see of the traceback of an error: the frames of their own code."""

import contextlib
import os
from itertools import pairwise
from types import TracebackType

from . import config

_OURS = (os.path.dirname(__file__) + os.sep, contextlib.__file__)
# What this package never raises on purpose: then its own frames tell what went wrong.
_UNMEANT = (AssertionError, KeyError, MemoryError, RecursionError)


def of_users(error: BaseException, trace: TracebackType) -> TracebackType | None:
    """The traceback without this package's frames, unless they are asked for or are at fault."""
    if config.current().debug or config.read("traceback_filtering") == "off":
        return trace
    frames = _frames(trace)
    if _is_ours(frames[-1]) and isinstance(error, _UNMEANT):
        return trace
    kept = [frame for frame in frames if not _is_ours(frame)]
    for frame, inner in pairwise(kept):
        frame.tb_next = inner
    if not kept:
        return None
    kept[-1].tb_next = None
    return kept[0]


def _frames(trace: TracebackType | None) -> list[TracebackType]:
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    return frames


def _is_ours(frame: TracebackType) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith(_OURS)
