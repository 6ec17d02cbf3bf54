"""What compiled code depends on beside its program: the processor, and the compiler itself."""

import os
import platform
from collections.abc import Iterator
from functools import cache
from importlib.machinery import PathFinder

PACKAGE = os.path.dirname(os.path.dirname(__file__))
# What Linux says of a processor that decides which code runs on it.
TELLING = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU")


@cache
def identity() -> str:
    """Another text where code for this machine would not run, or be another."""
    return "\n".join([platform.machine(), *_processor(), *_sources()])


def _processor() -> list[str]:
    """The lines about the first processor, where the system has them."""
    found: list[str] = []
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if not line.strip():
                    break
                if line.startswith(TELLING):
                    found.append(line)
    except OSError:
        pass
    return found or [platform.processor(), platform.version()]


def _sources() -> Iterator[str]:
    """Sizes and times of the files of the package, and of LLVM's."""
    spec = PathFinder.find_spec("llvmlite")
    assert spec is not None and spec.origin is not None
    llvm = os.path.join(os.path.dirname(spec.origin), "binding")
    for entry in (*_files(PACKAGE), *_files(llvm)):
        info = entry.stat()
        yield f"{entry.path} {info.st_size} {info.st_mtime_ns}"


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".py", ".so", ".dylib")):
                yield entry
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)
