"""Ahead of time: a function traced, lowered and compiled in steps that can be looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from .. import dtypes, tree
from .._native import ArrayImpl, Executable, JitFunction, is_eager
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import ClosedJaxpr, Jaxpr
from ..core.rewrite import simplify
from ..core.show import show
from ..core.trace import Tracer
from ..lazy import LazyModule
from ..transforms.flat import arguments
from ..transforms.make_jaxpr import ShapeDtypeStruct, abstract
from ..tree import PyTreeDef
from . import cost, executable
from .miss import Miss, check_hashable, convert

PACKAGE = __name__.partition(".")[0]
pipeline: Any = LazyModule(f"{PACKAGE}.backends.cpu.pipeline")
loop_text: Any = LazyModule(f"{PACKAGE}.backends.cpu.show")
traffic: Any = LazyModule(f"{PACKAGE}.backends.cpu.traffic")

CompilerOptions = dict[str, str | bool]


@dataclass(frozen=True, slots=True)
class ArgInfo:
    """The type of an argument, and whether its memory is given up."""

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
            [ShapeDtypeStruct(a.shape, a.dtype, a.weak_type) for a in avals]
        )

    @property
    def donate_argnums(self) -> tuple[int, ...]:
        """The leaves whose memory is given up, by position."""
        return self._signature.donated


class Traced(Stage):
    """A function as a program, for arguments of given types: what `jit(f).trace(*args)` returns."""

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

    def lower(self, *, lowering_platforms: Sequence[str] | None = None) -> "Lowered":
        """The program as the compiler takes it.

        Args:
          lowering_platforms: None or ("cpu",).

        Raises:
          ValueError: the function uses a value of a transformation around it.
        """
        if lowering_platforms is not None and tuple(lowering_platforms) != ("cpu",):
            raise NotImplementedError(
                f"lower: lowering_platforms must be None or ('cpu',), got {lowering_platforms!r}"
            )
        for value in self._signature.traced.consts:
            if isinstance(value, Tracer):
                raise ValueError(
                    f"lower: {self.fun_name} uses {value.describe()} of a transformation around"
                    " it: pass it as an argument"
                )
        return Lowered(self._signature)


@dataclass(frozen=True)
class Dialect:
    """A form of lowered programs: how it is made, and how it is written."""

    make: Callable[[Jaxpr], Any]
    write: Callable[[Any], str]


# The forms of a lowered program, by the name that `as_text` takes.
DIALECTS: dict[str, Dialect] = {
    "jaxpr": Dialect(lambda jaxpr: jaxpr, show),
    "loops": Dialect(
        lambda jaxpr: pipeline.build(jaxpr)[2], lambda program: loop_text.program(program)
    ),
}


class Lowered(Stage):
    """A program ready to be compiled: what `jit(f).lower(*args)` returns."""

    @cached_property
    def _program(self) -> Jaxpr:
        return simplify(self._signature.traced.jaxpr)

    def as_text(self, dialect: str | None = None, *, debug_info: bool = False) -> str:
        """The program as text, for people to read.

        Args:
          dialect: "jaxpr", the simplified program; or "loops", the loops that are made of it,
            before they are fused and scheduled (the default).
          debug_info: accepted; has no effect.
        """
        return self._dialect(dialect).write(self.compiler_ir(dialect))

    def compiler_ir(self, dialect: str | None = None) -> Any:
        """The program as the compiler's own data; see `as_text`."""
        return self._dialect(dialect).make(self._program)

    def _dialect(self, name: str | None) -> Dialect:
        found = DIALECTS.get("loops" if name is None else name)
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
        return cost.analysis(self._program)

    def compile(
        self,
        compiler_options: CompilerOptions | None = None,
        *,
        device_assignment: Any = None,
    ) -> "Compiled":
        """Native code of the program.

        Args:
          compiler_options: None or empty: there are none.
          device_assignment: None: there is one device.
        """
        if compiler_options:
            raise NotImplementedError(
                f"compile: there are no compiler options, got {compiler_options!r}"
            )
        if device_assignment is not None:
            raise NotImplementedError("compile: leave device_assignment out: there is one device")
        return Compiled(self._signature)


@dataclass(frozen=True)
class MemoryStats:
    """The memory that a compiled call takes, in bytes."""

    generated_code_size_in_bytes: int
    argument_size_in_bytes: int
    output_size_in_bytes: int
    alias_size_in_bytes: int
    temp_size_in_bytes: int


class Compiled(Stage):
    """Native code for arguments of given types: what `jit(f).lower(*args).compile()` returns.

    It is called like the function, without the static arguments, and neither traces nor compiles.
    """

    def __init__(self, signature: Signature) -> None:
        super().__init__(signature)
        traced = signature.traced
        self._code = executable.compiled(traced.jaxpr, traced.name, signature.donated)
        self._run = executable.executable(traced, signature.donated)
        self._call = JitFunction(Compiled.__call__, self._unseen, convert, (), (), tree.NAMESPACE)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def _unseen(
        self, _: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Executable | None, Any]:
        """What a call does whose types were not checked before."""
        leaves = self._checked(args, kwargs)
        if is_eager():
            return self._run, None
        return None, self.out_tree.unflatten(self._run(leaves))

    def _checked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The leaves of a call, which must have the types that the code is for."""
        name = self._signature.traced.name
        leaves, in_tree = arguments((args, kwargs), f"compiled {name}")
        if in_tree != self.in_tree:
            raise TypeError(
                f"compiled {name}: called with arguments of the structure {in_tree}; it was"
                f" compiled for {self.in_tree}. Leave static arguments out"
            )
        for leaf, aval in zip(leaves, self._signature.avals, strict=True):
            if type(leaf) is not ArrayImpl or not same_type(leaf.aval, aval):
                self._refuse(leaves, (args, kwargs))
        return leaves

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
        """The program as LLVM text, after LLVM's own passes."""
        return self._code.llvm()

    def cost_analysis(self) -> dict[str, float]:
        """As `Lowered.cost_analysis`, with the memory accessed by the loops as they are fused."""
        found = cost.analysis(simplify(self._signature.traced.jaxpr))
        return {**found, "bytes accessed": float(traffic.bytes_accessed(self._code.program))}

    def memory_analysis(self) -> MemoryStats:
        """The sizes of arguments, results, temporaries and code."""
        jaxpr, code = self._signature.traced.jaxpr, self._code
        outs = [a for a, spec in zip(jaxpr.out_avals, code.outs, strict=True) if spec[0] == "new"]
        reused = [outs[k] for _, k in code.donated if k >= 0]
        return MemoryStats(
            code.code_bytes,
            cost.size([jaxpr.in_avals[i] for i in code.kept]),
            cost.size(outs),
            cost.size(reused),
            code.scratch_bytes,
        )

    def runtime_executable(self) -> Executable:
        """What runs the code, on the flat list of arguments."""
        return self._run


def _place(path: str) -> str:
    """How a message calls a leaf of (args, kwargs)."""
    return f"args{path[3:]}" if path.startswith("[0]") else f"kwargs{path[3:]}"


@runtime_checkable
class Wrapped(Protocol):
    """A function ready to be traced, lowered and compiled: what `jit` returns."""

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
    leaves, in_tree = tree.flatten((dynamic, named))
    traced = miss.program(static, in_tree, [abstract(x, "jit") for x in leaves])
    return Traced(Signature(traced, in_tree, miss.donated(args, dict(kwargs))))
