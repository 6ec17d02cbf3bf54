"""Loops around one operation, compiled and run: y[i] = body(x0[i], x1[i], ...)."""

import ctypes
from collections.abc import Callable, Sequence

import ml_dtypes
import numpy as np

from pullback.backends.cpu.target import Code, Target
from pullback.backends.cpu.text import Function, Module, memory_type

TARGET = Target(debug=True)


def numpy_type(dtype: str) -> np.dtype:
    return np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def add_kernel(
    module: Module, name: str, ins: Sequence[str], out: str, lanes: int, body: Callable[..., str]
) -> None:
    params = [*(("ptr", f"x{k}") for k in range(len(ins))), ("ptr", "y"), ("i64", "n")]
    f = Function(module, name, params)
    with f.loop(0, "%n", lanes) as i:
        values = [f.load(d, f.gep(memory_type(d), f"%x{k}", i), lanes) for k, d in enumerate(ins)]
        f.store(out, body(f, *values), f.gep(memory_type(out), "%y", i), lanes)
    f.ret()
    module.add(f)


def run(code: Code, name: str, args: Sequence[np.ndarray], out: str) -> np.ndarray:
    y = np.empty(len(args[0]), numpy_type(out))
    pointers = [np.ascontiguousarray(a) for a in (*args, y)]
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers), ctypes.c_int64)
    prototype(code.addresses[name])(*(p.ctypes.data for p in pointers), len(y))
    return y
