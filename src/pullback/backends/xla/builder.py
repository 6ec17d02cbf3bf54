"""Programs to StableHLO: walks equations, asks the table of rules, keeps what functions share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...core.aval import Shape, make_aval
from ...core.device import Device
from ...core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from ...core.mesh import Mesh
from ...core.rewrite import effects
from ...core.stage import stage_hoisted
from ...core.structure import Structure, structure
from ...dtypes import DType
from . import hlo
from .hlo import Tensor, Value, tensor
from .shardy import mesh_text

# rule(builder, result types, *operands, **parameters) -> a value, or a list of them
Rule = Callable[..., Any]
Table = dict[str, Rule]
# Constants of more elements than this are written by their bytes.
MOST_LISTED = 64


@dataclass(frozen=True)
class Rules:
    """How operations are written.

    operations: by name. opaque: those with random keys among their operands or results.
    platforms: those that one platform has. otherwise: writes what no rule is there for.
    """

    operations: Table
    opaque: Table
    platforms: dict[str, Table]
    otherwise: Callable[["Builder", JaxprEqn, Sequence[Value]], list[Value]]

    def find(self, eqn: JaxprEqn, platform: str) -> Rule | None:
        """The rule of an equation."""
        name = eqn.primitive.name
        if any(v.aval.dtype in dtypes.KEY_DTYPES for v in (*eqn.invars, *eqn.outvars)):
            found = self.opaque.get(name)
            if found is not None:
                return found
        return self.operations.get(name) or self.platforms[platform].get(name)


# The axis of a mesh that nobody has made.
UNNAMED = ("_",)


@dataclass
class Module:
    """What the functions of one module share."""

    rules: Rules
    platform: str
    # The devices of a program that is divided among several, in their order.
    devices: tuple[Device, ...] = ()
    meshes: dict[Mesh, str] = field(default_factory=dict)
    alone: list[str] = field(default_factory=list)
    # How many collectives there are.
    channels: int = 0
    functions: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    callbacks: list[Callable[..., Any]] = field(default_factory=list)
    called: dict[Structure, str] = field(default_factory=dict)
    imported: dict[Any, str] = field(default_factory=dict)

    def name(self, wanted: str) -> str:
        """A free name of a function that resembles the wanted one."""
        base = "".join([ch if ch.isalnum() or ch in "_." else "_" for ch in wanted]) or "f"
        name, k = base, 0
        while name in self.names:
            name, k = f"{base}_{k}", k + 1
        self.names.add(name)
        return name

    def mesh(self, devices: Sequence[Device]) -> Mesh:
        """The first mesh of the module, or one of all devices."""
        return next(iter(self.meshes), None) or Mesh(list(devices), UNNAMED)

    def known_meshes(self) -> tuple[Mesh, ...]:
        """The meshes by whose axes results are described: the user's own first."""
        return tuple(sorted(self.meshes, key=lambda mesh: mesh.axis_names == UNNAMED))

    def mesh_name(self, mesh: Mesh) -> str:
        """What the text calls a mesh."""
        if mesh not in self.meshes:
            if {*mesh.flat} != {*self.devices}:
                raise ValueError(
                    "a program uses one set of devices in all its meshes, got a mesh of"
                    f" {list(mesh.flat)} in a program on {list(self.devices)}"
                )
            self.meshes[mesh] = f"mesh_{len(self.meshes)}"
        return self.meshes[mesh]

    def first_device(self) -> str:
        """What the text calls the mesh of the first device alone."""
        self.alone = ["  sdy.mesh @alone = <[], device_ids=[0]>"]
        return "alone"

    def declarations(self) -> list[str]:
        """The lines that declare the meshes."""
        named = [mesh_text(mesh, name, self.devices) for mesh, name in self.meshes.items()]
        return [*named, *self.alone]

    def function(self, jaxpr: Jaxpr, wanted: str) -> str:
        """The name of a private function of a program; equal programs share one."""
        key = structure(jaxpr)
        if key not in self.called:
            self.called[key] = name = self.name(wanted)
            self.functions.append(function_text(self, jaxpr, name, "private"))
        return self.called[key]


def function_text(
    module: Module,
    jaxpr: Jaxpr,
    name: str,
    visibility: str,
    marks: Sequence[Sequence[str]] = (),
    results: Sequence[Sequence[str]] = (),
) -> str:
    """A function of a program; attributes of arguments and results are given for all or none."""
    b = Builder(module)
    args = [Value(f"%arg{k}", tensor(v.aval)) for k, v in enumerate(jaxpr.invars)]
    marks = marks or [()] * len(args)
    ordered = visibility == "private" and bool(effects(jaxpr))
    if ordered:
        b.order = Value("%order", ORDER)
    outs = b.run(jaxpr, args)
    if ordered:
        args, marks, outs = [*args, Value("%order", ORDER)], [*marks, ()], [*outs, b.ordering()]
    pairs = zip(args, marks, strict=True)
    listed = ", ".join([f"{a.name}: {a.type}{hlo.marks_text(m)}" for a, m in pairs])
    types = [o.type for o in outs]
    ends = f" : {', '.join(map(str, types))}" if types else ""
    pairs = zip(types, results or [()] * len(types), strict=True)
    gives = ", ".join([f"{t}{hlo.marks_text(m)}" for t, m in pairs])
    head = f"  func.func {visibility} @{name}({listed}) -> ({gives}) {{"
    last = f"    return {hlo.names_text(outs)}{ends}".rstrip()
    return "\n".join([head, *b.text.lines, last, "  }"])


class Manual(NamedTuple):
    """The axes of a mesh along which a program is written for one device, and the values that say
    where it is along each."""

    mesh: Mesh
    axes: tuple[Any, ...]
    index: dict[Any, Value]


# What an operation with an effect takes from the one before it, so that their order is kept.
ORDER = Tensor((), dtypes.bool_)


class Builder:
    """Writes the operations of one function."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.text = hlo.Text()
        # The mesh along whose axes this is the program of one device, and these axes.
        self.manual: Manual | None = None
        # What the last operation with an effect gave.
        self.order: Value | None = None

    def ordering(self) -> Value:
        """What the next operation with an effect takes."""
        return self.order or self.constant(False, dtypes.bool_)

    # Programs

    def run(self, jaxpr: Jaxpr, args: Sequence[Value]) -> list[Value]:
        """Write a program's operations; its results."""
        assert not jaxpr.constvars
        env: dict[Var, Value] = dict(zip(jaxpr.invars, args, strict=True))
        for eqn in jaxpr.eqns:
            ins = [self.read(env, v) for v in eqn.invars]
            outs = self.equation(eqn, ins)
            for v, out in zip(eqn.outvars, outs, strict=True):
                assert out.type == tensor(v.aval), (eqn.primitive, out.type, v.aval)
                env[v] = out
        return [self.read(env, v) for v in jaxpr.outvars]

    def read(self, env: dict[Var, Value], atom: Atom) -> Value:
        """The value of a variable or literal."""
        if isinstance(atom, Literal):
            return self.constant(np.asarray(atom.val), tensor(atom.aval).dtype)
        return env[atom]

    def equation(self, eqn: JaxprEqn, ins: Sequence[Value]) -> list[Value]:
        """Write one operation by its rule, or as the program that it stands for."""
        rule = self.module.rules.find(eqn, self.module.platform)
        if rule is not None:
            outs = rule(self, [tensor(v.aval) for v in eqn.outvars], *ins, **eqn.params)
            return [outs] if isinstance(outs, Value) else outs
        body = eqn.primitive.inline(eqn) if eqn.primitive.inline is not None else None
        if body is not None:
            return self.run(body, ins)
        return self.module.rules.otherwise(self, eqn, ins)

    def call(self, jaxpr: Jaxpr, name: str, args: Sequence[Value]) -> list[Value]:
        """Call a program as a function of its own, which equal programs share.

        What is one device's program stays in one piece: functions know no axes.
        """
        if self.manual is not None:
            return self.run(jaxpr, args)
        function = self.module.function(jaxpr, name)
        types = [tensor(a) for a in jaxpr.out_avals]
        ordered = bool(effects(jaxpr))
        if ordered:
            args, types = [*args, self.ordering()], [*types, ORDER]
        left, outs = self.text.results(types)
        ends = f"{hlo.types_text([a.type for a in args])} -> {hlo.types_text(types)}"
        self.text.line(f"{left}func.call @{function}({hlo.names_text(args)}) : {ends}")
        if ordered:
            *outs, self.order = outs
        return outs

    def composed(self, name: str, f: Callable[..., Any], *args: Value) -> list[Value]:
        """Call a function that is written in the library's operations."""

        def flat(*xs: Any) -> Sequence[Any]:
            out = f(*xs)
            return out if isinstance(out, (list, tuple)) else [out]

        avals = [make_aval(a.dtype, a.shape, False) for a in args]
        jaxpr, consts = stage_hoisted(flat, avals)
        captured = [self.array(np.asarray(c)) for c in consts]
        return self.call(jaxpr, name, [*captured, *args])

    def region(self, types: Sequence[Tensor], body: Callable[..., Any]) -> list[str]:
        """A region of an operation: `body` maps its arguments to a value or a list."""

        def listed(*args: Value) -> Sequence[Value]:
            outs = body(*args)
            return [outs] if isinstance(outs, Value) else outs

        return self.text.region(types, listed)

    # Operations

    def op(
        self,
        name: str,
        args: Sequence[Value],
        types: Sequence[Tensor],
        regions: Sequence[Sequence[str]] = (),
        **attributes: str,
    ) -> list[Value]:
        """An operation with any number of results; stablehlo's where no dialect is named."""
        return self.text.generic(_full(name), args, types, regions, attributes)

    def one(
        self,
        name: str,
        args: Sequence[Value],
        out: Tensor,
        regions: Sequence[Sequence[str]] = (),
        **attributes: str,
    ) -> Value:
        """An operation with one result."""
        return self.op(name, args, [out], regions, **attributes)[0]

    def same(self, name: str, *args: Value) -> Value:
        """An operation on values of one type that gives another such value."""
        assert all(a.type == args[0].type for a in args), (name, args)
        if "." in name:
            return self.one(name, args, args[0].type)
        return self.text.same(_full(name), args)

    def constant(self, value: Any, dtype: DType, shape: Shape = ()) -> Value:
        """An array filled with a number."""
        with np.errstate(all="ignore"):
            number = np.asarray(value).astype(dtype)
        return self._filled(hlo.element(number[()], dtype), Tensor(shape, dtype))

    def _filled(self, element: str, out: Tensor) -> Value:
        """A constant of equal elements, written once in a block."""
        known = self.text.known
        if (element, out) not in known:
            known[element, out] = value = self._dense(element, out)
            self.text.fills[value.name] = element
        return known[element, out]

    def like(self, x: Value, value: Any) -> Value:
        """An array filled with a number, of the type of x."""
        return self.constant(value, x.dtype, x.shape)

    def array(self, values: np.ndarray) -> Value:
        """An array of known elements."""
        out = Tensor(values.shape, values.dtype)
        if values.size == 0:
            return self.constant(0, out.dtype, out.shape)
        if values.size <= MOST_LISTED:
            return self._dense(hlo.nested(values, values.dtype), out)
        bits = hlo.packed(values)
        if bits.dtype != values.dtype:
            return self.convert(self.array(bits), values.dtype)
        return self._dense(hlo.raw(values), out)

    def _dense(self, elements: str, out: Tensor) -> Value:
        left, (value,) = self.text.results([out])
        self.text.line(f"{left}stablehlo.constant dense<{elements}> : {out}")
        return value

    def broadcast(self, x: Value, shape: Shape, dims: Sequence[int] = ()) -> Value:
        """Axis k of x at axis dims[k] of the result, repeated along the others."""
        if x.shape == shape and list(dims) == list(range(len(shape))):
            return x
        out = Tensor(tuple(shape), x.dtype)
        return self.one("broadcast_in_dim", [x], out, broadcast_dimensions=hlo.ints(dims))

    def spread(self, x: Value, shape: Shape) -> Value:
        """A scalar as an array of this shape; others as they are."""
        if x.shape == shape:
            return x
        element = self.text.fills.get(x.name)
        out = Tensor(shape, x.dtype)
        return self.broadcast(x, shape) if element is None else self._filled(element, out)

    def reshape(self, x: Value, shape: Shape) -> Value:
        """The elements of x in another shape."""
        return x if x.shape == shape else self.one("reshape", [x], Tensor(tuple(shape), x.dtype))

    def transpose(self, x: Value, permutation: Sequence[int]) -> Value:
        """Axis k of the result is axis permutation[k] of x."""
        if list(permutation) == list(range(x.ndim)):
            return x
        out = Tensor(tuple([x.shape[p] for p in permutation]), x.dtype)
        return self.one("transpose", [x], out, permutation=hlo.ints(permutation))

    def convert(self, x: Value, dtype: DType) -> Value:
        """x in another dtype, as XLA converts."""
        if x.dtype == dtype:
            return x
        return self.one("convert", [x], Tensor(x.shape, dtype))

    def iota(self, dtype: DType, shape: Shape, dimension: int) -> Value:
        """Indices along an axis."""
        return self.one("iota", [], Tensor(shape, dtype), iota_dimension=hlo.int64(dimension))

    def compare(self, direction: str, x: Value, y: Value, total: bool = False) -> Value:
        """A comparison: EQ, NE, LT, LE, GT or GE; of floats in the total order on request."""
        assert x.type == y.type, (direction, x, y)
        kind = dtypes.kind(x.dtype)
        ordered = {"signed": "SIGNED", "unsigned": "UNSIGNED", "bool": "UNSIGNED"}
        how = ordered.get(kind, "TOTALORDER" if total else "FLOAT")
        return self.one(
            "compare",
            [x, y],
            Tensor(x.shape, dtypes.bool_),
            comparison_direction=f"#stablehlo<comparison_direction {direction}>",
            compare_type=f"#stablehlo<comparison_type {how}>",
        )

    def select(self, condition: Value, on_true: Value, on_false: Value) -> Value:
        """Elements of one array where the condition holds, of the other elsewhere."""
        return self.one("select", [condition, on_true, on_false], on_true.type)


def _full(name: str) -> str:
    return name if "." in name else f"stablehlo.{name}"


def table() -> tuple[Table, Callable[..., Callable[[Rule], Rule]]]:
    """A family's rules by name, and the decorator that adds one under some names."""
    rules: Table = {}

    def rule(*names: str) -> Callable[[Rule], Rule]:
        def register(f: Rule) -> Rule:
            for name in names:
                assert name not in rules, name
                rules[name] = f
            return f

        return register

    return rules, rule
