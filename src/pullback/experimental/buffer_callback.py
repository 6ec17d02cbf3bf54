"""Python functions inside programs that write their results into memory that they are given."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from .. import tree
from ..control.callback import METHODS, io_callback, pure_callback
from ..core.aval import type_name
from ..core.trace import get_aval
from ..transforms.flat import arguments

__all__ = ["Buffer", "ExecutionContext", "ExecutionStage", "buffer_callback"]


class ExecutionStage(enum.IntEnum):
    """When a function is called: these only while the program runs.

    >>> from pullback.experimental import buffer_callback
    >>> buffer_callback.ExecutionStage.EXECUTE.value
    3
    """

    INSTANTIATE = 0
    PREPARE = 1
    INITIALIZE = 2
    EXECUTE = 3


@dataclass(frozen=True)
class ExecutionContext:
    """What a function may ask of the program that calls it.

    >>> from pullback.experimental import buffer_callback
    >>> buffer_callback.ExecutionContext().stage.name
    'EXECUTE'
    """

    stage: ExecutionStage = ExecutionStage.EXECUTE

    @property
    def stream(self) -> NoReturn:
        """The processor has no streams."""
        raise RuntimeError("UNIMPLEMENTED: buffer_callback: the processor has no streams")


class Buffer:
    """Memory of an array, which `numpy.asarray` and DLPack show; that of results can be written.

    >>> from pullback.experimental import buffer_callback
    >>> buffer_callback.Buffer(np.zeros(2)).writeable
    True
    """

    __slots__ = ("_memory",)

    def __init__(self, memory: np.ndarray) -> None:
        self._memory = memory

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self._memory.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._memory.ndim

    @property
    def dtype(self) -> np.dtype:
        """The dtype."""
        return self._memory.dtype

    @property
    def writeable(self) -> bool:
        """Whether it may be written."""
        return self._memory.flags.writeable

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if dtype not in (None, self.dtype):
            raise ValueError(f"buffer_callback: the buffer is of {self.dtype}: convert its array")
        return self._memory.copy() if copy else self._memory

    def __dlpack__(self, **options: Any) -> Any:
        return self._memory.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._memory.__dlpack_device__()


@dataclass(frozen=True)
class InPlace:
    """A function with the structures of its operands and results, the operands' numbers of axes,
    and which result lies where an operand lay."""

    callback: Callable[..., None]
    in_tree: Any
    out_tree: Any
    ranks: tuple[int, ...]
    results: tuple[tuple[tuple[int, ...], Any], ...]
    aliases: tuple[tuple[int, int], ...]

    def __call__(self, *arrays: Any) -> list[np.ndarray]:
        values = [np.asarray(x).view() for x in arrays]
        front = [v.shape[: v.ndim - n] for v, n in zip(values, self.ranks, strict=True)]
        batch = np.broadcast_shapes(*front)
        outs = [np.empty((*batch, *shape), dtype) for shape, dtype in self.results]
        for i, o in self.aliases:
            outs[o][...] = values[i]
            values[i] = outs[o].view()
        for value in values:
            value.flags.writeable = False
        args, kwargs = self.in_tree.unflatten([Buffer(v) for v in values])
        written = self.out_tree.unflatten([Buffer(x) for x in outs])
        if self.callback(ExecutionContext(), written, *args, **kwargs) is not None:
            raise ValueError(
                "buffer_callback: the callback must not return any values: it writes them"
            )
        return outs


def buffer_callback(
    callback: Callable[..., None],
    result_shape_dtypes: Any,
    *,
    has_side_effect: bool = False,
    vmap_method: str | None = None,
    input_output_aliases: dict[int, int] | None = None,
    command_buffer_compatible: bool = False,
) -> Callable[..., Any]:
    """A function that calls a Python function, which writes its results where it is told.

    It has no derivative: wrap it in `custom_jvp` or `custom_vjp`.

    Args:
      callback: function of an `ExecutionContext`, a pytree of `Buffer`s to write the results into,
        and of `Buffer`s in place of the arrays. It returns None.
      result_shape_dtypes: the types of the results: a pytree of `ShapeDtypeStruct`s.
      has_side_effect: whether it is called although nothing needs its results.
      vmap_method: what `vmap` does, as in `pure_callback`.
      input_output_aliases: results, by the numbers of operands, that lie where these lay: they hold
        the operands' values when the function is called.
      command_buffer_compatible: accepted.

    Returns:
      A function of arrays and pytrees of arrays.

    Raises:
      ValueError: an alias does not fit; the function returned something; a derivative is taken.
      Exceptions of the function itself.

    >>> from pullback.experimental.buffer_callback import buffer_callback
    >>> def add_one(ctx, out, x):
    ...     np.add(x, 1, out=np.asarray(out))
    >>> call = buffer_callback(add_one, pb.ShapeDtypeStruct((2,), np.float32))
    >>> pb.jit(call)(pnp.zeros(2))
    Array([1., 1.], dtype=float32)
    """
    if vmap_method is not None and vmap_method not in METHODS:
        raise ValueError(f"buffer_callback: vmap_method must be None or one of {METHODS}")
    specs, out_tree = tree.flatten(result_shape_dtypes)
    results = tuple([(tuple(x.shape), np.dtype(x.dtype)) for x in specs])
    aliases = tuple(sorted((input_output_aliases or {}).items()))

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, in_tree = arguments((args, kwargs), "buffer_callback")
        avals = [get_aval(x) for x in leaves]
        for i, o in aliases:
            _check_alias(i, o, avals, results)
        ranks = tuple([a.ndim for a in avals])
        host = InPlace(callback, in_tree, out_tree, ranks, results, aliases)
        if has_side_effect:
            return out_tree.unflatten(io_callback(host, specs, *leaves))
        return out_tree.unflatten(pure_callback(host, specs, *leaves, vmap_method=vmap_method))

    return wrapped


def _check_alias(i: int, o: int, avals: Any, results: Any) -> None:
    what = f"buffer_callback: input_output_aliases contains the mapping '{i}:{o}'"
    for kind, index, count in (("input", i, len(avals)), ("output", o, len(results))):
        if not 0 <= index < count:
            raise ValueError(f"{what} with {kind} index {index} outside the range [0, {count})")
    shape, dtype = results[o]
    if (avals[i].shape, avals[i].dtype) != (shape, dtype):
        raise ValueError(
            f"{what} referring to an input of type {type_name(avals[i])} and an output of another,"
            f" {dtype.name}{list(shape)}"
        )
