"""Whose code messages point at, under the name of `jax.extend.source_info_util`."""

from ..core.trace import exclude

__all__ = ["register_exclusion"]


def register_exclusion(path: str) -> None:
    """Let messages name the callers of the code below a path, not that code itself.

    Args:
      path: a file, or a folder with all that is in it.

    >>> from pullback.extend import source_info_util
    >>> source_info_util.register_exclusion("/a/library/of/layers")
    """
    exclude(path)
