"""Mutable arrays: `new_ref` makes one, indexing reads and writes it.

They are places that hold arrays, for state and for values that a function hands out on the way;
all transformations know them. See `core.cell` for what they are while a function is traced.
"""

from sys import getrefcount
from typing import Any, NoReturn

import numpy as np

from ._native import ArrayImpl, is_eager
from .core.abstract_ref import AbstractRef
from .core.aval import Shape, ShapedArray, type_name
from .core.cell import Cell
from .core.trace import get_aval
from .dtypes import DType, is_integer, promote
from .numpy.elementwise import strong
from .numpy.indexing import getitem
from .numpy.updates import IndexUpdateRef
from .primitives.convert import convert_element_type
from .primitives.shape import zeros
from .transforms.flat import argument
from .transforms.make_jaxpr import abstract

__all__ = [
    "AbstractRef",
    "Ref",
    "addupdate",
    "empty_ref",
    "free_ref",
    "freeze",
    "get",
    "new_ref",
    "set",
    "swap",
]


# The references to an array, or to its memory, that its one holder and the question itself hold.
OWN = 3


class Ref(Cell):
    """A mutable array: `ref[i]` reads, `ref[i] = v` and `ref[i] += v` write.

    `new_ref` makes one. Arithmetic is for what it holds: `ref[...] + 1`.

    >>> ref = pb.new_ref(pnp.zeros(3))
    >>> ref[1] += 5.0
    >>> ref[...]
    Array([0., 5., 0.], dtype=float32)
    """

    __slots__ = ()

    @property
    def shape(self) -> Shape:
        """The sizes of the axes."""
        return self.inner.shape

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self.inner.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.inner.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.inner.size

    @property
    def sharding(self) -> Any:
        """Where the array that it holds lies."""
        return self.read().sharding

    @property
    def committed(self) -> bool:
        """True: what is computed with it goes where it lies."""
        return True

    @property
    def at(self) -> NoReturn:
        """Not there: `ref[i] = v` and `addupdate(ref, i, v)` update it."""
        raise NotImplementedError("Ref.at: write ref[i] = v, or addupdate(ref, i, v)")

    def unsafe_buffer_pointer(self) -> int:
        """The address of the elements now; another one after the next write."""
        return np.asarray(self.read()).ctypes.data

    def addupdate(self, x: Any, idx: Any = ()) -> None:
        """Add to the elements at an index."""
        addupdate(self, idx, x)

    def __getitem__(self, idx: Any) -> Any:
        return getitem(self.read(), idx)

    def __setitem__(self, idx: Any, x: Any) -> None:
        new = _like(x, self.inner, "set")
        self.write(self._at(idx).set(new))

    def _at(self, idx: Any) -> IndexUpdateRef:
        """The elements at an index, to be written: where they lie if nobody else holds the array.

        Views of its memory, and calls on their way that read it, hold it too.
        """
        value = self.read()
        owned = False
        if type(value) is ArrayImpl and is_eager() and getrefcount(value) <= OWN:
            memory = value._npy
            owned = getrefcount(memory) <= OWN and memory.flags.owndata
        return IndexUpdateRef(value, idx, owned)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.describe()} is no array: write ref[...] for the array it holds")

    def __repr__(self) -> str:
        value = self.read()
        text = repr(value)
        return f"Ref{text[5:]}" if text.startswith("Array") else f"Ref({text})"


def _like(x: Any, wanted: ShapedArray, what: str) -> Any:
    """A value to write, in the dtype of the array; only numbers and integers are converted."""
    x = argument(x, f"ref.{what}")
    got = get_aval(x)
    if got.dtype == wanted.dtype and got.weak_type == wanted.weak_type:
        return x
    yields = got.weak_type and promote(((got.dtype, True), (wanted.dtype, False)))[0]
    both = is_integer(got.dtype) and is_integer(wanted.dtype)
    if got.dtype != wanted.dtype and yields != wanted.dtype and not both:
        raise ValueError(
            f"ref.{what}: wants values of dtype {wanted.dtype.name}, got {type_name(got)}: convert"
            f" with x.astype({wanted.dtype.name!r})"
        )
    return convert_element_type(x, wanted.dtype, wanted.weak_type)


def new_ref(init_val: Any, *, memory_space: Any = None, kind: str | None = None) -> Ref:
    """A mutable array that holds `init_val`.

    Made inside a function that is transformed, it is the function's own, and derivatives go
    through what it holds. One from outside can be read and written in `jit`, `scan`, `fori_loop`,
    `while_loop`, `cond` and `checkpoint`, captured or passed as an argument; `vmap` maps those it
    is passed, and `scan` the slices of those among `xs`.

    Args:
      init_val: array or number.
      memory_space: None; there are no kinds of memory to choose from.
      kind: None.

    Raises:
      TypeError: `init_val` is no array or number.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> total = pb.new_ref(pnp.zeros(3))
    >>> @pb.jit
    ... def add(x):
    ...     total[1] += x
    >>> add(2.0), add(3.0)
    (None, None)
    >>> total
    Ref([0., 5., 0.], dtype=float32)
    """
    if memory_space is not None or kind is not None:
        raise NotImplementedError("new_ref: there are no kinds of memory or of mutable arrays")
    value = argument(init_val, "new_ref")
    # Memory may be given to the call that writes: not that of an array that the user holds.
    return Ref(ArrayImpl(value._npy, False) if type(value) is ArrayImpl else strong(value))


def empty_ref(ty: Any, memory_space: Any = None) -> Ref:
    """A mutable array of this shape and dtype; what it holds at first is not specified.

    >>> pb.ref.empty_ref(pb.ShapeDtypeStruct((2,), "float32")).shape
    (2,)
    """
    return new_ref(zeros(abstract(ty, "empty_ref")), memory_space=memory_space)


def freeze(ref: Ref) -> Any:
    """What a mutable array holds. It cannot be used any more.

    Raises:
      ValueError: the array was made outside of the function that is being traced.

    >>> ref = pb.new_ref(pb.numpy.arange(3))
    >>> ref[0] = 7
    >>> pb.freeze(ref)
    Array([7, 1, 2], dtype=int32)
    """
    return _checked(ref, "freeze").end("freeze")


def free_ref(ref: Ref) -> tuple[()]:
    """Let go of what a mutable array holds. It cannot be used any more.

    >>> ref = pb.new_ref(pnp.zeros(3))
    >>> pb.free_ref(ref)
    ()
    """
    _checked(ref, "free_ref").end("free_ref")
    return ()


def get(ref: Ref, idx: Any = None) -> Any:
    """The elements at an index: `ref[idx]`; all of them where it is None.

    >>> ref = pb.new_ref(pb.numpy.arange(5))
    >>> pb.ref.get(ref, slice(1, 3))
    Array([1, 2], dtype=int32)
    """
    return _checked(ref, "get")[_index(idx)]


def set(ref: Ref, idx: Any, value: Any) -> None:
    """Write the elements at an index: `ref[idx] = value`.

    >>> ref = pb.new_ref(pb.numpy.zeros(3))
    >>> pb.ref.set(ref, 1, 10.0)
    >>> ref
    Ref([ 0., 10.,  0.], dtype=float32)
    """
    _checked(ref, "set")[_index(idx)] = value


def swap(ref: Ref, idx: Any, value: Any, _function_name: str = "swap") -> Any:
    """Write the elements at an index, and return what they were.

    >>> ref = pb.new_ref(pb.numpy.arange(3))
    >>> pb.ref.swap(ref, 2, 10)
    Array(2, dtype=int32)
    """
    before = get(ref, idx)
    set(ref, idx, value)
    return before


def addupdate(ref: Ref, idx: Any, x: Any) -> None:
    """Add to the elements at an index: of an index that occurs twice, all that is added counts.

    >>> ref = pb.new_ref(pb.numpy.arange(3))
    >>> pb.ref.addupdate(ref, 2, 10)
    >>> ref
    Ref([ 0,  1, 12], dtype=int32)
    """
    cell = _checked(ref, "addupdate")
    new = _like(x, cell.inner, "addupdate")
    cell.write(cell._at(_index(idx)).add(new))


def _index(idx: Any) -> Any:
    return () if idx is None else idx


def _checked(ref: Any, what: str) -> Ref:
    if not isinstance(ref, Ref):
        raise ValueError(f"ref.{what}: wants a Ref, got {type(ref).__name__}")
    return ref
