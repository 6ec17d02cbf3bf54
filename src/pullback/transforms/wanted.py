"""What is to become of an argument's gradient: what `vjp(...)[1].with_refs` takes and returns."""

from dataclasses import dataclass

from ..tree.nodes import register_node


@dataclass(frozen=True, slots=True)
class GradValue:
    """The gradient is returned.

    >>> pb.ad.GradValue()
    GradValue()
    """


@dataclass(frozen=True, slots=True)
class DontWant:
    """The gradient is not wanted.

    >>> pb.ad.DontWant()
    DontWant()
    """


@dataclass(frozen=True, slots=True)
class GradRef:
    """Stands where a gradient has been added to a mutable array.

    >>> pb.tree.leaves(pb.ad.GradRef())
    []
    """


@dataclass(frozen=True, slots=True)
class DidntWant:
    """Stands where a gradient was not wanted.

    >>> pb.tree.leaves(pb.ad.DidntWant())
    []
    """


for _kind in (GradRef, DidntWant):
    register_node(_kind, lambda _: ((), None), lambda _, __, kind=_kind: kind())
