"""Reading a checkpoint: of each array the slices that the devices of this process need."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes, tree
from .._native import ArrayImpl, DeviceArray
from ..backends.devices import resolve
from ..core.aval import ShapedArray
from ..core.mesh import is_local
from ..core.sharding import Index
from ..export.trees import read as read_structure
from ..transfer import device_put
from ..transforms.make_jaxpr import ShapeDtypeStruct
from . import manifest, store
from .forms import unheld
from .manifest import Leaf, Manifest
from .writing import PYTHON, described, local

WHAT = "checkpoints.restore"
# The most names of leaves in a message.
NAMES = 5


class Wanted(NamedTuple):
    """What a leaf is to become: a kind of `Leaf`, and for arrays a place, None for the default."""

    kind: str
    place: Any = None


def describe(path: str | os.PathLike[str]) -> Any:
    """What a checkpoint holds: the pytree with a `ShapeDtypeStruct` for each array.

    Numbers and strings of Python stand as they are. With `sharding` set in them, the structs are
    what `restore` takes.

    Raises:
      FileNotFoundError: there is no whole checkpoint.
      ValueError: the structure has classes of nodes that files cannot name.

    >>> import tempfile
    >>> import pullback as pb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pb.checkpoints.save(folder, {"w": pb.numpy.ones((2, 3))})
    ...     pb.checkpoints.describe(folder)
    {'w': ShapeDtypeStruct(shape=(2, 3), dtype=float32)}
    """
    what = "checkpoints.describe"
    found = manifest.read(local(path, what), what)
    return _own_structure(found, what).unflatten([_described(leaf) for leaf in found.leaves])


def _described(leaf: Leaf) -> Any:
    if not leaf.is_array:
        return _python(leaf)
    return ShapeDtypeStruct(leaf.shape, leaf.numpy_dtype, weak_type=leaf.weak_type)


def restore(path: str | os.PathLike[str], like: Any = None, shardings: Any = None) -> Any:
    """The pytree of a checkpoint, divided among devices in any way.

    Each process reads what its devices need, whatever the meshes and the number of processes that
    wrote it. Others may save to the folder at the same time: what is read is one whole checkpoint.

    Args:
      path: the folder that `save` wrote.
      like: pytree of the same structure, shapes and dtypes, which says what each leaf becomes: an
        array that lies where that of `like` lies, or where a `ShapeDtypeStruct` says by its
        `sharding`; a NumPy array; a number. By default each leaf becomes what it was, arrays on
        the default device.
      shardings: where arrays are to lie, NumPy's too: a sharding, a device, the name of a platform
        (or, under `set_mesh`, a `PartitionSpec`), or a pytree of them that is a prefix of the
        tree. None: where `like` says. `pb.device_get(restore(path, shardings="cpu"))` is a tree
        of NumPy arrays.

    Returns:
      The pytree. Dtypes are those of the file, whether 64 bits are enabled or not.

    Raises:
      FileNotFoundError: there is no checkpoint, or it was not written to its end.
      ValueError: leaves are missing or are too many, or a shape or dtype differs from `like`'s, or
        an array cannot be divided so; the message names the leaf.
      OSError: files are damaged or cannot be read.
      ImportError: TensorStore is not installed.

    >>> import tempfile
    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pb.checkpoints.save(folder, {"w": pb.numpy.ones(2)})
    ...     pb.checkpoints.restore(folder, shardings=pb.NamedSharding(mesh, pb.P("x")))
    {'w': Array([1., 1.], dtype=float32)}
    """
    store.need(WHAT)
    folder = local(path, WHAT)
    while True:
        found = manifest.read(folder, WHAT)
        try:
            return _restored(folder, found, like, shardings)
        except OSError:
            # Another process may have saved in the meantime, and removed what was being read.
            if manifest.read(folder, WHAT).number == found.number:
                raise


def _restored(folder: Path, found: Manifest, like: Any, shardings: Any) -> Any:
    """The pytree of the checkpoint that was found in a folder."""
    treedef = _own_structure(found, WHAT) if like is None else tree.structure(like)
    ordered = found.leaves if like is None else _matched(found, like, folder)
    wanted = [Wanted(leaf.kind) for leaf in ordered] if like is None else _like(ordered, like)
    if shardings is not None:
        wanted = _placed(ordered, wanted, treedef, shardings)
    return treedef.unflatten(_read(folder / found.folder, found, ordered, wanted))


def _own_structure(found: Manifest, what: str) -> Any:
    """The structure that the file tells."""
    if found.structure is None and found.reason:
        raise ValueError(
            f"{what}: the file does not tell the structure of the tree, for {found.reason}. Give"
            " `restore` a tree of the same structure, `like`"
        )
    return read_structure(found.structure)


def _matched(found: Manifest, like: Any, folder: Path) -> list[Leaf]:
    """The leaves in the order of `like`'s."""
    by_path = {leaf.path: leaf for leaf in found.leaves}
    names = tree.paths(like)
    missing = [name for name in names if name not in by_path]
    extra = [name for name in by_path if name not in set(names)]
    if missing or extra:
        parts = [f"it has not {_list(missing)}"] * bool(missing)
        parts += [f"`like` has not {_list(extra)}"] * bool(extra)
        raise ValueError(f"{WHAT}: the tree in {folder} is not like `like`: {'; '.join(parts)}")
    return [by_path[name] for name in names]


def _list(names: Sequence[str]) -> str:
    more = len(names) - NAMES
    return ", ".join(names[:NAMES]) + (f" and {more} more" if more > 0 else "")


def _like(ordered: Sequence[Leaf], like: Any) -> list[Wanted]:
    """What each leaf becomes that is to be like another."""
    return [_checked(leaf, value) for leaf, value in zip(ordered, tree.leaves(like), strict=True)]


def _checked(leaf: Leaf, value: Any) -> Wanted:
    if isinstance(value, ShapeDtypeStruct):
        dtype = dtypes.long_name(value.dtype)
        given = Leaf(leaf.path, "array", dtype, value.shape)
        wanted = Wanted("array", resolve(value.sharding))
    else:
        given = described(value, leaf.path, WHAT)
        known = type(value) is DeviceArray and value.committed
        wanted = Wanted(given.kind, value._place if known else None)
    if given.type_text != leaf.type_text:
        raise ValueError(
            f"{WHAT}: leaf {leaf.path} is {leaf.type_text} in the checkpoint, and"
            f" {given.type_text} in `like`"
        )
    return wanted


def _placed(
    ordered: Sequence[Leaf], wanted: list[Wanted], treedef: Any, shardings: Any
) -> list[Wanted]:
    """The same with the places that the user gives."""
    whole = treedef.unflatten(range(len(ordered)))
    given = tree.broadcast_prefix(shardings, whole, is_leaf=lambda s: s is None)
    return [
        Wanted("array", resolve(place)) if place is not None and leaf.is_array else before
        for leaf, before, place in zip(ordered, wanted, given, strict=True)
    ]


def _read(
    data: Path, found: Manifest, ordered: Sequence[Leaf], wanted: Sequence[Wanted]
) -> list[Any]:
    """The values of all leaves; the next ones are under way while one is put together."""
    numbers = {leaf.path: i for i, leaf in enumerate(found.leaves)}
    arrays = [leaf for leaf in ordered if leaf.is_array]
    paths = [data / str(numbers[leaf.path]) for leaf in arrays]
    opened = iter(store.open_all(paths, [leaf.path for leaf in arrays], WHAT))
    plans = [
        _plan(leaf, want, next(opened)) if leaf.is_array else None
        for leaf, want in zip(ordered, wanted, strict=True)
    ]
    parts = store.results(task for plan in plans if plan for task in plan.tasks(data))
    return [
        _python(leaf) if plan is None else plan.built(parts)
        for leaf, plan in zip(ordered, plans, strict=True)
    ]


def _python(leaf: Leaf) -> Any:
    if leaf.kind == "bool":
        return leaf.value == "True"
    return PYTHON[leaf.kind](leaf.value)


class Plan(NamedTuple):
    """How a leaf is read: which slices, and what is made of them."""

    leaf: Leaf
    array: Any
    indices: tuple[Index, ...]
    build: Callable[[list[np.ndarray]], Any]

    def tasks(self, data: Path) -> Iterator[store.Task]:
        """The reading of each slice."""
        itemsize = self.leaf.numpy_dtype.itemsize
        for index in () if self.leaf.is_empty else self.indices:
            target = self.array[index] if index else self.array
            name = f"{WHAT}: leaf {self.leaf.path} in {data}"
            yield store.Task(name, prod(target.shape) * itemsize, target.read)

    def built(self, parts: Iterator[np.ndarray]) -> Any:
        """The leaf of its slices, the next ones to come."""
        dtype = self.leaf.numpy_dtype
        if self.leaf.is_empty:
            empty = np.empty(self.leaf.shape, dtype)
            return self.build([empty[index] for index in self.indices])
        return self.build([unheld(next(parts), dtype) for _ in self.indices])


def _plan(leaf: Leaf, wanted: Wanted, array: Any) -> Plan:
    divided = wanted.place is not None and wanted.place.sharding is not None
    if divided:
        return _divided_plan(leaf, wanted.place, array)
    return Plan(leaf, array, ((slice(None),) * len(leaf.shape),), partial(_whole, leaf, wanted))


def _whole(leaf: Leaf, wanted: Wanted, parts: list[np.ndarray]) -> Any:
    (value,) = parts
    if wanted.kind != "array":
        return value[()] if wanted.kind == "scalar" else value
    array = ArrayImpl(value, leaf.weak_type)
    return device_put(array) if wanted.place is None else wanted.place.put(array, True)


def _divided_plan(leaf: Leaf, place: Any, array: Any) -> Plan:
    sharding = place.sharding
    sharding.check(leaf.shape, f"{WHAT}: leaf {leaf.path}")
    pairs = zip(sharding.devices, sharding.indices(leaf.shape), strict=True)
    mine = [tuple(map(_span, index)) for device, index in pairs if is_local(device)]
    distinct = tuple(dict.fromkeys(mine))
    aval = ShapedArray(leaf.shape, leaf.numpy_dtype, leaf.weak_type)

    def build(parts: list[np.ndarray]) -> Any:
        by_index = {span: ArrayImpl(x, False) for span, x in zip(distinct, parts, strict=True)}
        return place.assemble([by_index[span] for span in mine], aval)

    return Plan(leaf, array, tuple([tuple(_slices(span)) for span in distinct]), build)


def _span(part: slice) -> tuple[int | None, int | None]:
    """A slice as something that can be a key."""
    return part.start, part.stop


def _slices(spans: Sequence[tuple[int | None, int | None]]) -> list[slice]:
    return [slice(start, stop) for start, stop in spans]
