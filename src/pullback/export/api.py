"""export: a compiled function at given argument types as portable StableHLO."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from .. import dtypes
from ..backends import devices
from ..control.custom_vjp import custom_vjp
from ..control.exported import call_exported_p
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import ClosedJaxpr, Jaxpr, JaxprEqn
from ..core.stage import eval_jaxpr, stage_hoisted
from ..core.symbolic import check_known
from ..core.trace import as_array, get_aval
from ..lazy import LazyModule
from ..primitives.constant import Held, constant_p
from ..transforms.flat import arguments
from ..transforms.grad import vjp
from ..tree import PyTreeDef, structure

PACKAGE = __name__.partition(".")[0]
artifacts: Any = LazyModule(f"{PACKAGE}.backends.xla.artifact")
modules: Any = LazyModule(f"{PACKAGE}.backends.xla.modules")
serialization: Any = LazyModule(f"{__package__}.serialization")

minimum_supported_calling_convention_version = 9
maximum_supported_calling_convention_version = 10
# What programs are written for on each platform; the host runs exported programs through XLA.
TARGETS = {"cpu": "cpu", "xla": "cpu", "cuda": "cuda", "tpu": "tpu"}


@dataclass(frozen=True)
class DisabledSafetyCheck:
    """A check that is left out when an exported function is made or called.

    >>> from pullback import export
    >>> export.DisabledSafetyCheck.custom_call("my_call").is_custom_call()
    'my_call'
    """

    name: str

    @classmethod
    def platform(cls) -> "DisabledSafetyCheck":
        """A program may be called on a platform that it was not exported for."""
        return cls("platform")

    @classmethod
    def custom_call(cls, target_name: str) -> "DisabledSafetyCheck":
        """A program may call a library by this name. Those that Pullback writes do not change."""
        return cls(f"custom_call:{target_name}")

    def is_custom_call(self) -> str | None:
        """The name of the library's function that may be called."""
        kind, _, target = self.name.partition(":")
        return target if kind == "custom_call" else None


@dataclass(frozen=True, eq=False)
class Exported:
    """A function at given argument types as StableHLO.

    Attributes:
      fun_name: the function's name, for messages.
      in_tree: the structure of (positional arguments, keyword arguments).
      in_avals: the types of their leaves.
      out_tree, out_avals: the same of the result.
      platforms: where it can run: "cpu", "cuda", "tpu".
      disabled_safety_checks: checks that were left out.
      calling_convention_version: that of `mlir_module_serialized`: arguments and results are the
        leaves, in order; keys are uint32[..., 2] and float0 is bool.

    >>> from pullback import export
    >>> exported = export.export(pb.jit(pnp.sin))(np.float32(0))
    >>> exported.in_avals, exported.platforms
    ((ShapedArray(float32[]),), ('cpu',))
    """

    fun_name: str
    in_tree: PyTreeDef
    in_avals: tuple[ShapedArray, ...]
    out_tree: PyTreeDef
    out_avals: tuple[ShapedArray, ...]
    disabled_safety_checks: Sequence[DisabledSafetyCheck]
    calling_convention_version: int
    _program: Any = field(repr=False)
    _get_vjp: Callable[["Exported"], "Exported"] | None = field(default=None, repr=False)

    nr_devices = 1
    ordered_effects = ()
    unordered_effects = ()
    uses_global_constants = False

    @property
    def platforms(self) -> tuple[str, ...]:
        """Where it can run."""
        return self._program.platforms

    @property
    def module_kept_var_idx(self) -> tuple[int, ...]:
        """The arguments that the module takes: all."""
        return tuple(range(len(self.in_avals)))

    @property
    def mlir_module_serialized(self) -> bytes:
        """The module for the first platform as a portable artifact of StableHLO."""
        return self._program.modules[0][1]

    def mlir_module(self) -> str:
        """The module for the first platform as text."""
        return modules.readable(self.mlir_module_serialized)

    def has_vjp(self) -> bool:
        """Whether its reverse derivative is known."""
        return self._get_vjp is not None

    def vjp(self) -> "Exported":
        """Its reverse derivative as an exported function.

        It takes the flat arguments and a cotangent for each flat result, and returns a tuple of
        cotangents, one for each flat argument. ValueError if it is not known.
        """
        if self._get_vjp is None:
            raise ValueError(
                f"No VJP is available of the exported {self.fun_name}: write it with"
                " serialize(vjp_order=1)"
            )
        return self._get_vjp(self)

    def serialize(self, vjp_order: int = 0) -> bytearray:
        """The exported function as bytes, which `deserialize` reads.

        Args:
          vjp_order: how many orders of reverse derivatives are written with it.
        """
        return serialization.serialize(self, vjp_order)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, with arguments of the structure and types that it was exported for.

        It has reverse derivatives as far as its `vjp` is known, but no forward ones and no vmap.
        On the host it is run by XLA, for which jaxlib must be installed.

        Raises:
          ValueError: the structure or a type differs, or it was not exported for the platform.
        """
        leaves, in_tree = arguments((args, kwargs), f"the exported {self.fun_name}")
        if in_tree != self.in_tree:
            raise ValueError(
                f"the exported {self.fun_name} takes arguments of the structure {self.in_tree}, got"
                f" {in_tree}"
            )
        for i, (leaf, aval) in enumerate(zip(leaves, self.in_avals, strict=True)):
            if not same_type(get_aval(leaf), aval):
                raise ValueError(
                    f"the exported {self.fun_name} takes {type_name(aval)} as argument {i}, got"
                    f" {type_name(get_aval(leaf))}: convert it, or export the function for its type"
                )
        return self.out_tree.unflatten(self._flat(*leaves))

    @cached_property
    def _flat(self) -> Callable[..., Any]:
        """The call on leaves, with its reverse derivative."""
        program = self._program

        def run(*leaves: Any) -> list[Any]:
            return call_exported_p.bind(*leaves, program=program)

        def backward(leaves: Any, cts: Any) -> tuple[Any, ...]:
            found = self.vjp().call(*leaves, *cts)
            return tuple(
                [
                    c if dtypes.is_float(a.dtype) else None
                    for c, a in zip(found, self.in_avals, strict=True)
                ]
            )

        run.__name__ = self.fun_name
        call = custom_vjp(run)
        call.defvjp(lambda *leaves: (call(*leaves), leaves), backward)
        return call

    def __str__(self) -> str:
        return f"Exported(fun_name={self.fun_name}, ...)"


def default_export_platform() -> str:
    """The platform that functions are exported for if none is named: "cpu", "cuda" or "tpu".

    >>> pb.export.default_export_platform()
    'cpu'
    """
    return TARGETS[devices.default_backend()]


def export(
    fun_jit: Any,
    *,
    platforms: Sequence[str] | None = None,
    disabled_checks: Sequence[DisabledSafetyCheck] = (),
) -> Callable[..., Exported]:
    """Export a function for other processes and machines.

    Args:
      fun_jit: what `jit` returns.
      platforms: where it is to run, of "cpu", "cuda", "tpu"; by default the default platform. There
        need be no such device here.
      disabled_checks: checks to leave out.

    Returns:
      A function of arguments, or of `ShapeDtypeStruct`s in their place, that returns an `Exported`.

    Raises:
      ValueError: `fun_jit` is not jitted.
      RuntimeError: there is no such platform.
      NotImplementedError: the function calls back into Python.

    >>> import numpy as np, pullback as pb
    >>> exported = pb.export.export(pb.jit(lambda x: x + 1))(pb.ShapeDtypeStruct((2,), np.float32))
    >>> exported.call(np.zeros(2, np.float32))
    Array([1., 1.], dtype=float32)
    """
    if not hasattr(fun_jit, "trace"):
        raise ValueError(f"export: the function must be the result of jit, got {fun_jit!r}")
    given = [default_export_platform()] if platforms is None else platforms
    targets = list(dict.fromkeys(TARGETS[devices.platform_name(p)] for p in given))

    def at(*args: Any, **kwargs: Any) -> Exported:
        traced = fun_jit.trace(*args, **kwargs)
        closed = traced.jaxpr
        made = from_program(self_contained(closed), traced.fun_name, targets, disabled_checks)
        return replace(made, in_tree=traced.in_tree, out_tree=traced.out_tree)

    return at


def from_program(
    jaxpr: Jaxpr, name: str, platforms: Sequence[str], checks: Sequence[DisabledSafetyCheck]
) -> Exported:
    """A program of flat arguments and results, exported with all its reverse derivatives."""
    check_known(f"export of {name}", jaxpr.in_avals)
    program = artifacts.artifact(jaxpr, name, platforms, DisabledSafetyCheck.platform() in checks)

    def derivative(_: Exported) -> Exported:
        return from_program(reverse(jaxpr), f"{name}_vjp", platforms, checks)

    return Exported(
        fun_name=name,
        in_tree=flat_structure(len(jaxpr.invars)),
        in_avals=program.in_avals,
        out_tree=flat_structure(len(jaxpr.outvars), False),
        out_avals=program.out_avals,
        disabled_safety_checks=tuple(checks),
        calling_convention_version=maximum_supported_calling_convention_version,
        _program=program,
        _get_vjp=derivative,
    )


def flat_structure(count: int, arguments: bool = True) -> PyTreeDef:
    """The structure of so many positional arguments, or of a tuple of so many results."""
    leaves = tuple(range(count))
    return structure((leaves, {}) if arguments else leaves)


def self_contained(closed: ClosedJaxpr) -> Jaxpr:
    """The program with its captured values inside."""
    jaxpr, held = closed.jaxpr, []
    for var, value in zip(jaxpr.constvars, closed.consts, strict=True):
        held.append(JaxprEqn(constant_p, [], [var], {"held": Held(as_array(value))}))
    return jaxpr.replace(constvars=[], eqns=[*held, *jaxpr.eqns])


def reverse(jaxpr: Jaxpr) -> Jaxpr:
    """The program of cotangents: (arguments, cotangents of results) -> those of arguments."""
    n = len(jaxpr.invars)

    def pulled(*args: Any) -> list[Any]:
        _, back = vjp(lambda *xs: tuple(eval_jaxpr(jaxpr, (), *xs)), *args[:n])
        return list(back(tuple(args[n:])))

    avals = [a.strip_weak_type() for a in jaxpr.in_avals]
    program, consts = stage_hoisted(pulled, [*avals, *[a.tangent() for a in jaxpr.out_avals]])
    captured = len(consts)
    return self_contained(
        ClosedJaxpr(
            program.replace(constvars=program.invars[:captured], invars=program.invars[captured:]),
            consts,
        )
    )
