"""What `log_compiles` reports: what is traced and compiled, and how long it took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from .. import config
from ..lazy import LazyModule

PACKAGE = __name__.partition(".")[0]
logging: Any = LazyModule("logging")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Report a block of work, where that is asked for."""
    start = perf_counter()
    yield
    if config.current().log_compiles:
        took = perf_counter() - start
        logging.getLogger(PACKAGE).warning("Finished %s in %.6f sec", what, took)
