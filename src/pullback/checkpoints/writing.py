"""Writing a checkpoint: a folder of arrays first, then the one file that says it is there."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes, tree
from .._native import ArrayImpl, DeviceArray
from ..backends.devices import process_index
from ..core.sharding import Index
from ..core.trace import Tracer
from ..export.trees import written
from . import manifest, store
from .forms import Shape, form, held
from .manifest import Leaf, Manifest
from .together import together

WHAT = "checkpoints.save"
PYTHON = {kind.__name__: kind for kind in (bool, int, float, complex, str)}


class Part(NamedTuple):
    """A part of an array that this process writes: its slices, and its values when asked."""

    index: Index
    values: Callable[[], np.ndarray]


class Source(NamedTuple):
    """A leaf's array: the shape of the parts it is cut into, and those that are written here."""

    part: Shape
    mine: tuple[Part, ...]


class Work(NamedTuple):
    """An array to be written: the number of its leaf, what is said of it, and where it is."""

    number: int
    leaf: Leaf
    source: Source


class Saving:
    """The steps of a save. Process 0 decides where to, and says when it is done."""

    def __init__(self, folder: Path, given: Any) -> None:
        self.folder = folder
        self.given = given
        self.leaves: tuple[Leaf, ...] = ()
        self.arrays: list[Work] = []
        self.number: int | None = None

    @property
    def data(self) -> Path:
        """The new folder of arrays."""
        assert self.number is not None
        return self.folder / f"{manifest.ARRAYS}{self.number}"

    def begin(self) -> str:
        """Look at the leaves and make the arrays, empty; their types and the folder's number."""
        self.leaves, self.arrays = _described(self.given)
        if process_index() == 0:
            self.number = _next(self.folder)
            _make(self.data, self.arrays)
        types = [(leaf.path, leaf.kind, leaf.type_text) for leaf in self.leaves]
        return json.dumps([self.number, sha256(repr(types).encode()).hexdigest()])

    def agree(self, told: Sequence[str]) -> None:
        """Take what process 0 has decided; ValueError where the processes' trees differ."""
        (self.number, own), *others = map(json.loads, told)
        for process, (_, theirs) in enumerate(others, 1):
            if theirs != own:
                raise ValueError(f"{WHAT}: process {process} saves another tree than process 0")

    def fill(self) -> str:
        """Write the parts that are here."""
        _fill(self.data, self.arrays)
        return ""

    def commit(self) -> str:
        """Make the new arrays the checkpoint."""
        if process_index() == 0:
            assert self.number is not None
            structure = _structure(self.given)
            _commit(self.folder, self.data, Manifest(self.number, self.leaves, *structure))
        return ""

    def give_up(self) -> None:
        """Take away what was begun. The checkpoint before is untouched."""
        if process_index() == 0 and self.number is not None:
            shutil.rmtree(self.data, ignore_errors=True)


def save(path: str | os.PathLike[str], tree: Any) -> None:
    """Write a pytree to a folder, in place of the checkpoint that is there.

    Every process calls it and writes the parts of arrays that its devices hold; of copies one is
    written. It returns when everything is on the disk. The checkpoint before is there, whole,
    until the new one is complete. One save at a time may write to a folder. Where one process
    fails, all do.

    Args:
      path: a folder, made if it is not there. On several hosts it must be the same for all, on a
        file system that they share.
      tree: pytree of arrays of any dtype (random keys too), divided or not, NumPy arrays, Python
        numbers and strings. What is not divided among processes is written by process 0.

    Raises:
      TypeError: a leaf is nothing that can be written, or is traced.
      FileExistsError: the folder holds something, but no checkpoint.
      OSError: something cannot be written; the checkpoint before is still there.
      DistributedError: another process raised one of these, or is gone.
      ValueError: processes save different trees.
      ImportError: TensorStore is not installed.

    Dictionaries, lists, tuples and None are restored as they are; classes of nodes need
    `export.register_pytree_node_serialization` (or `register_namedtuple_serialization`), or a
    tree `like` it given to `restore`.

    >>> import tempfile
    >>> import pullback as pb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pb.checkpoints.save(folder, [pb.numpy.arange(3)])
    ...     pb.checkpoints.restore(folder)
    [Array([0, 1, 2], dtype=int32)]
    """
    store.need(WHAT)
    saving = Saving(local(path, WHAT), tree)
    try:
        told = together(WHAT, saving.begin)
        saving.agree(told)
        together(WHAT, saving.fill)
    except BaseException:
        saving.give_up()
        raise
    together(WHAT, saving.commit)


def local(path: str | os.PathLike[str], what: str) -> Path:
    """The folder that a user names."""
    text = os.fspath(path)
    if "://" in text:
        raise NotImplementedError(f"{what}: wants a folder of a file system, got {text!r}")
    return Path(text).expanduser().absolute()


def _described(given: Any) -> tuple[tuple[Leaf, ...], list[Work]]:
    """What is said of each leaf, and the arrays among them."""
    values = tree.leaves(given)
    names = tree.paths(given)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{WHAT}: two leaves of the tree have the path {twice}")
    leaves = [described(value, name, WHAT) for value, name in zip(values, names, strict=True)]
    arrays = [
        Work(i, leaf, _source(value, i))
        for i, (value, leaf) in enumerate(zip(values, leaves, strict=True))
        if leaf.is_array
    ]
    return tuple(leaves), arrays


def described(value: Any, path: str, what: str) -> Leaf:
    """What a checkpoint says of a leaf."""
    kind = type(value).__name__
    if PYTHON.get(kind) is type(value):
        return Leaf(path, kind, value=str(value))
    if isinstance(value, Tracer):
        raise TypeError(
            f"{what}: leaf {path} is traced, it has no value yet: call {what} outside of jit"
        )
    if isinstance(value, (ArrayImpl, DeviceArray)):
        if value.is_deleted():
            raise RuntimeError(
                f"{what}: leaf {path} has been deleted, or given to a call (donated)"
            )
        return _array(value, path, "array", value.weak_type)
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype in dtypes.KINDS:
        return _array(value, path, "numpy" if isinstance(value, np.ndarray) else "scalar", False)
    text = f"an array of dtype {value.dtype}" if isinstance(value, np.ndarray) else repr(value)
    raise TypeError(
        f"{what}: leaf {path} is {text} of type {kind}; wanted are arrays of numbers, Python"
        " numbers and strings"
    )


def _array(value: Any, path: str, kind: str, weak: bool) -> Leaf:
    return Leaf(path, kind, dtypes.long_name(value.dtype), tuple(value.shape), weak)


def _source(value: Any, number: int) -> Source:
    """The parts of a leaf that this process writes.

    Of several copies of a part, different leaves write different ones, so that the work is shared.
    """
    shape = value.shape
    if type(value) is not DeviceArray or value._place.sharding is None:
        whole = (slice(None),) * len(shape)
        mine = (Part(whole, lambda: np.asarray(value)),) if process_index() == 0 else ()
        return Source(shape, mine)
    sharding = value._place.sharding
    copy = number % (sharding.num_devices // prod(sharding.tiles(len(shape))))
    mine = tuple(
        [
            Part(shard.index, partial(np.asarray, shard.data))
            for shard in value._place.shards(value)
            if shard.replica_id == copy
        ]
    )
    return Source(sharding.shard_shape(shape), mine)


def _structure(given: Any) -> tuple[Any, str]:
    """The structure as data, or None and why it cannot be written."""
    try:
        return written(tree.structure(given)), ""
    except ValueError as error:
        return None, str(error)


def _next(folder: Path) -> int:
    """The number of the folder of arrays to be written."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{WHAT}: {folder} is a file; wants a folder")
    try:
        return manifest.read(folder, WHAT).number + 1
    except FileNotFoundError:
        ours = [*manifest.folders(folder), folder / f"{manifest.NAME}.new"]
        others = sorted(set(folder.glob("*")) - set(ours))
        if others:
            raise FileExistsError(
                f"{WHAT}: {folder} holds {others[0].name}, but no checkpoint: give a folder of"
                " its own"
            ) from None
        return 0


def _make(data: Path, arrays: Sequence[Work]) -> None:
    """The folder, without what a save that was broken off has left in it, and empty arrays."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    (data / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    made = [store.make(data / str(w.number), _metadata(w)) for w in arrays]
    for future, work in zip(made, arrays, strict=True):
        store.result(future, f"{WHAT}: leaf {work.leaf.path} in {data}")


def _metadata(work: Work) -> Any:
    leaf = work.leaf
    dtype, inner = form(leaf.numpy_dtype)
    attributes = {"path": leaf.path, "dtype": leaf.dtype}
    return store.metadata(leaf.shape + inner, work.source.part + inner, dtype, attributes)


def _fill(data: Path, arrays: Sequence[Work]) -> None:
    """Write the parts that are here."""
    paths = [data / str(w.number) for w in arrays]
    opened = store.open_all(paths, [w.leaf.path for w in arrays], WHAT)
    for _ in store.results(_writes(data, opened, arrays)):
        pass


def _writes(data: Path, opened: Sequence[Any], arrays: Sequence[Work]) -> Iterator[store.Task]:
    for array, (_, leaf, source) in zip(opened, arrays, strict=True):
        name = f"{WHAT}: leaf {leaf.path} in {data}"
        size = prod(source.part) * leaf.numpy_dtype.itemsize
        for part in () if leaf.is_empty else source.mine:
            yield store.Task(name, size, partial(_write, array, part))


def _write(array: Any, part: Part) -> Any:
    target = array[part.index] if part.index else array
    return target.write(held(part.values()), can_reference_source_data_indefinitely=True)


def _commit(folder: Path, data: Path, found: Manifest) -> None:
    """Make the new arrays the checkpoint, then remove those before."""
    manifest.settle([p for p in data.iterdir() if p.is_dir()])
    manifest.settle([data, folder, folder.parent])
    manifest.write(folder, found)
    for other in manifest.folders(folder):
        if other != data:
            shutil.rmtree(other, ignore_errors=True)
