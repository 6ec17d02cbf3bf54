"""Zarr arrays through TensorStore: made, opened, written and read, many at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..lazy import LazyModule
from .forms import Shape, pieces

ts: Any = LazyModule("tensorstore")

# The most bytes of parts that are on their way at once.
IN_FLIGHT = 1 << 30


def need(what: str) -> None:
    """Raise unless TensorStore is there."""
    if find_spec("tensorstore") is None:
        raise ImportError(
            f'{what}: needs TensorStore, which is not installed: pip install "pullback[checkpoint]"'
        )


def location(path: Path) -> dict[str, Any]:
    """An array on the disk. What is missing in it is an error, never zeros."""
    return {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": str(path)},
        "fill_missing_data_reads": False,
        "store_data_equal_to_fill_value": True,
    }


def metadata(shape: Shape, part: Shape, dtype: np.dtype, attributes: dict[str, Any]) -> Any:
    """What Zarr says of an array: a file for each part, in pieces with checksums."""
    plain = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
    sharded = {
        "chunk_shape": list(pieces(part, dtype.itemsize)),
        "codecs": plain,
        "index_codecs": plain,
    }
    chunks = {"chunk_shape": [max(1, n) for n in part]}
    return {
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": chunks},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "codecs": [{"name": "sharding_indexed", "configuration": sharded}],
        "attributes": attributes,
    }


def make(path: Path, wanted: Any) -> Any:
    """A new array; a future of it."""
    return ts.open({**location(path), "metadata": wanted, "create": True})


def open_all(paths: Sequence[Path], names: Sequence[str], what: str) -> list[Any]:
    """The arrays at these places."""
    opening = [ts.open({**location(path), "open": True}) for path in paths]
    pairs = zip(opening, names, strict=True)
    return [result(future, f"{what}: leaf {name}") for future, name in pairs]


def result(future: Any, what: str) -> Any:
    """What a future gives; TensorStore's errors as the system's, with what was done."""
    try:
        return future.result()
    except ValueError as error:
        raise OSError(f"{what} is damaged or out of reach: {error}") from error


class Task(NamedTuple):
    """Something that takes time: its name for messages, its bytes, and how to begin it."""

    name: str
    size: int
    begin: Callable[[], Any]


def results(tasks: Iterable[Task]) -> Iterator[Any]:
    """The results in order, with no more than `IN_FLIGHT` bytes under way."""
    waiting: deque[tuple[Task, Any]] = deque()
    size = 0
    for task in tasks:
        while waiting and size + task.size > IN_FLIGHT:
            first, future = waiting.popleft()
            size -= first.size
            yield result(future, first.name)
        waiting.append((task, task.begin()))
        size += task.size
    for task, future in waiting:
        yield result(future, task.name)
