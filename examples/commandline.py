"""What the examples share: an option for each parameter of `main`, and pictures of one size."""

import argparse
import inspect
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

PICTURES = Path("pictures")


def command(main: Callable[..., Any]) -> None:
    """Calls `main` with what the command line says; `--help` lists its parameters."""
    formatter = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(description=inspect.getdoc(main), formatter_class=formatter)
    for name, parameter in inspect.signature(main).parameters.items():
        default = parameter.default
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(default), default=default, help=" ")
    main(**vars(parser.parse_args()))


def panels(count: int) -> tuple[Figure, Any]:
    """A figure and its `count` axes, side by side."""
    figure = Figure(figsize=(9, 3.4), dpi=80, layout="constrained")
    return figure, figure.subplots(1, count)


def save(figure: Figure, out: Path, name: str) -> None:
    """Writes the figure, in 128 colors, to the folder `out`, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    drawn = BytesIO()
    figure.savefig(drawn)
    Image.open(drawn).convert("RGB").quantize(128).save(out / f"{name}.png", optimize=True)
