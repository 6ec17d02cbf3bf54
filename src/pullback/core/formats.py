"""The order in which the elements of arrays lie in memory, as `Format` speaks of it."""

from collections.abc import Sequence
from typing import Any, Final


class AutoLayout:
    """Stands for a layout that the compiler may choose."""

    def __repr__(self) -> str:
        return "AUTO"

    def __reduce__(self) -> str:
        return "AUTO"


AUTO: Final = AutoLayout()


class Layout:
    """The order of an array's axes in memory.

    Arrays lie in row-major order here, the last axis closest together.

    Args:
      major_to_minor: the axes from the outermost to that whose elements lie closest together.
      tiling: the sizes of the tiles that elements are gathered in; arrays have none here.
      sub_byte_element_size_in_bits: the bits of packed elements; 0: they are not packed.

    >>> pnp.zeros((2, 3)).format.layout.major_to_minor
    (0, 1)
    """

    AUTO = AUTO

    def __init__(
        self,
        major_to_minor: Sequence[int],
        tiling: Sequence[Sequence[int]] | None = None,
        sub_byte_element_size_in_bits: int = 0,
    ) -> None:
        self.major_to_minor = tuple(major_to_minor)
        self.tiling = None if tiling is None else tuple(map(tuple, tiling))
        self.sub_byte_element_size_in_bits = sub_byte_element_size_in_bits

    def update(self, **kwargs: Any) -> "Layout":
        """The same layout with other values of some arguments."""
        return Layout(**{**vars(self), **kwargs})

    def check_compatible_aval(self, aval_shape: Sequence[int]) -> None:
        """Raise unless arrays of this shape have as many axes as the layout."""
        if len(self.major_to_minor) != len(aval_shape):
            raise ValueError(
                f"{self}: it orders {len(self.major_to_minor)} axes, and an array of the shape"
                f" {tuple(aval_shape)} has {len(aval_shape)}"
            )

    def check_possible(self, what: str) -> None:
        """Raise unless arrays can lie so."""
        in_order = self.major_to_minor == tuple(range(len(self.major_to_minor)))
        if not in_order or self.tiling or self.sub_byte_element_size_in_bits:
            raise NotImplementedError(
                f"{what}: arrays lie in row-major order, without tiles, got {self}"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layout) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        return f"Layout({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


def row_major(ndim: int) -> Layout:
    """How arrays of so many axes lie."""
    return Layout(range(ndim), ())
