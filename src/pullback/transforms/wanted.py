"""What is to become of an argument's gradient: what `vjp(...)[1].with_refs` takes and returns."""

from ..tree.nodes import register_node


class Mark:
    """One of the answers. Those of a kind are equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class GradValue(Mark):
    """The gradient is returned.

    >>> pb.ad.GradValue()
    GradValue()
    """

    __slots__ = ()


class DontWant(Mark):
    """The gradient is not wanted.

    >>> pb.ad.DontWant()
    DontWant()
    """

    __slots__ = ()


class GradRef(Mark):
    """Stands where a gradient has been added to a mutable array.

    >>> pb.tree.leaves(pb.ad.GradRef())
    []
    """

    __slots__ = ()


class DidntWant(Mark):
    """Stands where a gradient was not wanted.

    >>> pb.tree.leaves(pb.ad.DidntWant())
    []
    """

    __slots__ = ()


for _kind in (GradRef, DidntWant):
    register_node(_kind, lambda _: ((), None), lambda _, __, kind=_kind: kind())
