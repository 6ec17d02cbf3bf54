"""Looking into programs while they run: prints and calls of Python functions; how arrays lie."""

from .control.debugging import debug_callback as callback
from .control.debugging import debug_log as log
from .control.debugging import debug_print as print
from .visual import visualize_array_sharding, visualize_sharding

__all__ = ["callback", "log", "print", "visualize_array_sharding", "visualize_sharding"]
