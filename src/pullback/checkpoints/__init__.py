"""Pytrees of arrays in files: written by all processes at once, read under any other sharding.

A checkpoint is a folder of Zarr arrays (version 3 of the format), one a leaf, and a file,
`checkpoint.json`, that says what they are. This file is replaced last, in one step of the file
system, so whatever happens to who writes, the folder holds a whole checkpoint: the new one or the
one before. Needs TensorStore: `pip install "pullback[checkpoint]"`. (`pullback.checkpoint`, as in
JAX, is about memory: it computes values again for derivatives.)

>>> import tempfile
>>> import pullback as pb
>>> folder = tempfile.mkdtemp()
>>> pb.checkpoints.save(folder, {"w": pb.numpy.ones(2), "step": 7})
>>> pb.checkpoints.restore(folder)
{'step': 7, 'w': Array([1., 1.], dtype=float32)}
"""

from .reading import describe, restore
from .writing import save

__all__ = ["describe", "restore", "save"]
