"""What all sparse arrays have in common, and how what is said of one element is said of batches.

Axes of a batched array come in the order batch, sparse, dense. Batch axes of an array of parts may
be of size one where the whole's are not: those parts are the same for all elements.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np

from ... import numpy as pnp
from ...core.trace import Tracer
from ...errors import ConcretizationTypeError
from ...interpreters.batching import register_vmappable
from ...transforms.vmap import vmap

Axes = Sequence[int]
Shape = tuple[int, ...]


class SparseEfficiencyWarning(UserWarning):
    """What is asked for takes much more memory or time than the sparse array would.

    >>> from pullback.experimental import sparse
    >>> issubclass(sparse.SparseEfficiencyWarning, UserWarning)
    True
    """


class CuSparseEfficiencyWarning(SparseEfficiencyWarning):
    """For programs that name it: no kernels of cuSPARSE are used here.

    >>> from pullback.experimental import sparse
    >>> issubclass(sparse.CuSparseEfficiencyWarning, sparse.SparseEfficiencyWarning)
    True
    """


class SparseEfficiencyError(ValueError):
    """What is asked for takes much more memory or time than the sparse array would.

    >>> from pullback.experimental import sparse
    >>> issubclass(sparse.SparseEfficiencyError, ValueError)
    True
    """


class SparseInfo(NamedTuple):
    """What a sparse array is beside its parts."""

    shape: Shape
    indices_sorted: bool = False
    unique_indices: bool = False


class JAXSparse(ABC):
    """The base of sparse arrays: a shape, and parts that are arrays.

    >>> from pullback.experimental import sparse
    >>> isinstance(sparse.BCOO.fromdense(pnp.eye(2)), sparse.JAXSparse)
    True
    """

    data: Any
    shape: Shape
    __array_priority__ = 100

    def __init__(self, args: Sequence[Any], *, shape: Sequence[int]) -> None:
        self.shape = tuple(int(s) for s in shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the stored elements."""
        return self.data.dtype

    @property
    @abstractmethod
    def nse(self) -> int:
        """How many elements are stored (in each batch)."""

    @abstractmethod
    def transpose(self, axes: Axes | None = None) -> "JAXSparse":
        """The array with its axes in another order."""

    @abstractmethod
    def todense(self) -> Any:
        """The array with all its elements."""

    @abstractmethod
    def tree_flatten(self) -> tuple[tuple[Any, ...], Any]:
        """The parts, and the rest."""

    @property
    def size(self) -> int:
        """How many elements there are, stored or zero."""
        return prod(self.shape)

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def T(self) -> "JAXSparse":
        """The array with its axes reversed."""
        return self.transpose()

    def __hash__(self) -> int:
        raise TypeError(f"unhashable type: {type(self).__name__!r}")

    def __len__(self) -> int:
        return self.shape[0]

    def block_until_ready(self) -> "JAXSparse":
        """Wait until the parts are computed."""
        for part in self.tree_flatten()[0]:
            part.block_until_ready()
        return self

    def _counts(self) -> tuple[tuple[str, int], ...]:
        return (("nse", self.nse),)

    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            counts = "".join(f", {k}={n}" for k, n in self._counts() if n or k == "nse")
            text = f"{name}({self.dtype}{list(self.shape)}{counts})"
        except (AttributeError, IndexError):  # made of what is not arrays
            return f"{name}(<invalid>)"
        data = self.data
        return f"{type(data).__name__}[{text}]" if isinstance(data, Tracer) else text


class Batched(JAXSparse):
    """The base of sparse arrays with batch axes in front and dense axes behind."""

    PARTS: ClassVar[tuple[str, ...]]
    indices_sorted: bool
    unique_indices: bool

    @property
    @abstractmethod
    def n_batch(self) -> int:
        """The number of batch axes."""

    @property
    @abstractmethod
    def n_dense(self) -> int:
        """The number of dense axes."""

    @property
    def _info(self) -> SparseInfo:
        return SparseInfo(self.shape, self.indices_sorted, self.unique_indices)

    def _counts(self) -> tuple[tuple[str, int], ...]:
        return (("nse", self.nse), ("n_batch", self.n_batch), ("n_dense", self.n_dense))

    def tree_flatten(self) -> tuple[tuple[Any, ...], SparseInfo]:
        """The parts, and the rest."""
        return tuple(getattr(self, name) for name in self.PARTS), self._info

    @classmethod
    def tree_unflatten(cls, aux_data: SparseInfo, children: Any) -> Any:
        """An array of such parts, which may be anything."""
        made = object.__new__(cls)
        for name, part in zip(cls.PARTS, children, strict=True):
            setattr(made, name, part)
        made.shape, made.indices_sorted, made.unique_indices = aux_data
        return made


def map_in_batches(cls: type[Batched]) -> None:
    """Let `vmap` map arrays of a class along their batch axes."""
    register_vmappable(cls, int, int, _to_element, _from_element, None)


def _to_element(cont: Any, _: Any, mat: Batched, axis: Any) -> Any:
    if axis is None:
        return mat
    if not 0 <= axis < mat.n_batch:
        raise ValueError(
            f"vmap: axis {axis} of a {type(mat).__name__} with {mat.n_batch} batch axes is none of"
            " them"
        )
    parts = [cont(p, axis) for p in mat.tree_flatten()[0]]
    return _of_shape(mat, parts, (*mat.shape[:axis], *mat.shape[axis + 1 :]))


def _from_element(cont: Any, size: int, mat: Batched, axis: Any) -> Any:
    if axis is None:
        return mat
    if not 0 <= axis <= mat.n_batch:
        raise ValueError(
            f"vmap: out_axes={axis} for a {type(mat).__name__} with {mat.n_batch} batch axes, which"
            " come first"
        )
    parts = [cont(size, p, axis) for p in mat.tree_flatten()[0]]
    return _of_shape(mat, parts, (*mat.shape[:axis], size, *mat.shape[axis:]))


def _of_shape(mat: Batched, parts: Sequence[Any], shape: Shape) -> Any:
    return type(mat).tree_unflatten(mat._info._replace(shape=shape), parts)


def lift(f: Callable[..., Any], depth: int) -> Callable[..., Any]:
    """A function of elements' parts as one of batches', with `depth` batch axes in front.

    Parts of size one along a batch axis go with every element.
    """
    if depth == 0:
        return f
    inner = lift(f, depth - 1)

    def lifted(*parts: Any) -> Any:
        sizes = {p.shape[0] for p in parts}
        size = next(iter(sizes)) if len(sizes) == 1 else max(sizes - {1})
        axes = tuple(0 if p.shape[0] == size else None for p in parts)
        given = [p if a == 0 else p[0] for p, a in zip(parts, axes, strict=True)]
        return vmap(inner, in_axes=axes)(*given)

    return lifted


def columns(indices: Any) -> tuple[Any, ...]:
    """The indices along each sparse axis."""
    return tuple(indices[..., k] for k in range(indices.shape[-1]))


def bounds(shape: Sequence[int], like: Any) -> Any:
    """Sizes as an array of the dtype of indices: the index that says that nothing is stored."""
    return pnp.array(shape, dtype=like.dtype).reshape(len(shape))


def inside(indices: Any, shape: Sequence[int]) -> Any:
    """Which elements are stored within the array: others stand for nothing."""
    return (indices < bounds(shape, indices)).all(-1)


def beside(mask: Any, data: Any) -> Any:
    """A mask of stored elements, with axes of size one for the dense axes of the data."""
    return mask.reshape(mask.shape + (1,) * (data.ndim - mask.ndim))


def split(axes: Sequence[Any], first: int, second: int) -> tuple[list[Any], list[Any], list[Any]]:
    """What belongs to the batch, sparse and dense axes."""
    end = first + second
    return list(axes[:first]), list(axes[first:end]), list(axes[end:])


def is_sparse(x: Any) -> bool:
    """Whether a value is a sparse array, of any kind."""
    return isinstance(x, JAXSparse)


def static(n: Any, what: str) -> int:
    """A number that must be known while a program is written."""
    if isinstance(n, Tracer):
        raise ConcretizationTypeError(
            f"{what}: the number of stored elements is not known here, and shapes depend on it:"
            " pass nse, a Python integer"
        )
    return int(cast(Any, n))
