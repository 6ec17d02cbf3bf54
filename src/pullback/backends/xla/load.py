"""Programs as loaded executables: lowered, compiled, and kept on disk for the next process."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.device import Code
from ...core.ir import Jaxpr, Var
from ...core.memo import Memory
from ...core.rewrite import dead_code, effects
from ...core.sharding import NamedSharding
from ...core.show import show
from ...core.structure import structure
from ...lazy import LazyModule
from ..cache import ObjectCache, object_cache
from ..dump import dump
from .buffers import buffer_type
from .client import Client, register_lapack, runtime, xc
from .lower import Lowered, lower
from .modules import parse
from .shardy import Division

llvm: Any = LazyModule("llvmlite.binding")
jaxlib: Any = LazyModule("jaxlib")


@dataclass(frozen=True)
class Place:
    """One device of a client, or several, as the runtime names them.

    sharding: of arrays that each device has whole.
    """

    client: Client
    members: tuple[Any, ...]
    devices: Any
    sharding: Any

    @property
    def device(self) -> Any:
        """The first device."""
        return self.members[0]


def place_of(client: Client, *members: Any) -> Place:
    """Devices with what programs and buffers on them are described by."""
    devices = xc.DeviceList(members)
    return Place(client, members, devices, xc.GSPMDSharding(devices, xc.HloSharding.replicate()))


@dataclass(frozen=True)
class Loaded(Code):
    """A program on a device, or on several.

    kept: the arguments it reads, by number. donated: those of them whose memory it takes.
    waits: whether a call returns only when the program has run, for what it does besides computing.
    in_shardings, out_shardings: on several devices, how the kept arguments (None: whole everywhere)
    and the results are divided.
    """

    executable: Any
    lowered: Lowered
    kept: tuple[int, ...]
    donated: tuple[int, ...]
    out_avals: tuple[ShapedArray, ...]
    handlers: tuple[Any, ...]
    waits: bool
    in_shardings: tuple[NamedSharding | None, ...] = ()
    out_shardings: tuple[NamedSharding, ...] = ()

    def execute(self, buffers: list[Any]) -> list[Any]:
        """The results' buffers, which may still be computed when this returns."""
        return self.executable.execute_sharded(buffers).consume_with_handlers(self.handlers)

    def execute_and_wait(self, buffers: list[Any]) -> list[Any]:
        """The results' buffers, when the program has run."""
        results = self.executable.execute_sharded(buffers, with_tokens=True)
        token = results.consume_token()
        outs = results.consume_with_handlers(self.handlers)
        token.block_until_ready()
        return outs

    def as_text(self) -> str:
        """The program in HLO, after XLA's passes."""
        return "\n".join([m.to_string() for m in self.executable.hlo_modules()])

    def cost_analysis(self) -> dict[str, float]:
        """What XLA counted."""
        return self.executable.cost_analysis()

    def memory_analysis(self) -> Any:
        """What XLA has reserved."""
        return self.executable.get_compiled_memory_stats()

    def runtime_executable(self) -> Any:
        """The executable of jaxlib's client."""
        return self.executable


_loaded: Memory[Any, Loaded] = Memory()


Options = tuple[tuple[str, Any], ...]


def load(
    place: Place,
    jaxpr: Jaxpr,
    name: str,
    donated: Sequence[int] = (),
    options: Options = (),
    division: Division | None = None,
) -> Loaded:
    """The executable of a program; equal programs are compiled once for a device.

    division: of a program on several devices.
    """
    key = (structure(jaxpr), tuple(donated), place.members, options, division)
    found = _loaded.get(key)
    if found is None:
        found = _loaded[key] = _load(place, jaxpr, name, donated, options, division)
    return found


def _load(
    place: Place,
    jaxpr: Jaxpr,
    name: str,
    donated: Sequence[int],
    options: Options,
    division: Division | None,
) -> Loaded:
    program = dead_code(jaxpr)
    kept = _kept(program, donated)
    program = program.replace(invars=[program.invars[i] for i in kept])
    given = [kept.index(i) for i in donated]
    start = time.perf_counter()
    dump(2, name, lambda: show(program))
    division = division and division.of(kept)
    lowered = lower(program, name, given, place.client.target, division)
    dump(4, f"{name} in StableHLO", lambda: lowered.text)
    written = time.perf_counter()
    executable = compile_text(place, lowered, options)
    done = time.perf_counter()
    dump(1, name, lambda: f"lower {written - start:.4f} s, compile {done - written:.4f} s")
    dump(5, f"{name} in HLO", lambda: executable.hlo_modules()[0].to_string())
    divided = _divided(executable, program.out_avals) if division else ()
    return Loaded(
        executable,
        lowered,
        tuple(kept),
        tuple(donated),
        tuple(program.out_avals),
        _handlers(place, program.out_avals, divided),
        bool(effects(program)),
        division.shardings if division else (),
        division.names(divided, program.out_avals, lowered.meshes) if division else (),
    )


def _kept(jaxpr: Jaxpr, donated: Sequence[int]) -> list[int]:
    """The arguments that a program reads, returns or takes the memory of."""
    used = {v for eqn in jaxpr.eqns for v in eqn.invars if isinstance(v, Var)}
    used |= {v for v in jaxpr.outvars if isinstance(v, Var)}
    return [i for i, v in enumerate(jaxpr.invars) if v in used or i in donated]


def _handlers(place: Place, avals: Sequence[ShapedArray], divided: Sequence[Any]) -> Any:
    """What makes each result's buffer an object of Python."""
    found = [xc.GSPMDSharding(place.devices, d) for d in divided] or [place.sharding] * len(avals)
    return tuple(
        [
            runtime.array_result_handler(buffer_type(a), s, True, *_unchecked())
            for a, s in zip(avals, found, strict=True)
        ]
    )


def _divided(executable: Any, avals: Sequence[ShapedArray]) -> list[Any]:
    """How the results are divided, as XLA says it."""
    if not avals:
        return []
    return [xc.HloSharding.from_proto(s) for s in executable.get_output_shardings()]


@cache
def _unchecked() -> tuple[bool, ...]:
    """The argument by which older runtimes leave out checks that only JAX can make."""
    signature = str(runtime.array_result_handler.__nb_signature__)
    return (True,) if "_skip_checks" in signature else ()


def compile_text(place: Place, lowered: Lowered, overrides: Options = ()) -> Any:
    """The executable of a module, from disk where it has been compiled before."""
    if place.client.target == "cpu" and "lapack_" in lowered.text:
        register_lapack()
    options = compile_options(place, overrides)
    client = place.client.runtime
    if lowered.callbacks:
        callbacks = list(lowered.callbacks)
        return client.compile_and_load(parse(lowered.text), place.devices, options, callbacks)
    if _share_the_search(place):
        return client.compile_and_load(lowered.text, place.devices, options)
    key = _cache().key([*_identity(place), options.SerializeAsString().hex(), lowered.text])
    known = _cache().load(key)
    if known is not None:
        return client.deserialize_executable(known, place.devices, None)
    made = client.compile_and_load(lowered.text, place.devices, options)
    _cache().store(key, made.serialize())
    return made


def _share_the_search(place: Place) -> bool:
    """Whether processes look for the fastest kernels together: then all must compile."""
    processes = {d.process_index for d in place.members}
    return place.client.target == "cuda" and len(processes) > 1


def compile_options(place: Place, overrides: Options) -> Any:
    """How a program on these devices is compiled; the overrides are XLA's own switches."""
    options = xc.CompileOptions()
    ids = np.array([[d.id for d in place.members]], np.int32)
    options.device_assignment = xc.DeviceAssignment.create(ids)
    options.env_option_overrides = list(overrides)
    if len(place.members) == 1:
        return options
    build = options.executable_build_options
    options.num_replicas = build.num_replicas = 1
    options.num_partitions = build.num_partitions = len(place.members)
    build.use_spmd_partitioning = build.use_shardy_partitioner = True
    return options


def _cache() -> ObjectCache:
    return object_cache()


def _identity(place: Place) -> list[str]:
    """All that an executable depends on beside its text and options."""
    client = place.client
    return [
        "xla",
        client.platform,
        client.runtime.platform_version,
        jaxlib.version.__version__,
        place.device.device_kind,
        _host() if client.target == "cpu" else "",
        os.environ.get("XLA_FLAGS", ""),
        os.environ.get("LIBTPU_INIT_ARGS", ""),
    ]


@cache
def _host() -> str:
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
