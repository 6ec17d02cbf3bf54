"""What a jitted function does at a signature it has not seen: trace, and compile or pass on."""

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from .. import config, tree
from .._native import ArrayImpl, DeviceArray, DeviceProgram, Executable, JitFunction, is_traced
from ..backends import devices
from ..control.call import jit_p
from ..core.aval import ShapedArray, type_name
from ..core.device import Device, Remote
from ..core.memo import Memory, weak_memo
from ..core.stage import hoist, stage_touching
from ..core.trace import Tracer, as_array, current_trace, get_aval, mapped_axes
from ..lazy import LazyModule
from ..primitives.device_put import device_put
from ..settle import rarely_collected
from ..transforms.cells import Loans, borrow
from ..transforms.flat import Flat, argument, arguments, is_value, paths_of_call
from ..transforms.named import function_name
from .executable import Traced, check_donated, device_of, executable, run_on
from .log import COMPILATION, TRACING, timed

# Loaded when calls are divided, where mutable arrays are touched, and where misses are explained.
divide: Any = LazyModule(f"{__package__}.divide")
stateful: Any = LazyModule(f"{__package__}.stateful")
explained: Any = LazyModule(f"{__package__}.explained")
NO_LOANS = Loans({})


def convert(leaf: Any) -> ArrayImpl | None:
    """A NumPy leaf as an array for one call; None for what no compiled call takes."""
    if isinstance(leaf, (np.ndarray, np.generic)) and is_value(leaf):
        return argument(leaf, "jit")
    return None


class Options(NamedTuple):
    """How a function is compiled: which arguments are static, which may be overwritten."""

    static_argnums: tuple[int, ...] = ()
    static_argnames: tuple[str, ...] = ()
    donate_argnums: tuple[int, ...] = ()
    donate_argnames: tuple[str, ...] = ()
    device: Device | str | None = None
    compiler_options: tuple[tuple[str, Any], ...] = ()
    in_shardings: Any = None
    out_shardings: Any = None

    @property
    def divided(self) -> bool:
        """Whether it is said how arguments or results lie on several devices."""
        return self.in_shardings is not None or self.out_shardings is not None


@weak_memo
def _shared(fun: FunctionType, options: Options) -> Memory[Any, Traced]:
    return Memory()


def _traced(fun: Callable[..., Any], options: Options) -> Memory[Any, Traced]:
    """The programs of a function: one table for all that is made by `jit` of it and the options."""
    try:
        hash(options)
    except TypeError:  # a pytree of shardings
        return Memory()
    return _shared(fun, options) if type(fun) is FunctionType else Memory()


class Miss:
    """What a jitted function does at a signature it has not seen, or under another trace."""

    def __init__(self, fun: Callable[..., Any], options: Options) -> None:
        self.fun = fun
        self.options = options
        self.traced = _traced(fun, options)

    @rarely_collected()
    def __call__(
        self, function: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Executable | DeviceProgram | None, Any]:
        if config.current().disable_jit:
            return None, self.fun(*args, **kwargs)
        traced, leaves, loans = self.trace(args, kwargs)
        if loans.cells or traced.touched:
            return None, stateful.call(self, traced, leaves, loans)
        foreign = any(isinstance(x, Tracer) for x in (*leaves, *traced.consts))
        if not is_traced() and not foreign and not current_trace().watches:
            return self.eager(traced, leaves, self.donated(args, kwargs), self.wanted(args, kwargs))
        return None, traced.out_tree.unflatten(self.bind(traced, [*leaves, *traced.consts]))

    def bind(self, traced: Traced, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of the program as one operation, whatever that means now."""
        device = devices.resolve(self.options.device)
        if device is not None:
            operands = [device_put(x, device) for x in operands]
        return jit_p.bind(*operands, name=traced.name, jaxpr=traced.jaxpr)

    def eager(
        self,
        traced: Traced,
        leaves: Sequence[Any],
        donated: tuple[int, ...],
        wanted: Sequence[Any] = (),
    ) -> tuple[Executable | DeviceProgram | None, Any]:
        """The program of a call on the device of its operands, or on the one that was chosen.

        wanted: how the leaves are to be divided among devices, where that was said.
        """
        where = self.place(traced, leaves)
        check_donated(traced, donated)
        if isinstance(where, Remote):
            switches = dict(self.options.compiler_options)
            places = self.places(where, [*leaves, *traced.consts], wanted)
            what = f"compilation of jit({traced.name}) for {where}"
            with timed(COMPILATION, what, traced.name):
                code = where.load(traced.jaxpr, traced.name, donated, switches, places)
            committed = self.options.device is not None or self.options.divided
            return run_on(traced, where, code, committed), None
        if self.options.compiler_options:
            raise NotImplementedError(
                f"jit of {traced.name}: there are no compiler options on the CPU, got"
                f" {dict(self.options.compiler_options)}"
            )
        program = executable(traced, donated)
        if not any(type(x) is DeviceArray for x in leaves):
            return program, None
        return None, traced.out_tree.unflatten(program([as_array(x) for x in leaves]))

    def place(self, traced: Traced, leaves: Sequence[Any]) -> Device | None:
        """Where a call runs: where jit was told, else where its operands lie; None: the host."""
        chosen = devices.resolve(self.options.device)
        return chosen or device_of(traced.jaxpr, (*leaves, *traced.consts), traced.name)

    def places(
        self, where: Remote, operands: Sequence[Any], wanted: Sequence[Any]
    ) -> Sequence[Any]:
        """Where each operand of a call must lie on several devices."""
        if not wanted:
            return where.places(operands)
        return divide.places(where, operands, wanted, function_name(self.fun))

    def wanted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """How each leaf is to be divided; an empty list where nothing is said."""
        if self.options.in_shardings is None:
            return []
        dynamic, named, _ = self.split(args, kwargs)
        return self.in_shardings(dynamic, named)

    def in_shardings(self, dynamic: Any, named: Any) -> list[Any]:
        """How each leaf of dynamic arguments and keywords is to be divided."""
        what = f"in_shardings of {function_name(self.fun)}"
        if self.options.in_shardings is None:
            return [None] * len(tree.leaves((dynamic, named)))
        if named:
            raise ValueError(f"{what}: pass all arguments by position, got {sorted(named)} by name")
        return divide.shardings(self.options.in_shardings, dynamic, what)

    def split(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Dynamic arguments, keywords, and the static ones by position and by name."""
        nums = {i for i in self.options.static_argnums if i < len(args)}
        dynamic = tuple(a for i, a in enumerate(args) if i not in nums)
        named = {k: v for k, v in kwargs.items() if k not in self.options.static_argnames}
        static = (
            tuple((i, args[i]) for i in sorted(nums)),
            tuple(sorted((k, v) for k, v in kwargs.items() if k not in named)),
        )
        return dynamic, named, static

    def trace(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Traced, list[Any], Loans]:
        """The program of a call, the call's leaves, and which of them are mutable arrays."""
        dynamic, named, static = self.split(args, kwargs)
        check_hashable(self.fun, static)
        what = f"jit of {function_name(self.fun)}"
        given, loans = borrow((dynamic, named), what)
        leaves, in_tree = arguments(given, what, paths=paths_of_call)
        traced = self.program(static, in_tree, [get_aval(x) for x in leaves], loans)
        return traced, leaves, loans

    def program(
        self, static: Any, in_tree: Any, avals: list[ShapedArray], loans: Loans = NO_LOANS
    ) -> Traced:
        """The program for static values and leaves of these types."""
        types = tuple(type(v) for _, v in (*static[0], *static[1]))
        lent = tuple(loans.cells)
        switches = config.current()
        key = (in_tree, tuple(avals), static, types, lent, switches, mapped_axes())
        traced = self.traced.get(key)
        if traced is None:
            if switches.guards.explain_cache_misses:
                explained.tell(function_name(self.fun), key, self.traced)
            if switches.guards.no_tracing:
                raise RuntimeError(
                    f"jit: {function_name(self.fun)} would be traced for arguments of types"
                    f" {', '.join(map(type_name, avals))}, and no_tracing is set"
                )
            traced = self.stage(static, in_tree, avals, loans)
            # A captured value of an outer transformation is another one in the next call.
            inner = any(isinstance(c, Tracer) for c in traced.consts)
            if not inner and not any(c.is_inner for c in traced.touched):
                self.traced[key] = traced
        return traced

    def stage(self, static: Any, in_tree: Any, avals: list[ShapedArray], loans: Loans) -> Traced:
        """Trace the function; the program takes the leaves and then the captured values."""
        name = function_name(self.fun)
        f = Flat(self.with_static(static), in_tree, name="jit")
        with timed(TRACING, f"tracing {name} for jit", name):
            fun = loans.lent(self.divided(f, in_tree))
            closed, touched = stage_touching(fun, avals, f"jit of {name}")
        jaxpr = hoist(closed.jaxpr)
        k = len(closed.consts)
        ordered = jaxpr.replace(invars=[*jaxpr.invars[k:], *jaxpr.invars[:k]])
        return Traced(
            ordered, closed.consts[: k - len(touched)], f.out_tree, name, tuple(loans.written),
            tuple([t.cell for t in touched]), tuple([t.cell for t in touched if t.written]),
        )  # fmt: skip

    def divided(self, f: Flat, in_tree: Any) -> Callable[..., Sequence[Any]]:
        """The function, whose arguments and results are divided as was said."""
        if not self.options.divided:
            return f
        dynamic, named = in_tree.unflatten(range(in_tree.num_leaves))
        ins = self.in_shardings(dynamic, named)

        def fun(*leaves: Any) -> Sequence[Any]:
            outs = f(*divide.constrain(leaves, ins))
            what = f"out_shardings of {function_name(self.fun)}"
            result = f.out_tree.unflatten(range(len(outs)))
            wanted = divide.shardings(self.options.out_shardings, result, what)
            return divide.constrain(outs, wanted)

        return fun

    def with_static(self, static: Any) -> Callable[..., Any]:
        """The function of (dynamic arguments, keywords)."""
        positions, names = static

        def fun(dynamic: Sequence[Any], named: dict[str, Any]) -> Any:
            full = list(dynamic)
            for i, value in positions:
                full.insert(i, value)
            return self.fun(*full, **named, **dict(names))

        fun.__name__ = function_name(self.fun)
        return fun

    def donated(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...]:
        """The leaves whose memory the caller gives up."""
        options = self.options
        marks: list[bool] = []
        for i, a in enumerate(args):
            if i not in options.static_argnums:
                marks += [i in options.donate_argnums] * len(tree.leaves(a))
        for k in sorted(kwargs):
            if k not in options.static_argnames:
                marks += [k in options.donate_argnames] * len(tree.leaves(kwargs[k]))
        return tuple(i for i, m in enumerate(marks) if m)


def check_hashable(fun: Callable[..., Any], static: Any) -> None:
    """Raise, naming the argument, unless every static argument can be a dictionary key."""
    for where, value in (*static[0], *static[1]):
        try:
            hash(value)
        except TypeError:
            raise ValueError(
                f"jit of {function_name(fun)}: the static argument {where!r} must be hashable, got"
                f" {value!r} of type {type(value).__name__}: pass a tuple instead of a list, or"
                " make the argument dynamic"
            ) from None
