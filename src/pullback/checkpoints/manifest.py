"""What a checkpoint holds, as `checkpoint.json` says it. The file is the checkpoint's last step."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..export.serialization import BY_NAME

NAME = "checkpoint.json"
FORMAT = "pullback checkpoint"
VERSION = 1
# Folders of arrays; the number tells a checkpoint from the one before.
ARRAYS = "arrays."


@dataclass(frozen=True)
class Leaf:
    """One leaf.

    path: where it stands in the tree. kind: "array", "numpy", "scalar" (NumPy's) or the name of a
    Python type. dtype, shape, weak_type: of an array. value: a Python number or string as text.
    """

    path: str
    kind: str
    dtype: str = ""
    shape: tuple[int, ...] = ()
    weak_type: bool = False
    value: str = ""

    @property
    def is_array(self) -> bool:
        """Whether there is a Zarr array of it."""
        return bool(self.dtype)

    @property
    def is_empty(self) -> bool:
        """Whether there are no elements, and so no file of them."""
        return 0 in self.shape

    @property
    def numpy_dtype(self) -> np.dtype:
        """The dtype of an array's elements."""
        return BY_NAME[self.dtype]

    @property
    def type_text(self) -> str:
        """What it is, for messages."""
        return f"{self.dtype}{list(self.shape)}" if self.is_array else f"a Python {self.kind}"


@dataclass(frozen=True)
class Manifest:
    """A whole checkpoint.

    number: of the folder of arrays. structure: the tree as data, or None and the reason why.
    """

    number: int
    leaves: tuple[Leaf, ...]
    structure: Any
    reason: str = ""

    @property
    def folder(self) -> str:
        """The name of the folder of arrays."""
        return f"{ARRAYS}{self.number}"


def read(path: Path, what: str) -> Manifest:
    """The checkpoint in a folder. FileNotFoundError, saying what is there, if there is none."""
    try:
        text = (path / NAME).read_text()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"{what}: {_absent(path)}") from None
    try:
        data = json.loads(text)
        known = data["format"] == FORMAT
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise ValueError(f"{what}: {path / NAME} is not of a checkpoint of this library")
    if data["version"] != VERSION:
        raise ValueError(
            f"{what}: {path} is a checkpoint of version {data['version']} of the format; this"
            f" release reads version {VERSION}"
        )
    leaves = tuple([Leaf(**{**leaf, "shape": tuple(leaf["shape"])}) for leaf in data["leaves"]])
    return Manifest(data["number"], leaves, data["structure"], data["reason"])


def _absent(path: Path) -> str:
    if not path.exists():
        return f"there is no {path}"
    if folders(path):
        return f"{path} holds a checkpoint that was not written to its end, and none before it"
    return f"{path} is no checkpoint: it has no {NAME}"


def folders(path: Path) -> list[Path]:
    """The folders of arrays that are there, those of a whole checkpoint too."""
    return [p for p in path.glob(f"{ARRAYS}*") if p.is_dir()]


def write(path: Path, manifest: Manifest) -> None:
    """Make this the checkpoint in a folder, in one step; all it names must be on the disk."""
    data = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    made = path / f"{NAME}.new"
    with made.open("w") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, path / NAME)
    settle([path])


def settle(folders: Sequence[Path]) -> None:
    """Return when the names in these folders are on the disk."""
    for folder in folders:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
