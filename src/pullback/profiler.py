"""Profiles: what was computed, traced and compiled when, and what lies in the devices' memory."""

import gzip
import json
import os
import socket
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import ContextDecorator, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Self

from . import config
from .backends.devices import live_arrays
from .core import spans
from .core.aval import type_name
from .transforms.named import wraps

__all__ = [
    "ProfileOptions",
    "StepTraceAnnotation",
    "TraceAnnotation",
    "annotate_function",
    "device_memory_profile",
    "save_device_memory_profile",
    "start_trace",
    "stop_trace",
    "trace",
]


@dataclass
class ProfileOptions:
    """What JAX's profilers write down, and how much of it; profiles here hold the same always.

    >>> pb.profiler.ProfileOptions().host_tracer_level
    2
    """

    advanced_configuration: dict[str, Any] = field(default_factory=dict)
    duration_ms: int = 0
    enable_hlo_proto: bool = True
    host_tracer_level: int = 2
    include_dataset_ops: bool = True
    python_tracer_level: int = 1
    raise_error_on_start_failure: bool = False
    repository_path: str = ""
    session_id: str = ""
    start_timestamp_ns: int = 0


_folder: list[tuple[Path, bool]] = []


def start_trace(
    log_dir: os.PathLike[str] | str,
    create_perfetto_link: bool = False,
    create_perfetto_trace: bool = False,
    profiler_options: ProfileOptions | None = None,
) -> None:
    """Begin a profile: every operation and every call of a compiled function is written down.

    Results are waited for, so that time counts where it is spent; a call costs some 50 us more.

    Args:
      log_dir: the folder for the file that `stop_trace` writes.
      create_perfetto_trace: whether to write `perfetto_trace.json.gz` too.
      create_perfetto_link: not supported.
      profiler_options: accepted.

    Raises:
      RuntimeError: a profile has been begun and not ended.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> pb.profiler.start_trace(folder)
    >>> x = pb.jit(lambda x: x + 1)(1.0)
    >>> pb.profiler.stop_trace()
    """
    if create_perfetto_link:
        raise NotImplementedError(
            "profiler: create_perfetto_link is not supported: open the file that is written in"
            " ui.perfetto.dev"
        )
    if spans.is_recording():
        raise RuntimeError("profiler: a profile is being taken; only one can be at a time")
    _folder.append((Path(log_dir), create_perfetto_trace))
    spans.record()
    config.update("profiling", True)


def stop_trace() -> None:
    """End the profile and write it, in the form of Chrome's traces.

    The file is `plugins/profile/<time>/<host>.trace.json.gz` in the folder; TensorBoard,
    ui.perfetto.dev and chrome://tracing show it.

    Raises:
      RuntimeError: no profile has been begun.

    >>> pb.profiler.stop_trace()
    Traceback (most recent call last):
        ...
    RuntimeError: profiler: no profile has been started
    """
    found = spans.recorded()
    if found is None:
        raise RuntimeError("profiler: no profile has been started")
    config.update("profiling", False)
    folder, perfetto = _folder.pop()
    place = folder / "plugins" / "profile" / f"{datetime.now():%Y_%m_%d_%H_%M_%S}"
    place.mkdir(parents=True, exist_ok=True)
    data = gzip.compress(json.dumps(_chrome(found)).encode())
    (place / f"{socket.gethostname()}.trace.json.gz").write_bytes(data)
    if perfetto:
        (place / "perfetto_trace.json.gz").write_bytes(data)


def _chrome(found: Sequence[spans.Span]) -> dict[str, Any]:
    """Spans as Chrome's trace event format has them: microseconds, by process and thread."""
    process = os.getpid()
    named = {"ph": "M", "pid": process, "name": "process_name", "args": {"name": "pullback"}}
    events = [
        {
            "ph": "X", "pid": process, "tid": s.thread, "name": s.name, "cat": s.kind,
            "ts": s.start / 1e3, "dur": (s.end - s.start) / 1e3,
            "args": {k: str(v) for k, v in s.details.items()},
        }
        for s in found
    ]  # fmt: skip
    return {"displayTimeUnit": "ns", "traceEvents": [named, *events]}


@contextmanager
def trace(
    log_dir: os.PathLike[str] | str,
    create_perfetto_link: bool = False,
    create_perfetto_trace: bool = False,
    profiler_options: ProfileOptions | None = None,
) -> Generator[None]:
    """A context manager that takes a profile of a block: `start_trace` and `stop_trace`.

    >>> import pathlib, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with pb.profiler.trace(folder):
    ...     x = pb.jit(lambda x: x + 1)(1.0)
    >>> [p.suffixes for p in pathlib.Path(folder).rglob("*.gz")][0][-3:]
    ['.trace', '.json', '.gz']
    """
    start_trace(log_dir, create_perfetto_link, create_perfetto_trace, profiler_options)
    try:
        with config.override(profiling=True):
            yield
    finally:
        stop_trace()


class TraceAnnotation(ContextDecorator):
    """A block, or a function, that has a span of its own in profiles.

    Args:
      name: what the span is called.
      kwargs: what more it is to say.

    >>> with pb.profiler.TraceAnnotation("loading", file="a.npz"):
    ...     x = pb.numpy.ones(3)
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        self._name = name
        self._details = kwargs
        self._starts: list[int] = []

    def __enter__(self) -> Self:
        self._starts.append(perf_counter_ns())
        return self

    def __exit__(self, *error: Any) -> None:
        spans.add(self._name, "user", self._starts.pop(), perf_counter_ns(), self._details)


class StepTraceAnnotation(TraceAnnotation):
    """As `TraceAnnotation`, for a step of a loop, whose number is `step_num`.

    >>> for i in range(2):
    ...     with pb.profiler.StepTraceAnnotation("train", step_num=i):
    ...         x = pb.numpy.ones(3)
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, _r=1, **kwargs)


def annotate_function(
    func: Callable[..., Any], name: str | None = None, **decorator_kwargs: Any
) -> Callable[..., Any]:
    """The function, each call of which has a span in profiles.

    >>> pb.profiler.annotate_function(lambda x: x + 1, name="increment")(2)
    3
    """
    shown = name or getattr(func, "__qualname__", repr(func))

    @wraps(func)
    def annotated(*args: Any, **kwargs: Any) -> Any:
        with TraceAnnotation(shown, **decorator_kwargs):
            return func(*args, **kwargs)

    return annotated


def device_memory_profile(backend: str | None = None) -> bytes:
    """The arrays on devices other than the host, their number and bytes by type, for `pprof`.

    Args:
      backend: the name of a platform; by default all.

    Returns:
      A gzipped profile in the form of pprof.

    >>> pb.profiler.device_memory_profile()[:2]
    b'\\x1f\\x8b'
    """
    count: Counter[tuple[str, str]] = Counter()
    size: Counter[tuple[str, str]] = Counter()
    for x in live_arrays(backend):
        key = type_name(x.aval), str(x._place)
        count[key] += 1
        size[key] += x.nbytes
    return gzip.compress(_pprof([(key, [count[key], size[key]]) for key in sorted(count)]))


def save_device_memory_profile(
    filename: os.PathLike[str] | str, backend: str | None = None
) -> None:
    """Write `device_memory_profile` to a file.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "memory.prof"
    >>> pb.profiler.save_device_memory_profile(file)
    >>> file.exists()
    True
    """
    Path(filename).write_bytes(device_memory_profile(backend))


def _pprof(rows: Sequence[tuple[tuple[str, ...], list[int]]]) -> bytes:
    """Rows of (names, inside out) and (objects, bytes) as a message of pprof's profile.proto."""
    strings: dict[str, int] = {"": 0}

    def text(s: str) -> int:
        return strings.setdefault(s, len(strings))

    names = list(dict.fromkeys(name for key, _ in rows for name in key))
    places = {name: i + 1 for i, name in enumerate(names)}
    kinds = (("objects", "count"), ("space", "bytes"))
    out = b"".join(_field(1, _number(1, text(a)) + _number(2, text(b))) for a, b in kinds)
    for key, values in rows:
        where = b"".join(_number(1, places[name]) for name in key)
        out += _field(2, where + b"".join(_number(2, v) for v in values))
    for name, i in places.items():
        out += _field(4, _number(1, i) + _field(4, _number(1, i)))
        out += _field(5, _number(1, i) + _number(2, text(name)))
    return out + b"".join(_field(6, s.encode()) for s in strings)


def _varint(n: int) -> bytes:
    low, rest = n & 127, n >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
