"""Programs as data: variables, literals, equations and jaxprs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ..lazy import LazyModule
from .aval import ShapedArray
from .primitive import Effect, Primitive


class Var:
    """A value of a program, assigned once.

    >>> (x,) = pb.make_jaxpr(pnp.sin)(1.0).jaxpr.invars
    >>> x.aval
    ShapedArray(float32[], weak_type=True)
    """

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Var:{self.aval.str_short()}"


class Literal:
    """A scalar that stands in the program itself: `val` is a NumPy scalar array.

    >>> (eqn,) = pb.make_jaxpr(lambda x: x * 3.0)(1.0).eqns
    >>> float(eqn.invars[1].val)
    3.0
    """

    __slots__ = ("aval", "val")

    def __init__(self, val: Any, aval: ShapedArray) -> None:
        self.val = val
        self.aval = aval

    def __repr__(self) -> str:
        return f"Literal({self.val})"


Atom = Var | Literal

# Text and passes are made of programs, not the other way round: loaded when one is asked for.
_text: Any = LazyModule(f"{__package__}.show")
_passes: Any = LazyModule(f"{__package__}.rewrite")


class JaxprEqn:
    """One operation: results = primitive(inputs, parameters), and the user's line.

    >>> (eqn,) = pb.make_jaxpr(pnp.sin)(1.0).eqns
    >>> eqn.primitive, eqn.outvars[0].aval
    (sin, ShapedArray(float32[], weak_type=True))
    """

    __slots__ = ("invars", "key", "line", "outvars", "params", "primitive")

    def __init__(
        self,
        primitive: Primitive,
        invars: Sequence[Atom],
        outvars: Sequence[Var],
        params: dict[str, Any],
        line: Any = None,
    ) -> None:
        self.primitive = primitive
        self.invars = list(invars)
        self.outvars = list(outvars)
        self.params = params
        self.line = line
        # What `structure.params_key` has found.
        self.key: tuple[Any, ...] | None = None

    def replace(self, **changes: Any) -> "JaxprEqn":
        """A copy with some fields changed."""
        find = changes.get
        new = JaxprEqn(
            find("primitive", self.primitive),
            find("invars", self.invars),
            find("outvars", self.outvars),
            find("params", self.params),
            find("line", self.line),
        )
        if new.params is self.params:
            new.key = self.key
        return new

    def __repr__(self) -> str:
        return f"{self.outvars} = {self.primitive.name} {self.invars}"


class Jaxpr:
    """A typed program. `constvars` are its captured values; programs inside parameters have none.

    Two programs are one if they are the same object; `core.structure` compares contents.

    >>> pb.make_jaxpr(lambda x: pnp.sin(x) * 2)(1.0).jaxpr
    { lambda ; a:f32[]. let b:f32[] = sin a; c:f32[] = mul b 2.0:f32[] in (c,) }
    """

    __slots__ = ("__weakref__", "constvars", "eqns", "invars", "outvars")

    def __init__(
        self,
        constvars: Sequence[Var],
        invars: Sequence[Var],
        outvars: Sequence[Atom],
        eqns: Sequence[JaxprEqn],
    ) -> None:
        self.constvars = list(constvars)
        self.invars = list(invars)
        self.outvars = list(outvars)
        self.eqns = list(eqns)

    @property
    def in_avals(self) -> list[ShapedArray]:
        """The types of the arguments."""
        return [v.aval for v in self.invars]

    @property
    def out_avals(self) -> list[ShapedArray]:
        """The types of the results."""
        return [v.aval for v in self.outvars]

    @property
    def jaxpr(self) -> "Jaxpr":
        """Itself: programs inside parameters capture nothing, so they are closed."""
        return self

    @property
    def consts(self) -> Sequence[Any]:
        """The captured values of a program inside parameters: none."""
        assert not self.constvars
        return ()

    @property
    def effects(self) -> frozenset[Effect]:
        """What running the program does besides computing results."""
        return _passes.effects(self)

    def __repr__(self) -> str:
        return _text.show(self)

    def pretty_print(self, *, use_color: bool = False, width: int = 80) -> str:
        """The program as text, in lines of at most this width where that is possible.

        Args:
          use_color: accepted; the text has no colours.

        >>> pb.make_jaxpr(pnp.sin)(1.0).pretty_print(use_color=False)
        '{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }'
        """
        return _text.show(self, width=width)

    def replace(self, **changes: Any) -> "Jaxpr":
        """A copy with some fields changed."""
        fields = {n: getattr(self, n) for n in ("constvars", "invars", "outvars", "eqns")}
        return Jaxpr(**{**fields, **changes})


@dataclass(frozen=True, eq=False)
class ClosedJaxpr:
    """A program with the values of its `constvars`.

    >>> closed = pb.make_jaxpr(lambda x: x + np.arange(2))(np.zeros(2, np.int32))
    >>> isinstance(closed, pb.ClosedJaxpr), closed.in_avals
    (True, [ShapedArray(int32[2])])
    """

    jaxpr: Jaxpr
    consts: Sequence[Any]

    @property
    def in_avals(self) -> list[ShapedArray]:
        """The types of the arguments."""
        return self.jaxpr.in_avals

    @property
    def out_avals(self) -> list[ShapedArray]:
        """The types of the results."""
        return self.jaxpr.out_avals

    @property
    def constvars(self) -> list[Var]:
        """The variables of the captured values."""
        return self.jaxpr.constvars

    @property
    def invars(self) -> list[Var]:
        """The variables of the arguments."""
        return self.jaxpr.invars

    @property
    def outvars(self) -> list[Atom]:
        """The results."""
        return self.jaxpr.outvars

    @property
    def eqns(self) -> list[JaxprEqn]:
        """The operations in order."""
        return self.jaxpr.eqns

    @property
    def literals(self) -> Sequence[Any]:
        """JAX's name of `consts`."""
        return self.consts

    @property
    def effects(self) -> frozenset[Effect]:
        """What running the program does besides computing results."""
        return self.jaxpr.effects

    def pretty_print(self, *, use_color: bool = False, width: int = 80) -> str:
        """The program as text: see `Jaxpr.pretty_print`."""
        return self.jaxpr.pretty_print(use_color=use_color, width=width)

    def replace(self, **changes: Any) -> "ClosedJaxpr":
        """A copy with another program or other values."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        return _text.show(self)


def mesh_of(jaxpr: Jaxpr) -> Any:
    """The first mesh that a program divides values along, or None."""
    return next(_meshes(jaxpr), None)


def _meshes(jaxpr: Jaxpr) -> Iterator[Any]:
    for eqn in jaxpr.eqns:
        params = eqn.params
        sharding = params.get("sharding") or getattr(params.get("device"), "sharding", None)
        found = params.get("mesh") or getattr(sharding, "mesh", None)
        if found is not None:
            yield found
        elif eqn.primitive.higher:
            for inner in subjaxprs(eqn):
                yield from _meshes(inner)


def subjaxprs(eqn: JaxprEqn) -> Iterator[Jaxpr]:
    """The programs that an operation holds in its parameters."""
    for value in eqn.params.values():
        for item in cast(Sequence[Any], value) if isinstance(value, (tuple, list)) else (value,):
            if isinstance(item, Jaxpr):
                yield item
