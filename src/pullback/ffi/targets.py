"""Targets of foreign calls: handlers by their names, and what compilers need to make them."""

import ctypes
from collections.abc import Mapping
from ctypes import byref, c_char_p, c_void_p, py_object
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from . import host
from . import structures as s

HANDLER = ctypes.CFUNCTYPE(c_void_p, ctypes.POINTER(s.CallFrame))
STAGES = {
    "instantiate": s.INSTANTIATE,
    "prepare": s.PREPARE,
    "initialize": s.INITIALIZE,
    "execute": s.EXECUTE,
}


@dataclass(frozen=True, eq=False)
class Target:
    """The handlers of a name, by stage."""

    name: str
    handlers: Mapping[int, Any]


_targets: dict[str, Target] = {}


def _pointer(capsule: Any) -> int:
    """What a capsule holds."""
    python = ctypes.pythonapi
    name = ctypes.PYFUNCTYPE(c_char_p, py_object)(("PyCapsule_GetName", python))(capsule)
    get = ctypes.PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", python))
    return get(capsule, name)


def register_ffi_target(
    name: str, fn: Any, platform: str = "cpu", api_version: int = 1, **kwargs: Any
) -> None:
    """Make a handler known to `ffi_call` under a name.

    Args:
      name: the name.
      fn: a capsule that holds the handler, or a dictionary of capsules by stage: "instantiate",
        "prepare", "initialize", "execute".
      platform: "cpu". Handlers of other platforms are for XLA's own programs.
      api_version: 1, for handlers of XLA's typed interface.

    Raises:
      NotImplementedError: another platform or interface.
      ValueError: the handler was made for another version of the interface.

    Handlers are written with the headers in `include_dir()`.

    >>> pb.ffi.register_ffi_target("nothing", {}, platform="cuda")
    Traceback (most recent call last):
        ...
    NotImplementedError: register_ffi_target: nothing: platform must be "cpu", got 'cuda'
    """
    what = f"register_ffi_target: {name}"
    if platform.lower() not in ("cpu", "host"):
        raise NotImplementedError(f'{what}: platform must be "cpu", got {platform!r}')
    if api_version != 1 or kwargs:
        raise NotImplementedError(f"{what}: api_version must be 1, and nothing else be given")
    given = fn if isinstance(fn, Mapping) else {"execute": fn}
    unknown = sorted(given.keys() - STAGES.keys())
    if unknown or "execute" not in given:
        raise ValueError(f"{what}: stages are {', '.join(STAGES)}, got {sorted(given)}")
    handlers = {STAGES[stage]: HANDLER(_pointer(c)) for stage, c in given.items()}
    _check_version(what, handlers[s.EXECUTE])
    _targets[name] = Target(name, handlers)


def _check_version(what: str, handler: Any) -> None:
    """Ask a handler for which version of the interface it was compiled."""
    metadata = s.Metadata(ctypes.sizeof(s.Metadata), s.ApiVersion())
    base = s.ExtensionBase(ctypes.sizeof(s.MetadataExtension), 1, None)
    extension = s.MetadataExtension(base, ctypes.pointer(metadata))
    frame = s.CallFrame(args=s.Args(), rets=s.Rets(), attrs=s.Attrs())
    frame.extension_start = ctypes.cast(byref(extension), c_void_p)
    host.call(handler, frame, host.Context(host.States()))
    found = metadata.api_version.major_version, metadata.api_version.minor_version
    if found[0] != s.VERSION[0] or found > s.VERSION:
        raise ValueError(f"{what}: it is of version {found} of the interface, not {s.VERSION}")


def target(name: str) -> Target:
    """The target of a name. RuntimeError if there is none."""
    if name not in _targets:
        raise RuntimeError(
            f"NOT_FOUND: ffi_call: no target {name!r} on the processor: register it with"
            " ffi.register_ffi_target"
        )
    return _targets[name]


def register_ffi_type(
    name: str, type_registration: Mapping[str, Any], platform: str = "cpu"
) -> None:
    """Make a type of states known: its number is written where handlers look for it.

    Args:
      name: the type's name.
      type_registration: capsules by name: "type_id", and "type_info", which may be left out.
      platform: "cpu".

    >>> pb.ffi.register_ffi_type("state", {})
    Traceback (most recent call last):
        ...
    ValueError: register_ffi_type: state: 'type_id' is missing
    """
    if "type_id" not in type_registration:
        raise ValueError(f"register_ffi_type: {name}: 'type_id' is missing")
    number = s.TypeId.from_address(_pointer(type_registration["type_id"]))
    info = type_registration.get("type_info")
    deleter = s.TypeInfo.from_address(_pointer(info)).deleter if info is not None else None
    host.register_type(number, deleter)


def register_ffi_type_id(name: str, obj: Any, platform: str = "cpu") -> NoReturn:
    """An older way to register types; JAX refuses it too.

    >>> pb.ffi.register_ffi_type_id("state", None)
    Traceback (most recent call last):
        ...
    ValueError: register_ffi_type_id: state: write register_ffi_type
    """
    raise ValueError(f"register_ffi_type_id: {name}: write register_ffi_type")


def register_ffi_target_as_batch_partitionable(name: str) -> None:
    """Say that a target may be called for parts of a batch; accepted, as calls are not divided.

    >>> pb.ffi.register_ffi_target_as_batch_partitionable("any")
    """


def pycapsule(funcptr: Any) -> Any:
    """A capsule that holds a function of a library loaded with `ctypes`.

    Args:
      funcptr: the function.

    >>> import ctypes
    >>> type(pb.ffi.pycapsule(ctypes.pythonapi.Py_IncRef)).__name__
    'PyCapsule'
    """
    destructor = ctypes.CFUNCTYPE(None, py_object)
    make = ctypes.PYFUNCTYPE(py_object, c_void_p, c_char_p, destructor)
    return make(("PyCapsule_New", ctypes.pythonapi))(funcptr, None, destructor(0))


def include_dir() -> str:
    """The folder with the headers of the interface, which jaxlib brings.

    Raises:
      RuntimeError: jaxlib is not installed.

    >>> import pathlib
    >>> (pathlib.Path(pb.ffi.include_dir()) / "xla" / "ffi" / "api" / "ffi.h").exists()
    True
    """
    found = find_spec("jaxlib")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("include_dir: the headers come with jaxlib, which is not installed")
    return str(Path(next(iter(found.submodule_search_locations))).resolve() / "include")


def ffi_lowering(call_target_name: str, **_: Any) -> NoReturn:
    """JAX's way to write a call into the MLIR of a program; programs here have none.

    >>> pb.ffi.ffi_lowering("target")
    Traceback (most recent call last):
        ...
    NotImplementedError: ffi_lowering: call 'target' with ffi_call, which has rules of its own
    """
    raise NotImplementedError(
        f"ffi_lowering: call {call_target_name!r} with ffi_call, which has rules of its own"
    )


def build_ffi_lowering_function(call_target_name: str, **_: Any) -> NoReturn:
    """As `ffi_lowering`.

    >>> pb.ffi.build_ffi_lowering_function("target")
    Traceback (most recent call last):
        ...
    NotImplementedError: ffi_lowering: call 'target' with ffi_call, which has rules of its own
    """
    ffi_lowering(call_target_name)
