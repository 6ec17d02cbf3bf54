"""LLVM's code generator, in several threads at once.

llvmlite holds one lock around each call of LLVM. Generating code is most of the work of a
compilation and touches nothing but a machine and a module of a context of its own, so here the
same function of the same library is called without the lock.
"""

import ctypes
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import llvmlite.binding as llvm
from llvmlite.binding import ffi

_library = ctypes.CDLL(ffi.lib._name)
_emit = _library.LLVMPY_TargetMachineEmitToMemory
_emit.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
_start = _library.LLVMPY_GetBufferStart
_size = _library.LLVMPY_GetBufferSize
_dispose = _library.LLVMPY_DisposeMemoryBuffer
_emit.restype = _start.restype = ctypes.c_void_p
_size.restype = ctypes.c_size_t
_start.argtypes = _size.argtypes = _dispose.argtypes = [ctypes.c_void_p]


class Machines:
    """Machines, one for each thread that works at a time: making one takes a millisecond."""

    def __init__(self, make: Callable[[], llvm.TargetMachine]):
        self.make = make
        self.idle: list[llvm.TargetMachine] = []

    @contextmanager
    def one(self) -> Iterator[llvm.TargetMachine]:
        """A machine that nobody else uses meanwhile."""
        try:
            machine = self.idle.pop()
        except IndexError:
            machine = self.make()
        yield machine
        self.idle.append(machine)

    def emit(self, module: llvm.ModuleRef) -> bytes:
        """The object file of a module of a context of its own."""
        with self.one() as machine:
            return emit(machine, module)


class _Job(threading.Thread):
    """The object file of a module, being made."""

    def __init__(self, machines: Machines, module: llvm.ModuleRef):
        super().__init__(daemon=True)
        self.machines, self.module = machines, module
        self.object = b""

    def run(self) -> None:
        self.object = self.machines.emit(self.module)


def emit(machine: llvm.TargetMachine, module: llvm.ModuleRef) -> bytes:
    """The object file of a module of a context of its own."""
    error = ctypes.c_char_p()
    buffer = _emit(machine._ptr, module._ptr, 1, ctypes.byref(error))
    if not buffer:
        raise RuntimeError(f"LLVM: {error.value}")
    try:
        return ctypes.string_at(_start(buffer), _size(buffer))
    finally:
        _dispose(buffer)


def emit_all(
    texts: Iterable[str], prepare: Callable[[str], llvm.ModuleRef], machines: Machines
) -> list[bytes]:
    """The object files of several texts; each but the last in a thread of its own."""
    *others, last = texts
    jobs = []
    for text in others:
        jobs.append(_Job(machines, prepare(text)))
        jobs[-1].start()
    last_object = machines.emit(prepare(last))
    for job in jobs:
        job.join()
    assert all(job.object for job in jobs)
    return [*[job.object for job in jobs], last_object]
