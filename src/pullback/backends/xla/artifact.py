"""Programs as portable modules, one a platform: written, kept and called again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..._native import ArrayImpl
from ...control.exported import Foreign, call_exported_p
from ...core.aval import ShapedArray
from ...core.ir import Jaxpr
from .device import devices
from .lower import lower
from .modules import portable, readable


@dataclass(frozen=True)
class Artifact(Foreign):
    """A program as StableHLO's portable bytes, by platform: cpu, cuda, tpu.

    anywhere: whether another platform, too, may take the first module.
    """

    name: str
    in_avals: tuple[ShapedArray, ...]
    out_avals: tuple[ShapedArray, ...]
    modules: tuple[tuple[str, bytes], ...]
    anywhere: bool = False

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.in_avals, self.out_avals, self.modules))

    def __hash__(self) -> int:
        return self._hash

    @property
    def platforms(self) -> tuple[str, ...]:
        """Where it can run."""
        return tuple(platform for platform, _ in self.modules)

    def text(self, platform: str) -> str:
        """The module for a platform. ValueError if it was not exported for it."""
        default = self.modules[0][1] if self.anywhere else None
        found = dict(self.modules).get(platform, default)
        if found is None:
            names = ", ".join(map(repr, self.platforms))
            raise ValueError(
                f"the exported {self.name} is for {names} and cannot run on {platform!r}: export it"
                f" with platforms=[{platform!r}], or with DisabledSafetyCheck.platform()"
            )
        return readable(found)

    def run(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The results, computed by XLA on the host's processor."""
        device = devices("xla")[0]
        args = [ArrayImpl(x, False) for x in arrays]
        outs = device.process(call_exported_p, args, {"program": self})
        return [device.fetch(out) for out in outs]


def artifact(jaxpr: Jaxpr, name: str, platforms: Sequence[str], anywhere: bool) -> Artifact:
    """A program as a portable module for each of some platforms."""
    modules: dict[str, bytes] = {}
    for platform in platforms:
        lowered = lower(jaxpr, name, (), platform)
        if lowered.callbacks:
            raise NotImplementedError(
                f"export: {name} calls functions of Python on {platform!r}, which cannot be"
                " exported: take callbacks and debug prints out of it"
            )
        modules[platform] = portable(lowered.text)
    avals = tuple(jaxpr.in_avals), tuple(jaxpr.out_avals)
    return Artifact(name, *avals, tuple(modules.items()), anywhere)
