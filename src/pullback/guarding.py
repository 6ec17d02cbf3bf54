"""Contexts in which something is refused, or told: tracing, execution, transfers, keys."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import config


def no_tracing(new_val: bool = True) -> Any:
    """A context manager in which a function that would be traced raises RuntimeError.

    For code that is to run what has been compiled before, and nothing else.

    >>> f = pb.jit(lambda x: x + 1)
    >>> f(1.0)
    Array(2., dtype=float32, weak_type=True)
    >>> with pb.no_tracing():
    ...     f(2.0)
    Array(3., dtype=float32, weak_type=True)
    """
    return config.override(no_tracing=bool(new_val))


def no_execution(new_val: bool = True) -> Any:
    """A context manager in which nothing is computed: operations raise RuntimeError.

    Functions can be traced, as `eval_shape` and `jit(f).lower` do.

    >>> with pb.no_execution():
    ...     pb.eval_shape(lambda x: x + 1, 1.0)
    ShapeDtypeStruct(shape=(), dtype=float32, weak_type=True)
    """
    return config.override(no_execution=bool(new_val))


def explain_cache_misses(new_val: bool = True) -> Any:
    """A context manager in which it is logged why a jitted function is traced again.

    The messages are warnings of the logger "pullback"; they say which argument has another type or
    structure, which static value or switch differs from the call before that is most like it.

    >>> with pb.explain_cache_misses():
    ...     pb.jit(lambda x: x + 1)(1.0)
    Array(2., dtype=float32, weak_type=True)
    """
    return config.override(explain_cache_misses=bool(new_val))


def enable_checks(new_val: bool = True) -> Any:
    """A context manager in which every program is checked when it is traced and transformed.

    A program that is not well formed raises JaxprError. It is for those who write operations and
    interpreters of their own.

    >>> with pb.enable_checks():
    ...     pb.jit(lambda x: x + 1)(1.0)
    Array(2., dtype=float32, weak_type=True)
    """
    return config.override(enable_checks=bool(new_val))


def debug_key_reuse(new_val: bool = True) -> Any:
    """A context manager in which a typed random key that is used twice raises KeyReuseError.

    Keys are used by draws and by `split`; `fold_in` uses none, and `random.clone` gives a key that
    may be used again. Of an array of keys each is known by itself. Functions are looked at when
    they are called: what a key is for is found for whole programs.

    >>> key = pb.random.key(0)
    >>> with pb.debug_key_reuse():
    ...     x = pb.random.uniform(key)
    ...     try:
    ...         pb.random.normal(key)
    ...     except pb.errors.KeyReuseError:
    ...         print("used before")
    used before
    """
    return config.override(debug_key_reuse=bool(new_val))


def legacy_prng_key(new_val: str) -> Any:
    """A context manager for random keys that are words: "allow", "warn" or "error".

    >>> with pb.legacy_prng_key("error"):
    ...     pb.random.uniform(pb.random.key(0)).shape
    ()
    """
    return config.override(legacy_prng_key=new_val)


def transfer_guard(new_val: str) -> Any:
    """A context manager for arrays on their way between the host and devices, and between devices.

    Args:
      new_val: "allow"; "log" or "disallow" what nobody asked for; "log_explicit" or
        "disallow_explicit" also what `device_put` and `device_get` move. Messages are warnings of
        the logger "pullback"; refused transfers raise RuntimeError.

    The CPU shares its memory with NumPy, so there is nothing to move.

    >>> with pb.transfer_guard("disallow"):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.override(transfer_guard=new_val)


def transfer_guard_host_to_device(new_val: str) -> Any:
    """As `transfer_guard`, for arrays that go from the host to a device.

    >>> with pb.transfer_guard_host_to_device("log"):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.override(transfer_guard_host_to_device=new_val)


def transfer_guard_device_to_device(new_val: str) -> Any:
    """As `transfer_guard`, for arrays that go from one device to another.

    >>> with pb.transfer_guard_device_to_device("log"):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.override(transfer_guard_device_to_device=new_val)


def transfer_guard_device_to_host(new_val: str) -> Any:
    """As `transfer_guard`, for arrays that come from a device to the host.

    >>> with pb.transfer_guard_device_to_host("log"):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.override(transfer_guard_device_to_host=new_val)


def thread_guard(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always off here.

    >>> with pb.thread_guard(False):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.fixed("thread_guard", bool(new_val))


def array_garbage_collection_guard(new_val: str | None) -> Any:
    """A context manager for arrays that the garbage collector finds, which it may: "allow".

    >>> with pb.array_garbage_collection_guard("allow"):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.fixed("array_garbage_collection_guard", new_val)


def allow_f16_reductions(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always on here.

    >>> with pb.allow_f16_reductions(True):
    ...     pb.numpy.ones(2, "float16").sum()
    Array(2., dtype=float16)
    """
    return config.fixed("allow_f16_reductions", bool(new_val))


def auto_pcast(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always on here.

    >>> with pb.auto_pcast(True):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.fixed("auto_pcast", bool(new_val))


def remove_size_one_mesh_axis_from_type(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always off here.

    >>> with pb.remove_size_one_mesh_axis_from_type(False):
    ...     pb.numpy.ones(2) + 1
    Array([2., 2.], dtype=float32)
    """
    return config.fixed("remove_size_one_mesh_axis_from_type", bool(new_val))


def jax2tf_associative_scan_reductions(new_val: bool = True) -> Any:
    """A context manager for JAX's switch of the same name, which is always off here.

    >>> with pb.jax2tf_associative_scan_reductions(False):
    ...     pb.numpy.cumsum(pb.numpy.ones(2))
    Array([1., 2.], dtype=float32)
    """
    return config.fixed("jax2tf_associative_scan_reductions", bool(new_val))


_numbers = itertools.count()


class UserContext:
    """A value of the user's that compiled functions may depend on: see `make_user_context`."""

    def __init__(self, default_value: Any = None) -> None:
        self._default = default_value
        self._number = next(_numbers)

    @property
    def value(self) -> Any:
        """The value in force."""
        return dict(config.current().contexts).get(self._number, self._default)

    @contextmanager
    def __call__(self, new_val: Any) -> Iterator[None]:
        others = tuple([c for c in config.current().contexts if c[0] != self._number])
        with config.override(contexts=(*others, (self._number, new_val))):
            yield


def make_user_context(default_value: Any = None) -> UserContext:
    """A value of the user's own for a block of code; jitted functions are traced anew for others.

    Args:
      default_value: the value outside of all blocks; hashable, as all values must be.

    Returns:
      A function that makes a context manager of a value. Its attribute `value` is what is in force.

    >>> import pullback as pb
    >>> scale = pb.make_user_context(1.0)
    >>> f = pb.jit(lambda x: x * scale.value)
    >>> with scale(3.0):
    ...     float(f(2.0))
    6.0
    >>> float(f(2.0))
    2.0
    """
    return UserContext(default_value)
