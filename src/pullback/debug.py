"""Looking into programs while they run: prints and calls of Python functions; how arrays lie."""

from .breakpoints import debug_breakpoint as breakpoint
from .control.debugging import debug_callback as callback
from .control.debugging import debug_log as log
from .control.debugging import debug_print as print
from .visual import inspect_array_sharding, visualize_array_sharding, visualize_sharding

__all__ = [
    "breakpoint",
    "callback",
    "inspect_array_sharding",
    "log",
    "print",
    "visualize_array_sharding",
    "visualize_sharding",
]
