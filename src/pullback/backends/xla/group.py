"""Several devices of one client that compute together: programs, and arrays put on them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..._native import DeviceArray, DeviceProgram, live_device_arrays
from ...control.constraint import sharding_constraint_p
from ...core.aval import ShapedArray
from ...core.device import Device, Remote, host
from ...core.ir import Jaxpr
from ...core.memo import Memory
from ...core.mesh import Mesh
from ...core.primitive import Primitive
from ...core.sharding import NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding
from ...core.structure import value_key
from ...core.trace import as_array
from ...core.transfers import moving
from ..watched import require, watched
from .buffers import buffer_type
from .client import xc
from .device import XlaDevice, one_operation
from .forms import FORMS
from .hlo import held_as
from .load import Loaded, load, place_of
from .shardy import Division
from .spread import Spread


class Group(Remote):
    """Some devices of one client, in the order of their numbers, whatever the meshes say."""

    def __init__(self, devices: tuple[XlaDevice, ...]) -> None:
        self.devices = devices
        self.local = [d for d in devices if d.is_local]
        # The processes that compute together here, where there are others than this one.
        several = len(self.local) < len(devices)
        self.processes = frozenset([d.process_index for d in devices] if several else [])
        first = devices[0]
        self.place = place_of(first.place.client, *[d.place.device for d in devices])
        self.platform = first.platform
        self.target = first.target
        self.id = first.id
        self.device_kind = first.device_kind
        self._operations: Memory[Any, DeviceProgram] = Memory()
        # A result of the last program that was run with other processes.
        self._begun: Any = None
        everywhere = Mesh(list(devices), ("_",))
        self.everywhere = Spread(self, NamedSharding(everywhere, PartitionSpec()))

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self.devices))}]"

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.devices))}]"

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """One operation, by a program for its types, parameters and the operands' shardings."""
        form = FORMS.get(primitive.name)
        if form is not None:
            primitive, args, params = form(primitive, args, params)
        arrays = [a if type(a) is DeviceArray else as_array(a) for a in args]
        avals = tuple([a.aval for a in arrays])
        places = self.places(arrays)
        key = (primitive, avals, places, tuple([(k, value_key(params[k])) for k in params]))
        program = self._operations.get(key)
        if program is None:
            jaxpr = one_operation(primitive, avals, params)
            code = self.load(jaxpr, primitive.name, places=places)
            program = self._operations[key] = self.program(code, len(args))
        outs = program(arrays)
        return outs if primitive.multiple_results else outs[0]

    @property
    def common(self) -> Spread:
        """Where arrays lie that all the devices have."""
        return self.everywhere

    def places(self, operands: Sequence[Any]) -> tuple[Spread | None, ...]:
        """How each operand lies."""
        return tuple(map(self.place_in, operands))

    def place_in(self, x: Any) -> Spread | None:
        """How an array lies, if it is divided among these devices."""
        known = type(x) is DeviceArray and isinstance(x._place, Spread) and x._place.group is self
        return x._place if known else None

    def load(
        self,
        jaxpr: Jaxpr,
        name: str,
        donated: Sequence[int] = (),
        options: Mapping[str, Any] | None = None,
        places: Sequence[Any] = (),
    ) -> Loaded:
        """A program compiled for these devices; where no place is given, all have the argument."""
        switches = tuple(sorted((options or {}).items()))
        division = self.division(places, len(jaxpr.invars))
        return load(self.place, jaxpr, name, donated, switches, division)

    def division(self, places: Sequence[Any], count: int) -> Division:
        """How a program is divided whose arguments lie so; where none is given, all have them."""
        given = places or (None,) * count
        return Division(self.devices, tuple([None if p is None else p.sharding for p in given]))

    def program(
        self,
        code: Loaded,
        num_args: int,
        consts: Sequence[Any] = (),
        out_tree: Any = None,
        committed: bool = False,
    ) -> DeviceProgram:
        """What runs a compiled program here."""
        n = num_args
        places = [self.everywhere if s is None else spread(s) for s in code.in_shardings]
        where = dict(zip(code.kept, places, strict=True))
        return DeviceProgram(
            self._execution(code),
            self.own_buffer if code.donated else self.buffer,
            [where[i] for i in code.kept if i < n],
            [spread(s) for s in code.out_shardings],
            n,
            [i for i in code.kept if i < n],
            [self.buffer(consts[i - n], where[i]) for i in code.kept if i >= n],
            [(a.dtype, a.shape, a.weak_type) for a in code.out_avals],
            code.donated,
            out_tree,
            True,
        )

    def _execution(self, code: Loaded) -> Callable[[list[Any]], list[Any]]:
        """What runs a program on buffers. Several processes do it together."""
        run = code.execute_and_wait if code.waits else code.execute
        if not self.processes:
            return run

        sizes = [aval.size for aval in code.out_avals]
        smallest = sizes.index(min(sizes)) if sizes else None

        def execute(buffers: list[Any]) -> list[Any]:
            require(self.processes)
            results = watched(run, buffers, self.processes)
            self._begun = None if smallest is None else results[smallest]
            return results

        return execute

    def finish(self) -> None:
        """Return when what was begun last has been computed: the other processes need this one
        for it, and programs that exchange something run one after the other."""
        if self._begun is not None and not self._begun.is_deleted():
            self.settle(self._begun)

    def settle(self, buffer: Any) -> None:
        """Return when a buffer has been computed."""
        if self.processes:
            watched(_wait, buffer, self.processes)
        else:
            buffer.block_until_ready()

    def buffer(self, x: Any, place: Spread) -> Any:
        """The buffer of a value that lies anywhere, divided as a place says."""
        here = self.place_in(x)
        if here is None:
            return self._put(as_array(x)._npy, place)
        ndim = x.aval.ndim
        if here is place or here.sharding.is_equivalent_to(place.sharding, ndim):
            return x._buffer
        return self.process(sharding_constraint_p, (x,), {"sharding": place.sharding})._buffer

    def own_buffer(self, x: Any, place: Spread) -> Any:
        """A buffer of the value that nobody else knows, to be given away."""
        if self.place_in(x) is not None:
            return self.buffer(x, place)
        return self._put(np.array(as_array(x)._npy), place, own=True)

    def _put(self, x: np.ndarray, place: Spread, own: bool = False) -> Any:
        """The parts of a NumPy array, each on its device."""
        aval = ShapedArray(x.shape, x.dtype)
        moving("host_to_device", aval, host, place)
        typed = buffer_type(aval)
        index = place.sharding.devices_indices_map(x.shape)
        parts = [np.array(held_as(x[index[d]]), order="C", copy=own or None) for d in self.local]
        return xc.batched_device_put(
            typed,
            place.runtime_sharding(typed.ndim),
            parts,
            [d.place.device for d in self.local],
            enable_x64=True,
        )

    def put(self, x: Any, committed: bool) -> DeviceArray:
        """The array on each of the devices."""
        return self.everywhere.put(x, committed)

    def fetch(self, x: DeviceArray) -> np.ndarray:
        """The values on the host; arrays know how they lie."""
        return x._place.fetch(x)

    def start_fetch(self, x: DeviceArray) -> None:
        """Begin to copy the values to the host."""
        x._place.start_fetch(x)

    def copy(self, x: DeviceArray) -> DeviceArray:
        """The array with memory of its own."""
        return x._place.copy(x)

    def dlpack(self, x: DeviceArray, **options: Any) -> Any:
        """The array as a DLPack capsule, where its place has one."""
        return x._place.dlpack(x, **options)

    def from_dlpack(self, x: Any) -> DeviceArray:
        """DLPack knows arrays of one device only."""
        return self.everywhere.from_dlpack(x)

    def dlpack_device(self) -> tuple[int, int]:
        """DLPack knows arrays of one device only."""
        return self.everywhere.dlpack_device()

    def is_ready(self, x: DeviceArray) -> bool:
        """Whether the values are there."""
        return x._place.is_ready(x)

    def wait(self, x: DeviceArray) -> None:
        """Return when the values are there."""
        x._place.wait(x)

    def memory_stats(self) -> None:
        """Each device tells its own."""


def _wait(buffer: Any) -> None:
    buffer.block_until_ready()


_groups: list[Group] = []


@cache
def _group(devices: tuple[XlaDevice, ...]) -> Group:
    _groups.append(Group(devices))
    return _groups[-1]


def finish() -> None:
    """Return when all that this process has begun with others has been computed.

    DistributedError where one of them is gone.
    """
    for group in _groups:
        group.finish()
    for x in live_device_arrays():
        if isinstance(x._place, Spread) and not x.is_deleted():
            x._place.wait(x)


def group_of(mesh: Mesh) -> Device:
    """What computes on the devices of a mesh: one device alone is itself."""
    devices = mesh.flat
    if len(devices) == 1:
        return devices[0]
    own = [d for d in devices if isinstance(d, XlaDevice)]
    assert len(own) == len(devices)
    return _group(tuple(sorted(own, key=lambda d: d.id)))


@cache
def spread(sharding: Sharding) -> Any:
    """Where arrays of a sharding lie. An array whole on one device lies on that device.

    It is never forgotten: compiled calls know places by their identity.
    """
    if isinstance(sharding, SingleDeviceSharding) or sharding.num_devices == 1:
        return sharding.devices[0]
    assert isinstance(sharding, NamedSharding)
    group = group_of(sharding.mesh)
    assert isinstance(group, Group)
    return Spread(group, sharding)
