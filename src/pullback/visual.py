"""Pictures of how arrays are divided among devices, as tables in the terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import tree
from .core.sharding import Sharding, given
from .core.trace import Tracer
from .transforms.flat import argument

# The height of the whole table in lines at scale 1, and how much higher than wide a character is.
HEIGHT, ASPECT = 10, 2.5
# Backgrounds, as numbers of the 256 colours that terminals have, with the colour of text on them.
COLORS = (60, 61, 62, 103, 64, 101, 143, 186, 94, 137, 179, 222, 88, 131, 167, 174, 90, 132, 169)
LIGHT = {103, 143, 186, 137, 179, 222, 174, 169}


def visualize_sharding(
    shape: Sequence[int],
    sharding: Sharding,
    *,
    use_color: bool = True,
    scale: float = 1.0,
    min_width: int = 9,
    max_width: int = 80,
    color_map: Callable[[float], Sequence[float]] | None = None,
) -> None:
    """Print which devices have which part of an array of one or two dimensions.

    Args:
      shape: of the array.
      sharding: how it is divided.
      use_color: whether parts have colours, where the terminal has them; else they have lines.
      scale: of the table's size.
      min_width, max_width: of a part, in characters.
      color_map: function of a number in [0, 1) that gives red, green and blue in [0, 1].

    Raises:
      ValueError: the shape has more dimensions than two, or none.

    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> pb.debug.visualize_sharding((4,), pb.NamedSharding(mesh, pb.P("x")), use_color=False)
    ┌─────────────────────────┐
    │          XLA 0          │
    └─────────────────────────┘
    """
    if len(shape) not in (1, 2):
        raise ValueError(
            f"visualize_sharding: wants a shape of one or two dimensions, got {tuple(shape)}"
        )
    found = given(sharding, "visualize_sharding")
    if found is None:
        raise TypeError(f"visualize_sharding: wants a sharding, got {sharding!r}")
    cells = _cells(tuple(shape), found)
    widths, heights = _sizes(tuple(shape), cells, scale, min_width, max_width)
    colored = use_color and sys.stdout.isatty()
    draw = _colored(color_map) if colored else _lined
    print("\n".join(draw(cells, widths, heights)))


def visualize_array_sharding(arr: Any, **kwargs: Any) -> None:
    """Print which devices have which part of an array; options as `visualize_sharding`.

    >>> pb.debug.visualize_array_sharding(pnp.zeros(4), use_color=False)
    ┌─────────────────────────┐
    │          CPU 0          │
    └─────────────────────────┘
    """
    visualize_sharding(arr.shape, arr.sharding, **kwargs)


def inspect_array_sharding(value: Any, *, callback: Callable[[Sharding], None]) -> None:
    """Call a function with the sharding of each array of a pytree.

    Raises:
      NotImplementedError: a value is traced: how it is divided is known of results only.

    >>> pb.debug.inspect_array_sharding(pnp.zeros(4), callback=lambda s: print(s.num_devices))
    1
    """
    for x in tree.leaves(value):
        if isinstance(x, Tracer):
            raise NotImplementedError(
                f"inspect_array_sharding: {x.describe()}: how values inside of a program are"
                " divided is the compiler's; look at results, or say it with"
                " with_sharding_constraint"
            )
        callback(argument(x, "inspect_array_sharding").sharding)


def _cells(shape: tuple[int, ...], sharding: Sharding) -> list[list[str]]:
    """The table of parts: the platform and the numbers of the devices that have it."""
    parts: dict[tuple[int, int], list[int]] = {}
    for device, index in sharding.devices_indices_map(shape).items():
        starts = [s.indices(n)[0] for s, n in zip(index, shape, strict=True)]
        row, column = starts if len(starts) == 2 else (0, starts[0])
        parts.setdefault((row, column), []).append(device.id)
    name = sharding.devices[0].platform.upper()
    rows, columns = (sorted({place[k] for place in parts}) for k in (0, 1))
    return [[f"{name} {','.join(map(str, sorted(parts[r, c])))}" for c in columns] for r in rows]


def _sizes(
    shape: tuple[int, ...], cells: list[list[str]], scale: float, low: int, high: int
) -> tuple[list[int], list[int]]:
    """The widths of columns and the heights of rows, in the proportions of the array."""
    height = int(HEIGHT * scale)
    aspect = shape[1] / shape[0] if len(shape) == 2 else 1.0
    width = int(height * aspect * ASPECT / len(cells[0]))
    longest = [max(len(row[k]) for row in cells) + 2 for k in range(len(cells[0]))]
    widths = [max(n, min(max(width, low), high)) for n in longest]
    tall = max(height // len(cells), 1) if len(shape) == 2 else 1
    return widths, [tall] * len(cells)


def _rows(text: list[str], widths: list[int], height: int) -> Iterator[list[str]]:
    """The lines of a row of cells, each cell's text in the middle."""
    for k in range(height):
        shown = k == (height - 1) // 2
        yield [(t if shown else "").center(w) for t, w in zip(text, widths, strict=True)]


def _lined(cells: list[list[str]], widths: list[int], heights: list[int]) -> Iterator[str]:
    """Cells between lines."""

    def line(left: str, middle: str, right: str) -> str:
        return left + middle.join(["─" * w for w in widths]) + right

    for k, (row, height) in enumerate(zip(cells, heights, strict=True)):
        yield line("├", "┼", "┤") if k else line("┌", "┬", "┐")
        for texts in _rows(row, widths, height):
            yield "│" + "│".join(texts) + "│"
    yield line("└", "┴", "┘")


def _colored(color_map: Callable[[float], Sequence[float]] | None) -> Callable[..., Iterator[str]]:
    """Cells in colours."""

    def paint(k: int, count: int) -> str:
        if color_map is None:
            color = COLORS[k % len(COLORS)]
            return f"\x1b[48;5;{color}m\x1b[38;5;{16 if color in LIGHT else 231}m"
        rgb = [round(255 * v) for v in color_map(k / count)[:3]]
        light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] > 150
        return f"\x1b[48;2;{';'.join(map(str, rgb))}m\x1b[38;5;{16 if light else 231}m"

    def draw(cells: list[list[str]], widths: list[int], heights: list[int]) -> Iterator[str]:
        columns, count = len(widths), len(widths) * len(heights)
        for k, (row, height) in enumerate(zip(cells, heights, strict=True)):
            paints = [paint(k * columns + j, count) for j in range(columns)]
            for texts in _rows(row, widths, height + 2):
                yield "".join([p + t for p, t in zip(paints, texts, strict=True)]) + "\x1b[0m"

    return draw
