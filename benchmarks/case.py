"""What a benchmark case is: data only, it knows no library and no clock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Call = Callable[[], Any]
Build = Callable[[Any], Call]


@dataclass(frozen=True)
class Rival:
    """What Pullback is measured against, and the most that the ratio of the times may be."""

    name: str
    library: str
    at_most: float | None
    build: Build | None = None  # the case's own, unless the rival runs another program


@dataclass(frozen=True)
class Place:
    """What the processes of a case are like: its float width, the devices of XLA in each process
    (0: the library's own default) and how many processes there are together."""

    x64: bool
    devices: int
    processes: int


@dataclass(frozen=True)
class Case:
    """One program. `build(xp)` returns the call to time, which blocks until its result is there.

    `xp` holds a library's modules and functions under JAX's names (`xp.np` is its `numpy`), so one
    source runs on every library. With `first`, each sample is the first call of a fresh process;
    with `memory`, such a call's peak memory is measured too. A case that divides its program says
    on how many devices of each of how many processes it runs; with `device_bytes`, its calls tell
    by a method of this name what they hold on each device.
    """

    name: str
    group: str
    build: Build
    rivals: tuple[Rival, ...]
    first: bool = False
    memory: bool = False
    device_bytes: bool = False
    x64: bool = False
    devices: int = 0
    processes: int = 1

    @property
    def place(self) -> Place:
        """The processes that can run it."""
        return Place(self.x64, self.devices, self.processes)


def jax(at_most: float | None) -> Rival:
    """The same program on JAX."""
    return Rival("jax", "jax", at_most)


def numpy(build: Build, at_most: float | None = None) -> Rival:
    """The program as written for NumPy alone."""
    return Rival("numpy", "numpy", at_most, build)


def own(name: str, build: Build, at_most: float) -> Rival:
    """Another program on Pullback itself, such as the forward pass of a gradient."""
    return Rival(name, "pullback", at_most, build)
