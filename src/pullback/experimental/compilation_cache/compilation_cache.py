"""Where compiled objects are kept on disk."""

import os

from ... import config

__all__ = ["reset_cache", "set_cache_dir"]


def set_cache_dir(path: str | os.PathLike[str]) -> None:
    """Keep compiled objects in this folder from now on.

    It is the option `jax_compilation_cache_dir`.

    >>> from pullback.experimental.compilation_cache import compilation_cache
    >>> before = pb.config.read("jax_compilation_cache_dir")
    >>> compilation_cache.set_cache_dir("kept")
    >>> pb.config.read("jax_compilation_cache_dir")
    'kept'
    >>> pb.config.update("jax_compilation_cache_dir", before)
    """
    config.update("compilation_cache_dir", os.fspath(path))


def reset_cache() -> None:
    """Forget which folder is open: none is, each object is looked up by itself.

    The files stay.

    >>> from pullback.experimental.compilation_cache import compilation_cache
    >>> compilation_cache.reset_cache()
    """
