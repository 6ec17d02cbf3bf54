"""What `log_compiles` and `monitoring` report: what is traced and compiled, how long it took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from .. import config, monitoring
from ..lazy import LazyModule

PACKAGE = __name__.partition(".")[0]
logging: Any = LazyModule("logging")
spans: Any = LazyModule(f"{PACKAGE}.core.spans")


# JAX's names of what is timed.
TRACING = "/jax/core/compile/jaxpr_trace_duration"
COMPILATION = "/jax/core/compile/backend_compile_duration"


@contextmanager
def timed(event: str, what: str, name: str) -> Iterator[None]:
    """Report a block of work for the function of this name, where that is asked for."""
    start = perf_counter()
    with spans.span(what, "compilation" if event == COMPILATION else "tracing"):
        yield
    took = perf_counter() - start
    monitoring.record_event_duration_secs(event, took, fun_name=name)
    if config.current().guards.log_compiles:
        logging.getLogger(PACKAGE).warning("Finished %s in %.6f sec", what, took)
