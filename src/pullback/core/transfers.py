"""Arrays on their way between host and devices: what `transfer_guard` refuses and tells."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from .. import config
from ..lazy import LazyModule
from .aval import type_name
from .trace import show_line, user_line

PACKAGE = __name__.partition(".")[0]
logging: Any = LazyModule("logging")


class _Asked(threading.local):
    explicit: bool = False


_asked = _Asked()


@contextmanager
def explicit() -> Generator[None]:
    """A block whose transfers were asked for."""
    before, _asked.explicit = _asked.explicit, True
    try:
        yield
    finally:
        _asked.explicit = before


def moving(way: str, aval: Any, source: Any, target: Any) -> None:
    """Tell or refuse that an array goes a way, as "host_to_device", where that is wanted."""
    level = getattr(config.current().guards, f"transfer_guard_{way}")
    if level in (None, "allow") or (_asked.explicit and level in ("log", "disallow")):
        return
    name = way.replace("_", "-")
    what = f"{name} transfer of {type_name(aval)} from {source} to {target}"
    place = f"at {show_line(user_line())}"
    if level.startswith("log"):
        logging.getLogger(PACKAGE).warning("%s, %s", what, place)
        return
    hint = "" if _asked.explicit else ": ask for it with device_put or device_get"
    raise RuntimeError(f"transfer_guard: disallowed {what}, {place}{hint}")
