"""Compiled functions as bytes that another process of this version can load.

The bytes hold the program, not its code: the code of a program is kept in the cache on disk, and is
made again where it is not there.
"""

import io
import pickle
from collections.abc import Sequence
from types import CodeType
from typing import Any

from ..backends import devices
from ..core.device import Remote
from ..core.primitive import Primitive, registry
from ..jit.executable import Traced
from ..jit.stages import Compiled, Signature
from ..lazy import LazyModule
from ..version import __version__

__all__ = ["deserialize_and_load", "serialize"]


class _Writer(pickle.Pickler):
    """Operations by their names; without the places in the source that equations come from."""

    def persistent_id(self, obj: Any) -> Any:
        """The name of an operation, and the module that defines it."""
        if not isinstance(obj, Primitive):
            return None
        if registry.get(obj.name) is not obj:
            raise ValueError(
                f"serialize: the operation {obj.name} belongs to this process: no other knows it"
            )
        return obj.name, obj.type.__module__

    def reducer_override(self, obj: Any) -> Any:
        """None for the code that an equation comes from."""
        return (type(None), ()) if isinstance(obj, CodeType) else NotImplemented


class _Reader(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Primitive:
        """The operation of a name."""
        name, module = pid
        if name not in registry:
            # Whatever is asked of the module, it is imported, and defines the operation.
            _ = LazyModule(module).__name__
        return registry[name]


def serialize(compiled: Compiled) -> tuple[bytes, Any, Any]:
    """A compiled function as bytes, and the structures of its arguments and of its result.

    Args:
      compiled: what `jit(f).lower(*args).compile()` returned.

    Returns:
      (bytes, in_tree, out_tree), which are the arguments of `deserialize_and_load`.

    Raises:
      ValueError: the function calls back a Python function that is not the top-level name of a
        module.
      NotImplementedError: its arguments are divided among devices; `export` writes such functions.

    >>> from pullback.experimental.serialize_executable import deserialize_and_load, serialize
    >>> compiled = pb.jit(lambda x: x + 1).lower(1.0).compile()
    >>> deserialize_and_load(*serialize(compiled))(2.0)
    Array(3., dtype=float32, weak_type=True)
    """
    signature = compiled._signature
    traced, device = signature.traced, signature.device
    if device is not None and any(place and place.sharding for place in signature.places):
        raise NotImplementedError(
            f"serialize: the arguments of {traced.name} are divided among devices: use"
            " export.export, which writes its StableHLO"
        )
    platform = None if device is None else device.platform
    file = io.BytesIO()
    content = (traced.jaxpr, list(traced.consts), traced.name, signature.donated, platform)
    try:
        _Writer(file).dump((__version__, content))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"serialize: {traced.name} holds what cannot be written: {error}"
        ) from error
    return file.getvalue(), compiled.in_tree, compiled.out_tree


def deserialize_and_load(
    serialized: bytes,
    in_tree: Any,
    out_tree: Any,
    backend: Any = None,
    execution_devices: Sequence[Any] | None = None,
) -> Compiled:
    """The compiled function of the bytes that `serialize` returned.

    Reading them can run code: they must come from where you trust.

    Args:
      serialized, in_tree, out_tree: what `serialize` returned.
      backend: a platform's name; None: that for which the function was compiled.
      execution_devices: a list of the device it runs on; None: the first of the platform.

    Raises:
      ValueError: another version of Pullback wrote the bytes, or there are several devices.

    >>> from pullback.experimental.serialize_executable import deserialize_and_load, serialize
    >>> blob, in_tree, out_tree = serialize(pb.jit(pnp.sin).lower(1.0).compile())
    >>> deserialize_and_load(blob, in_tree, out_tree)(0.0)
    Array(0., dtype=float32, weak_type=True)
    """
    version, content = _Reader(io.BytesIO(serialized)).load()
    if version != __version__:
        raise ValueError(
            f"deserialize_and_load: version {version} of Pullback wrote these bytes, and this is"
            f" {__version__}: serialize the function again"
        )
    jaxpr, consts, name, donated, platform = content
    found = list(execution_devices or devices.devices(backend or platform)[:1])
    if len(found) != 1:
        raise ValueError(f"deserialize_and_load: the function runs on one device, got {found}")
    device = found[0] if isinstance(found[0], Remote) else None
    traced = Traced(jaxpr, consts, out_tree, name)
    return Compiled(Signature(traced, in_tree, donated, device), {})
