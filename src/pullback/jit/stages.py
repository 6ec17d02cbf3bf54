"""Ahead of time: a function traced, lowered and compiled in steps that can be looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from .. import dtypes, tree
from .._native import DeviceArray, DeviceProgram, Executable, JitFunction, is_traced
from ..backends import devices
from ..core.abstract_mesh import AbstractMesh
from ..core.aval import ShapedArray, same_type, type_name
from ..core.device import Remote, host
from ..core.ir import ClosedJaxpr, Jaxpr, mesh_of
from ..core.rewrite import simplify
from ..core.sharding import NamedSharding, format_of, place_of
from ..core.show import show
from ..core.symbolic import check_known
from ..core.trace import Tracer
from ..lazy import LazyModule
from ..transforms.cells import refuse
from ..transforms.flat import arguments, paths_of_call
from ..transforms.make_jaxpr import ShapeDtypeStruct, abstract
from ..tree import PyTreeDef
from . import cost, executable
from .codes import DeviceCode, HostCode
from .miss import Miss, check_hashable, convert

PACKAGE = __name__.partition(".")[0]
pipeline: Any = LazyModule(f"{PACKAGE}.backends.cpu.pipeline")
loop_text: Any = LazyModule(f"{PACKAGE}.backends.cpu.show")
xla: Any = LazyModule(f"{PACKAGE}.backends.xla.lower")
modules: Any = LazyModule(f"{PACKAGE}.backends.xla.modules")

CompilerOptions = dict[str, str | bool]
# What XLA calls the platforms that it calls otherwise.
TARGETS = {"xla": "cpu"}


@dataclass(frozen=True, slots=True)
class ArgInfo:
    """The type of an argument, and whether its memory is given up.

    >>> lowered = pb.jit(lambda x: x + 1, donate_argnums=0).lower(np.ones(2, np.float32))
    >>> lowered.args_info[0][0].shape, lowered.args_info[0][0].donated
    ((2,), True)
    """

    _aval: ShapedArray
    donated: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self._aval.shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the elements."""
        return self._aval.dtype


@dataclass(frozen=True)
class Signature:
    """A function at one signature: its program, the structures of arguments and results."""

    traced: executable.Traced
    in_tree: PyTreeDef
    donated: tuple[int, ...]
    device: Remote | None = None
    options: tuple[tuple[str, Any], ...] = ()
    places: Sequence[Any] = ()

    @property
    def avals(self) -> list[ShapedArray]:
        """The types of the arguments' leaves."""
        invars = self.traced.jaxpr.invars
        return [v.aval for v in invars[: len(invars) - len(self.traced.consts)]]


class Stage:
    """What all stages know: the types of arguments and results."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature

    @property
    def in_tree(self) -> PyTreeDef:
        """The structure of the pair (positional arguments, keyword arguments)."""
        return self._signature.in_tree

    @property
    def out_tree(self) -> PyTreeDef:
        """The structure of the result."""
        return self._signature.traced.out_tree

    @property
    def in_avals(self) -> Any:
        """The types of the arguments, in their structure."""
        return self.in_tree.unflatten(self._signature.avals)

    @property
    def out_avals(self) -> Any:
        """The types of the results, in their structure."""
        return self.out_tree.unflatten(self._signature.traced.jaxpr.out_avals)

    @property
    def args_info(self) -> Any:
        """The `ArgInfo` of each argument, in their structure."""
        donated = self._signature.donated
        infos = [ArgInfo(a, i in donated) for i, a in enumerate(self._signature.avals)]
        return self.in_tree.unflatten(infos)

    @property
    def out_info(self) -> Any:
        """The `ShapeDtypeStruct` of each result, in their structure."""
        avals = self._signature.traced.jaxpr.out_avals
        return self.out_tree.unflatten(
            [ShapeDtypeStruct(a.shape, a.dtype, weak_type=a.weak_type) for a in avals]
        )

    @property
    def donate_argnums(self) -> tuple[int, ...]:
        """The leaves whose memory is given up, by position."""
        return self._signature.donated


class Traced(Stage):
    """A function as a program, for arguments of given types: what `jit(f).trace(*args)` returns.

    >>> traced = pb.jit(lambda x: x + 1).trace(1.0)
    >>> traced.out_info
    ShapeDtypeStruct(shape=(), dtype=float32, weak_type=True)
    """

    @property
    def jaxpr(self) -> ClosedJaxpr:
        """The program, with the values it captured."""
        jaxpr, consts = self._signature.traced.jaxpr, self._signature.traced.consts
        n = len(jaxpr.invars) - len(consts)
        own = jaxpr.replace(constvars=jaxpr.invars[n:], invars=jaxpr.invars[:n])
        return ClosedJaxpr(own, consts)

    @property
    def fun_name(self) -> str:
        """The name of the function."""
        return self._signature.traced.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function compiled and called, without the static arguments."""
        return self.lower().compile()(*args, **kwargs)

    def lower(self, *, lowering_platforms: Sequence[str] | None = None) -> "Lowered":
        """The program as the compiler takes it.

        Args:
          lowering_platforms: one platform, as in ("cuda",), whose StableHLO is wanted, whether or
            not there is such a device; None: that of the device where the function runs.

        Raises:
          ValueError: the function uses a value of a transformation around it, or there is no such
            platform.
        """
        platforms = lowering_platforms and tuple(map(devices.platform_name, lowering_platforms))
        if platforms is not None and len(platforms) != 1:
            raise NotImplementedError(
                f"lower: lowering_platforms must be one platform, got {lowering_platforms!r}"
            )
        for value in self._signature.traced.consts:
            if isinstance(value, Tracer):
                raise ValueError(
                    f"lower: {self.fun_name} uses {value.describe()} of a transformation around"
                    " it: pass it as an argument"
                )
        return Lowered(self._signature, platforms[0] if platforms else None)


@dataclass(frozen=True)
class Dialect:
    """A form of lowered programs: how it is made, and how it is written."""

    make: Callable[["Lowered"], Any]
    write: Callable[[Any], str]


# The forms of a lowered program, by the name that `as_text` takes.
DIALECTS: dict[str, Dialect] = {
    "jaxpr": Dialect(lambda lowered: lowered.program, show),
    "loops": Dialect(
        lambda lowered: pipeline.build(lowered.program)[2],
        lambda program: loop_text.program(program),
    ),
    "stablehlo": Dialect(lambda lowered: lowered.module().text, str),
    "hlo": Dialect(
        lambda lowered: modules.hlo(lowered.module().text), lambda module: module.as_hlo_text()
    ),
}


class Lowered(Stage):
    """A program ready to be compiled: what `jit(f).lower(*args)` returns.

    >>> lowered = pb.jit(lambda x: x + 1).lower(1.0)
    >>> lowered.out_info
    ShapeDtypeStruct(shape=(), dtype=float32, weak_type=True)
    """

    def __init__(self, signature: Signature, platform: str | None = None) -> None:
        super().__init__(signature)
        device = signature.device or host
        self.platform = platform or device.platform
        executable.check_donated(signature.traced, signature.donated)

    @cached_property
    def program(self) -> Jaxpr:
        """The simplified program."""
        return simplify(self._signature.traced.jaxpr)

    def module(self) -> Any:
        """The program in StableHLO, with the functions that it calls back."""
        signature, target = self._signature, TARGETS.get(self.platform, self.platform)
        traced, device, division = signature.traced, signature.device, None
        if device is not None and device.platform == self.platform:
            division = device.division(signature.places, len(traced.jaxpr.invars))
        return xla.lower(traced.jaxpr, traced.name, signature.donated, target, division)

    def as_text(self, dialect: str | None = None, *, debug_info: bool = False) -> str:
        """The program as text, for people to read.

        Args:
          dialect: "jaxpr", the simplified program; "loops", the loops that are made of it before
            they are fused and scheduled (the default on the CPU); "stablehlo", what XLA takes (the
            default elsewhere); "hlo", what XLA makes of that before its passes.
          debug_info: accepted; has no effect.
        """
        return self._dialect(dialect).write(self.compiler_ir(dialect))

    def compiler_ir(self, dialect: str | None = None) -> Any:
        """The program as the compiler's own data; see `as_text`."""
        return self._dialect(dialect).make(self)

    def _dialect(self, name: str | None) -> Dialect:
        usual = "loops" if self.platform == host.platform else "stablehlo"
        found = DIALECTS.get(usual if name is None else name)
        if found is None:
            known = ", ".join(map(repr, DIALECTS))
            raise ValueError(f"lowered: no dialect {name!r}; the dialects are {known}")
        return found

    def cost_analysis(self) -> dict[str, float]:
        """What the program costs if every operation reads and writes memory.

        Returns:
          "flops", additions and multiplications counted as one each; "transcendentals", calls of
          functions such as exp; "bytes accessed". A loop of unknown length counts once.
        """
        return cost.analysis(self.program)

    def compile(
        self,
        compiler_options: CompilerOptions | None = None,
        *,
        device_assignment: Any = None,
    ) -> "Compiled":
        """Native code of the program.

        Args:
          compiler_options: switches of XLA by name, as in {"xla_gpu_deterministic_ops": True}, on
            the devices that it compiles for. The CPU's own compiler has none.
          device_assignment: None: there is one device.
        """
        check_known("compile", self.program.in_avals)
        device = self._device()
        compiler_options = dict(self._signature.options) | (compiler_options or {})
        if compiler_options and device is None:
            raise NotImplementedError(
                f"compile: there are no compiler options on the CPU, got {compiler_options!r}"
            )
        if device_assignment is not None:
            raise NotImplementedError("compile: leave device_assignment out: there is one device")
        return Compiled(replace(self._signature, device=device), compiler_options)

    def _device(self) -> Remote | None:
        """Where the program is to run."""
        device = self._signature.device or host
        if self.platform != device.platform:
            device = devices.devices(self.platform)[0]
        return device if isinstance(device, Remote) else None


class Compiled(Stage):
    """Native code for arguments of given types: what `jit(f).lower(*args).compile()` returns.

    It is called like the function, without the static arguments, and neither traces nor compiles.

    >>> compiled = pb.jit(lambda x: x + 1).lower(1.0).compile()
    >>> compiled(2.0)
    Array(3., dtype=float32, weak_type=True)
    """

    def __init__(self, signature: Signature, options: CompilerOptions) -> None:
        super().__init__(signature)
        traced, donated, device = signature.traced, signature.donated, signature.device
        self._code = (
            HostCode(traced, donated)
            if device is None
            else DeviceCode(traced, donated, device, options, signature.places)
        )
        self._run = self._code.run
        self._call = JitFunction(Compiled.__call__, self._unseen, convert, (), (), tree.NAMESPACE)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def _unseen(
        self, _: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Executable | DeviceProgram | None, Any]:
        """What a call does whose types were not checked before."""
        leaves = self._checked(args, kwargs)
        if not is_traced():
            return self._run, None
        return None, self.out_tree.unflatten(self._run(leaves))

    def _checked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The leaves of a call, which must have the types that the code is for."""
        name = self._signature.traced.name
        leaves, in_tree = arguments((args, kwargs), f"compiled {name}", paths=paths_of_call)
        if in_tree != self.in_tree:
            raise TypeError(
                f"compiled {name}: called with arguments of the structure {in_tree}; it was"
                f" compiled for {self.in_tree}. Leave static arguments out"
            )
        for leaf, aval in zip(leaves, self._signature.avals, strict=True):
            if isinstance(leaf, Tracer) or not same_type(leaf.aval, aval):
                self._refuse(leaves, (args, kwargs))
        self._check_places(leaves)
        return leaves

    def _check_places(self, leaves: list[Any]) -> None:
        """Raise unless the arguments can be read where the code runs."""
        device = self._signature.device
        for leaf in leaves:
            moves = device is not None and not getattr(leaf, "committed", False)
            if type(leaf) is DeviceArray and leaf._place.group is not device and not moves:
                raise ValueError(
                    f"compiled {self._signature.traced.name}: an argument lies on {leaf._place}; it"
                    f" was compiled for {device or host}. Move it with device_put"
                )

    def _refuse(self, leaves: list[Any], args: Any) -> None:
        """Raise, naming the leaves that do not fit."""
        name = self._signature.traced.name
        if any(isinstance(x, Tracer) for x in leaves):
            raise TypeError(
                f"compiled {name}: a compiled function cannot be transformed; transform the"
                " function first, and compile the result"
            )
        wrong = [
            f"{_place(path)} is {type_name(leaf.aval)}, wanted {type_name(aval)}"
            for path, leaf, aval in zip(
                tree.paths(args), leaves, self._signature.avals, strict=True
            )
            if not same_type(leaf.aval, aval)
        ]
        raise TypeError(
            f"compiled {name}: argument types differ from those it was compiled for:"
            f" {'; '.join(wrong)}. Convert the arguments, or call the jitted function"
        )

    def as_text(self) -> str:
        """The program as its compiler left it: LLVM text; HLO where XLA compiled it."""
        return self._code.as_text()

    def cost_analysis(self) -> dict[str, float]:
        """As `Lowered.cost_analysis`, of the program as it was compiled."""
        return self._code.cost_analysis()

    def memory_analysis(self) -> Any:
        """The sizes of arguments, results, temporaries and code, in bytes."""
        return self._code.memory_analysis()

    @property
    def input_shardings(self) -> Any:
        """How each argument is divided, in the structure of (arguments, keyword arguments).

        None for arguments that the program does not use.
        """
        ins, _ = self._code.shardings(self.in_tree.num_leaves)
        return self.in_tree.unflatten(ins)

    @property
    def output_shardings(self) -> Any:
        """How each result is divided, in their structure."""
        _, outs = self._code.shardings(0)
        return self.out_tree.unflatten(outs)

    @property
    def input_formats(self) -> Any:
        """The `Format` of each argument, in the structure of (arguments, keyword arguments)."""
        ins, _ = self._code.shardings(self.in_tree.num_leaves)
        return self.in_tree.unflatten(map(format_of, ins, [a.ndim for a in self._signature.avals]))

    @property
    def output_formats(self) -> Any:
        """The `Format` of each result, in their structure."""
        _, outs = self._code.shardings(0)
        ndims = [a.ndim for a in self._signature.traced.jaxpr.out_avals]
        return self.out_tree.unflatten(map(format_of, outs, ndims))

    def runtime_executable(self) -> Any:
        """What runs the code: of the CPU, on the flat list of arguments; else the runtime's own."""
        return self._code.runtime_executable()


def _place(path: str) -> str:
    """How a message calls a leaf of (args, kwargs)."""
    return f"args{path[3:]}" if path.startswith("[0]") else f"kwargs{path[3:]}"


@runtime_checkable
class Wrapped(Protocol):
    """A function ready to be traced, lowered and compiled: what `jit` returns.

    >>> isinstance(pb.jit(pnp.sin), pb.stages.Wrapped)
    True
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def trace(self, *args: Any, **kwargs: Any) -> Traced:
        """The function as a program, for arguments of these types."""
        ...

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """The program as the compiler takes it, for arguments of these types."""
        ...


def trace(miss: Miss, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Traced:
    """The program of a jitted function; arguments may be `ShapeDtypeStruct`s."""
    dynamic, named, static = miss.split(args, dict(kwargs))
    check_hashable(miss.fun, static)
    refuse((dynamic, named), "jit", "call the function; there are no stages with mutable arrays")
    leaves, in_tree = tree.flatten((dynamic, named))
    traced = miss.program(static, in_tree, [abstract(x, "jit") for x in leaves])
    for cell in traced.touched:
        raise NotImplementedError(
            f"jit: {traced.name} touches {cell.describe()}: call it; there are no stages with"
            " mutable arrays"
        )
    donated = miss.donated(args, dict(kwargs))
    operands = [*leaves, *traced.consts]
    device = devices.resolve(miss.options.device)
    settled = device is not None or mesh_of(traced.jaxpr) is not None
    if device is None and not is_traced():
        device = executable.device_of(traced.jaxpr, operands, traced.name)
        settled = settled or any(type(x) is DeviceArray and x.committed for x in operands)
    asked = [_asked(x) for x in leaves]
    found = device if isinstance(device, Remote) else None
    where = _common(found if settled else None, asked, traced.name) or found
    places = miss.places(where, operands, miss.wanted(args, dict(kwargs))) if where else ()
    if places:
        places = [*[p or a for p, a in zip(places, asked, strict=False)], *places[len(asked) :]]
    options = miss.options.compiler_options
    return Traced(Signature(traced, in_tree, donated, where, options, places))


def _asked(x: Any) -> Remote | None:
    """Where an argument will lie that is given by its type, if that says so."""
    sharding = x.sharding if isinstance(x, ShapeDtypeStruct) else None
    if sharding is None or (
        isinstance(sharding, NamedSharding) and isinstance(sharding.mesh, AbstractMesh)
    ):
        return None
    place = place_of(sharding)
    return place if isinstance(place, Remote) else None


def _common(found: Remote | None, asked: Sequence[Remote | None], name: str) -> Remote | None:
    """What runs a program whose arguments will lie so: one device, or devices together."""
    groups = {p.group for p in asked if p is not None} | ({found} - {None})
    if len(groups) > 1:
        raise ValueError(
            f"{name}: the arguments lie on different devices, {' and '.join(map(str, groups))}"
        )
    return next(iter(groups), None)
