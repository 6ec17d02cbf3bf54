"""jit and explain as users call them."""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar, overload
from weakref import WeakSet

from .. import _native, tracebacks, tree
from .._native import JitFunction
from ..core import memo
from ..core.device import Remote
from ..lazy import LazyModule
from ..transforms.named import function_name
from .executable import compiled
from .jitted import Jitted
from .miss import Miss, Options, convert

stages: Any = LazyModule(f"{__package__}.stages")
_functions: WeakSet[JitFunction] = WeakSet()
_native.set_traceback_filter(tracebacks.of_users)

P = ParamSpec("P")
R = TypeVar("R")


@overload
def jit(
    fun: Callable[P, R],
    /,
    *,
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] | None = None,
    donate_argnames: str | Sequence[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    compiler_options: Mapping[str, Any] | None = None,
) -> Jitted[P, R]: ...
@overload
def jit(
    fun: None = None,
    /,
    *,
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] | None = None,
    donate_argnames: str | Sequence[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    compiler_options: Mapping[str, Any] | None = None,
) -> Callable[[Callable[P, R]], Jitted[P, R]]: ...
def jit(
    fun: Callable[..., Any] | None = None,
    /,
    *,
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] | None = None,
    donate_argnames: str | Sequence[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    compiler_options: Mapping[str, Any] | None = None,
) -> Any:
    """Compile `fun` for each signature it is called with: structure, shapes, dtypes, static values.

    Args:
      fun: function of arrays or pytrees of arrays, without side effects.
      in_shardings, out_shardings: how arguments and results are divided among devices: a
        `NamedSharding` or, under `set_mesh`, a `PartitionSpec`; or a pytree of them and None that
        is a prefix of the tuple of positional arguments, or of the result. None: arguments lie as
        they do, results as the compiler chooses.
      static_argnums, static_argnames: arguments that are hashable Python values, compiled in.
        Where only one is given, the other follows from the signature.
      donate_argnums, donate_argnames: arguments whose memory results may take; they cannot be
        used afterwards.
      keep_unused, inline: accepted; have no effect.
      device: one of `devices()` or the name of a platform; the arguments go there. By default a
        program runs where its arguments lie.
      backend: the name of a platform: its first device.
      compiler_options: switches of XLA by name, as in {"xla_gpu_deterministic_ops": True}, where
        it compiles. The CPU's own compiler has none.

    Returns:
      A function with the same meaning. Its first call with a new signature traces and compiles.
      Without `fun`, a decorator.

    Raises:
      TypeError: an argument is no array and not static.
      ValueError: a static argument is not hashable; an argument or result cannot be divided
        evenly as was asked for, or is divided in another way.

    >>> import pullback as pb
    >>> @pb.jit
    ... def f(x):
    ...     return x * x + 1
    >>> float(f(3.0))
    10.0
    """
    if fun is None:
        return lambda f: jit(
            f, in_shardings=in_shardings, out_shardings=out_shardings,
            static_argnums=static_argnums, static_argnames=static_argnames,
            donate_argnums=donate_argnums, donate_argnames=donate_argnames,
            device=device, backend=backend, compiler_options=compiler_options,
        )  # fmt: skip
    _check_function(fun)
    if backend is not None and device is not None:
        raise ValueError("jit: give device or backend, not both")
    options = _options(fun, static_argnums, static_argnames, donate_argnums, donate_argnames)
    options = options._replace(
        device=backend if device is None else device,
        compiler_options=tuple((compiler_options or {}).items()),
        in_shardings=in_shardings,
        out_shardings=out_shardings,
    )
    return _function(fun, Miss(fun, options))


def _check_function(fun: Any) -> None:
    if not callable(fun) or isinstance(fun, staticmethod):
        hint = ": write @staticmethod above @jit" if isinstance(fun, staticmethod) else ""
        raise TypeError(f"jit: the first argument must be a function, got {fun!r}{hint}")
    if inspect.isgeneratorfunction(fun):
        raise TypeError(f"jit: {fun!r} is a generator function: return arrays instead of yielding")


def _function(fun: Callable[..., Any], miss: Miss) -> JitFunction:
    options = miss.options
    nums, names = options.static_argnums, options.static_argnames
    made = JitFunction(fun, miss, convert, nums, names, tree.NAMESPACE)
    made._miss = miss
    _functions.add(made)
    return made


def _trace(self: JitFunction, *args: Any, **kwargs: Any) -> Any:
    """The program for arguments of these types: arrays or `ShapeDtypeStruct`s."""
    return stages.trace(self._miss, args, kwargs)


def _lower(self: JitFunction, *args: Any, **kwargs: Any) -> Any:
    """The program as the compiler takes it: `trace(*args).lower()`."""
    return stages.trace(self._miss, args, kwargs).lower()


def _eval_shape(self: JitFunction, *args: Any, **kwargs: Any) -> Any:
    """The types of the results, as `ShapeDtypeStruct`s, without computing them."""
    return stages.trace(self._miss, args, kwargs).out_info


def _clear_cache(self: JitFunction) -> None:
    """Forget the programs of this function."""
    self._clear_cache()
    self._miss.traced.clear()


def clear_caches() -> None:
    """Forget everything traced or compiled so far; what is called again is compiled again.

    >>> import pullback as pb
    >>> pb.clear_caches()
    """
    for function in list(_functions):
        _clear_cache(function)
    memo.forget()
    _native.forget_structures()


def _reduce(self: JitFunction) -> Any:
    """Pickles hold the name of a function of a module, else the function itself and its options."""
    module = getattr(self, "__module__", None)
    name = getattr(self, "__qualname__", "")
    if module != "__main__" and _found(sys.modules.get(str(module)), name) is self:
        return name
    return _restored, (self._miss.fun, self._miss.options)


def _found(module: Any, name: str) -> Any:
    try:
        return attrgetter(name)(module)
    except AttributeError:
        return None


def _restored(fun: Callable[..., Any], options: Options) -> JitFunction:
    return _function(fun, Miss(fun, options))


METHODS = {
    "__reduce__": _reduce,
    "trace": _trace,
    "lower": _lower,
    "eval_shape": _eval_shape,
    "clear_cache": _clear_cache,
}


def install() -> None:
    """Set the methods of jitted functions."""
    for name, method in METHODS.items():
        setattr(JitFunction, name, method)


install()


def _options(fun: Callable[..., Any], *given: Any) -> Options:
    """Positions and names of arguments, each completed from the other by the signature."""
    names = _parameters(fun)
    static = _both(fun, names, given[0], given[1], "static")
    donated = _both(fun, names, given[2], given[3], "donate")
    for both in (set(static[1]) & set(donated[1]), set(static[0]) & set(donated[0])):
        if both:
            raise ValueError(f"jit: arguments cannot be both static and donated, got {both}")
    return Options(*static, *donated)


def _parameters(fun: Callable[..., Any]) -> list[str] | None:
    try:
        parameters = inspect.signature(fun).parameters.values()
    except (TypeError, ValueError):
        return None
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _both(
    fun: Callable[..., Any], names: list[str] | None, nums: Any, given: Any, what: str
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    positions = _tuple(nums, int)
    chosen = _tuple(given, str)
    if names is None:
        return positions, chosen
    for i in positions:
        if not -len(names) <= i < len(names) and not _takes_any(fun):
            raise ValueError(
                f"jit: {what}_argnums={i} names no argument of {function_name(fun)}, which takes"
                f" {len(names)} by position"
            )
    positions = tuple(i % len(names) if i < 0 else i for i in positions)
    _check_names(fun, chosen, what)
    if nums is not None and given is not None:  # both were said: a wrapper's names may be others
        return tuple(sorted(set(positions))), tuple(sorted(set(chosen)))
    by_name = [names.index(n) for n in chosen if n in names]
    by_number = [names[i] for i in positions if i < len(names)]
    return tuple(sorted({*positions, *by_name})), tuple(sorted({*chosen, *by_number}))


def _check_names(fun: Callable[..., Any], chosen: tuple[str, ...], what: str) -> None:
    parameters = inspect.signature(fun).parameters
    by_name = [
        n for n, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    taken = [n for n, p in parameters.items() if p.kind is not p.VAR_KEYWORD]
    takes_others = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    unknown = [n for n in chosen if n not in by_name and (n in taken or not takes_others)]
    if unknown:
        raise ValueError(
            f"jit: {what}_argnames={unknown} name no argument of {function_name(fun)}, which takes"
            f" {by_name} by name"
        )


def _takes_any(fun: Callable[..., Any]) -> bool:
    return any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(fun).parameters.values())


def _tuple(value: Any, kind: type) -> tuple[Any, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, kind) else tuple(value)


def explain(fun: Callable[..., Any]) -> Callable[..., str]:
    """Function that tells how `fun` is compiled for given arguments.

    Args:
      fun: function of arrays or pytrees of arrays, jitted or not.

    Returns:
      A function of the same arguments that returns a text: loop nests and what was fused in each,
      library calls, call-backs to Python, buffers and their sizes, time by compiler pass. On a
      device that XLA compiles for, its HLO.

    >>> import pullback as pb
    >>> print(pb.explain(lambda x: pb.numpy.sin(x) + 1)(1.0))  # doctest: +SKIP
    """
    target = fun if isinstance(fun, JitFunction) else jit(fun)

    def explained(*args: Any, **kwargs: Any) -> str:
        traced, leaves, _ = target._miss.trace(args, kwargs)
        device = target._miss.place(traced, leaves)
        if isinstance(device, Remote):
            return device.load(traced.jaxpr, traced.name).as_text()
        return compiled(traced.jaxpr, traced.name).explain()

    return explained
