"""All switches: one frozen dataclass, one context manager, JAX's option names accepted."""

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, fields, replace
from types import ModuleType
from typing import Any

from . import _native
from .guards import GUARDS, LEVELS, TOGETHER, Guards
from .lazy import LazyModule
from .options import FIXED, PRECISIONS, REMEMBERED

__all__ = [
    "Config",
    "check_tracer_leaks",
    "checking_leaks",
    "debug_infs",
    "debug_nans",
    "default_matmul_precision",
    "default_prng_impl",
    "disable_jit",
    "enable_x64",
    "log_compiles",
    "numpy_dtype_promotion",
    "numpy_rank_promotion",
    "parse_flags_with_absl",
    "read",
    "update",
]


@dataclass(frozen=True, slots=True)
class Config:
    """The switches. Those that alter a traced program are part of every compiled call's key.

    >>> pb.config.Config().enable_x64
    False
    """

    enable_x64: bool = False
    disable_jit: bool = False
    numpy_dtype_promotion: str = "standard"
    numpy_rank_promotion: str = "allow"
    default_matmul_precision: str | None = None
    default_prng_impl: str = "threefry2x32"
    # Whether PRNGKey makes typed keys.
    enable_custom_prng: bool = False
    default_device: Any = None
    debug_nans: bool = False
    debug_infs: bool = False
    debug: int = 0
    # The devices that XLA makes of the processor; -1: one, or as many as XLA_FLAGS says.
    num_cpu_devices: int = -1
    # The mesh whose axes a `PartitionSpec` alone names.
    mesh: Any = None
    guards: Guards = field(default_factory=Guards)
    # Of `make_user_context`: values by the numbers of the contexts.
    contexts: tuple[tuple[int, Any], ...] = ()


NAMES = frozenset(f.name for f in fields(Config)) | GUARDS
# Where programs run is said before Pullback is imported.
PLATFORMS = {"platform_name": "", "platforms": None}

# Options that can no longer be changed, and why: set by what has read them for good.
settled: dict[str, str] = {}
# The nanoseconds from which a compiled call takes long.
LONG = 100_000.0
# The words for a switch that is on.
ON = ("1", "true", "on", "yes")
# What options given by words may be.
CHOICES = {
    "numpy_dtype_promotion": ("standard", "strict"),
    "numpy_rank_promotion": ("allow", "warn", "raise"),
    "default_prng_impl": ("threefry2x32", "rbg", "unsafe_rbg"),
    "default_matmul_precision": PRECISIONS,
    **LEVELS,
}


# Those that are true or false.
TRUTHS = {f.name for f in (*fields(Config), *fields(Guards)) if f.type == "bool" or f.type is bool}


class _Local(threading.local):
    config: Config | None = None


_local = _Local()
# What looks at results is made of traces, which are made of switches: it is loaded when asked for.
_watch: Any = LazyModule(f"{__package__}.core.watch")
logging: Any = LazyModule("logging")
_reuse: Any = LazyModule(f"{__package__}.control.key_reuse")
_spans: Any = LazyModule(f"{__package__}.core.spans")
_keys: dict[tuple[Config, bool], int] = {}


def _from_environment() -> Config:
    values: dict[str, Any] = {"debug": int(os.environ.get("PULLBACK_DEBUG", "0"))}
    values["num_cpu_devices"] = int(_variable("NUM_CPU_DEVICES", "-1"))
    values["enable_x64"] = _variable("ENABLE_X64", "0").lower() in ON
    return Config(**values)


def _variable(name: str, default: str) -> str:
    """An environment variable, by its name here or in JAX."""
    return os.environ.get(f"PULLBACK_{name}", os.environ.get(f"JAX_{name}", default))


def _set_async_dispatch(on: Any) -> None:
    """Whether compiled calls that take long return before they are done."""
    _process["cpu_enable_async_dispatch"] = on
    _native.launch_above(LONG if on else math.inf)


def _set_logging_level(level: str) -> None:
    """From which level on the logger "pullback" tells what it hears."""
    logging.getLogger(__package__).setLevel(level)
    _process["logging_level"] = level


def _kept(name: str) -> Callable[[Any], None]:
    """Sets an option that is looked up where it matters."""
    return lambda value: _process.update({name: value})


# Options that no thread has for itself: how each is set, and its value.
PROCESS: dict[str, Callable[[Any], None]] = {
    "cpu_enable_async_dispatch": _set_async_dispatch,
    "compilation_cache_dir": _kept("compilation_cache_dir"),
    "enable_compilation_cache": _kept("enable_compilation_cache"),
    "logging_level": _set_logging_level,
}
_process: dict[str, Any] = {
    "compilation_cache_dir": os.environ.get("JAX_COMPILATION_CACHE_DIR"),
    "enable_compilation_cache": _variable("ENABLE_COMPILATION_CACHE", "1").lower() in ON,
    "logging_level": "NOTSET",
    **PLATFORMS,
    **REMEMBERED,
    **{name: allowed[0] for name, allowed in FIXED.items()},
}
# What users set by other means.
INNER = {"contexts", "guards", "mesh"}
OPTIONS = (NAMES - INNER) | TOGETHER.keys() | PROCESS.keys() | _process.keys()
_set_async_dispatch(_variable("CPU_ENABLE_ASYNC_DISPATCH", "1").lower() in ON)
_global = _from_environment()


def current() -> Config:
    """The switches in force in this thread."""
    return _local.config or _global


def _key(config: Config) -> int:
    return _keys.setdefault((config, config.guards.profiling), len(_keys))


_native.set_default_context(_key(_global), _global.enable_x64)


def _eager(config: Config) -> Any:
    """The trace of eager operations where it is not the host's own."""
    device = config.default_device
    try:
        trace = None if device is None else device.eager
    except AttributeError:
        raise ValueError(f"default_device: wants one of devices(), got {device!r}") from None
    looked_for = (("nan", config.debug_nans), ("inf", config.debug_infs))
    kinds = tuple([kind for kind, wanted in looked_for if wanted])
    trace = _watch.watching(trace, kinds) if kinds else trace
    guards = config.guards
    trace = _reuse.following(trace) if guards.debug_key_reuse else trace
    trace = _spans.timing(trace) if guards.profiling else trace
    return _watch.refusing() if guards.no_execution else trace


def _name(option: str) -> str:
    name = option.removeprefix("jax_")
    if name in OPTIONS:
        return name
    known = ", ".join(sorted(NAMES | PROCESS.keys()))
    raise AttributeError(f"config.update: no option named {option!r}; the options are {known}")


def update(name: str, val: Any) -> None:
    """Set an option for the whole process, by its name here or in JAX (`"jax_enable_x64"`).

    >>> pb.config.update("jax_enable_x64", False)
    >>> pb.numpy.ones(2).dtype
    dtype('float32')
    """
    global _global
    given, value = name, val
    name = _name(given)
    if name in FIXED and value not in FIXED[name]:
        raise NotImplementedError(f"config.update: {given} is always {FIXED[name][0]!r}")
    if name in PLATFORMS and value not in (None, "", "cpu"):
        raise NotImplementedError(
            f"config.update: {given} cannot be {value!r}: set the environment variable"
            " PULLBACK_PLATFORMS before pullback is imported, or use default_device"
        )
    if name in settled and value != getattr(_global, name):
        raise RuntimeError(f"config.update: {given} cannot be changed any more: {settled[name]}")
    if name in REMEMBERED:
        _process[name] = value
    if name in PROCESS:
        PROCESS[name](value)
    if name in NAMES or name in TOGETHER:
        changed = _with(_global, _checked({name: value}))
        _native.set_default_context(_key(changed), changed.enable_x64, _eager(changed))
        _global = changed


def read(option: str) -> Any:
    """The value of an option, by its name here or in JAX.

    >>> pb.config.read("jax_enable_x64")
    False
    """
    name = _name(option)
    config: Any = current().guards if name in GUARDS else current()
    return _process.get(name, getattr(config, name, None))


def parse_flags_with_absl() -> None:
    """Set the options that the command line gives, as in `--jax_enable_x64=true`.

    Options of other names are left alone.

    >>> pb.config.parse_flags_with_absl()  # nothing was given
    """
    for argument in sys.argv[1:]:
        option, _, text = argument.lstrip("-").partition("=")
        name = option.removeprefix("jax_")
        if not argument.startswith("--jax_") or name not in NAMES | PROCESS.keys():
            continue
        was = read(name)
        on = (text or "true").lower() in ON
        update(option, on if isinstance(was, bool) else int(text) if isinstance(was, int) else text)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The options' values, one by one. ValueError where one may not have the value given."""
    each = {n: v for name, v in values.items() for n in TOGETHER.get(name, [name])}
    for name, value in each.items():
        if value not in CHOICES.get(name, (value,)):
            wanted = " or ".join(map(repr, CHOICES[name]))
            raise ValueError(f"config: {name} must be {wanted}, got {value!r}")
    return {n: bool(v) if n in TRUTHS else v for n, v in each.items()}


def _with(config: Config, each: dict[str, Any]) -> Config:
    """Switches of which some have other values."""
    guards = {n: v for n, v in each.items() if n in GUARDS}
    others = {n: v for n, v in each.items() if n not in GUARDS}
    if guards:
        others["guards"] = replace(config.guards, **guards)
    return replace(config, **others)


def override(**values: Any) -> Any:
    """A context manager in which options have these values, in this thread."""
    return _overriding(_checked(values))


@contextmanager
def _overriding(values: dict[str, Any]) -> Iterator[None]:
    previous = _local.config
    _enter(_with(current(), values))
    try:
        yield
    finally:
        _enter(previous)


def _enter(config: Config | None) -> None:
    """Make these the thread's own switches; None for the process's."""
    _local.config = config
    if config is None:
        _native.reset_context()
    else:
        _native.set_context(_key(config), config.enable_x64, _eager(config))


def enable_x64(new_val: bool = True) -> Any:
    """A context manager in which 64-bit types are available (or, with False, are not).

    >>> import pullback as pb
    >>> with pb.enable_x64():
    ...     pb.numpy.ones(2).dtype
    dtype('float64')
    """
    return override(enable_x64=bool(new_val))


def disable_jit(disable: bool = True) -> Any:
    """A context manager in which jit, scan, cond and while_loop run operation by operation.

    Values can then be printed and inspected; loops run in Python.

    >>> with pb.disable_jit():
    ...     pb.jit(lambda x: print(x))(1.0)
    1.0
    """
    return override(disable_jit=bool(disable))


def default_matmul_precision(new_val: str | None) -> Any:
    """A context manager in which products without a precision have this one, as "highest".

    The CPU's products are exact to their dtype whatever is asked for.

    >>> with pb.default_matmul_precision("highest"):
    ...     pnp.ones((2, 2)) @ pnp.ones(2)
    Array([2., 2.], dtype=float32)
    """
    return override(default_matmul_precision=new_val)


def default_prng_impl(new_val: str) -> Any:
    """A context manager in which random keys are of another kind: see `random.key`.

    >>> with pb.default_prng_impl("rbg"):
    ...     str(pb.random.key_impl(pb.random.key(0)))
    'rbg'
    """
    return override(default_prng_impl=new_val)


def enable_custom_prng(new_val: bool = True) -> Any:
    """A context manager in which `random.PRNGKey` makes typed keys, as `random.key` does.

    >>> import pullback as pb
    >>> with pb.enable_custom_prng():
    ...     pb.random.PRNGKey(0)
    Array((), dtype=key<fry>) overlaying:
    [0 0]
    """
    return override(enable_custom_prng=bool(new_val))


def fixed(option: str, new_val: Any) -> Any:
    """A context manager for an option that has one value."""
    update(option, new_val)
    return nullcontext()


def threefry_partitionable(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always on here.

    >>> with pb.threefry_partitionable(True):
    ...     pb.random.bits(pb.random.key(0)).dtype
    dtype('uint32')
    """
    return fixed("threefry_partitionable", new_val)


def softmax_custom_jvp(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always on here.

    >>> with pb.softmax_custom_jvp(True):
    ...     pb.nn.softmax(pnp.zeros(2))
    Array([0.5, 0.5], dtype=float32)
    """
    return fixed("softmax_custom_jvp", new_val)


def numpy_dtype_promotion(new_val: str) -> Any:
    """A context manager for mixed dtypes: "standard" promotes them, "strict" raises.

    >>> with pb.numpy_dtype_promotion("strict"):
    ...     pnp.ones(2) + 1.0
    Array([2., 2.], dtype=float32)
    """
    return override(numpy_dtype_promotion=new_val)


def numpy_rank_promotion(new_val: str) -> Any:
    """A context manager for operands of different ranks: "allow", "warn" or "raise".

    >>> with pb.numpy_rank_promotion("raise"):
    ...     (pnp.ones((2, 1)) + pnp.ones((1, 2))).shape
    (2, 2)
    """
    return override(numpy_rank_promotion=new_val)


def debug_nans(new_val: bool = True) -> Any:
    """A context manager in which an operation that gives NaN raises FloatingPointError.

    The error names the operation and the line that called it, inside compiled functions too: these
    are run again operation by operation. Each result is looked at, so programs run slowly.

    >>> import pullback as pb
    >>> with pb.debug_nans():
    ...     try:
    ...         pb.numpy.log(-1.0)
    ...     except FloatingPointError as error:
    ...         print(str(error).split(", at")[0])
    invalid value (nan) encountered in log
    """
    return override(debug_nans=bool(new_val))


def debug_infs(new_val: bool = True) -> Any:
    """A context manager in which an operation that gives infinity raises; see `debug_nans`.

    >>> with pb.debug_infs():
    ...     pnp.exp(pnp.array([0.0]))
    Array([1.], dtype=float32)
    """
    return override(debug_infs=bool(new_val))


def check_tracer_leaks(new_val: bool = True) -> Any:
    """A context manager in which a value that outlives the tracing of its function raises.

    What is traced into programs and batches is looked at, when its function has returned; this is
    slow. Without it the error comes when the value is used.

    >>> with pb.check_tracer_leaks():
    ...     pb.jit(lambda x: x + 1)(1.0)
    Array(2., dtype=float32, weak_type=True)
    """
    return override(check_tracer_leaks=bool(new_val))


checking_leaks = check_tracer_leaks


def log_compiles(new_val: bool = True) -> Any:
    """A context manager in which what is traced and compiled is logged, and how long it took.

    The messages are warnings of the logger "pullback".

    >>> with pb.log_compiles():
    ...     pb.jit(lambda x: x + 1)(1.0)
    Array(2., dtype=float32, weak_type=True)
    """
    return override(log_compiles=bool(new_val))


def __getattr__(name: str) -> Any:
    """Options as attributes, under their names here or in JAX: `config.jax_enable_x64`."""
    if name == "x64_enabled":
        return current().enable_x64
    if name == "values":
        return {f"jax_{option}": read(option) for option in sorted(OPTIONS)}
    if name.startswith("_"):
        raise AttributeError(name)
    return read(name)


class _Module(ModuleType):
    """This module: its options are set by `update`."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name.removeprefix("jax_") in OPTIONS:
            raise AttributeError(f"config.{name}: write config.update({name!r}, {value!r})")
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Module
