"""Matrix products by the BLAS that SciPy carries, called through its function pointers."""

import ctypes
from functools import cache

from ...lazy import LazyModule
from .emit_value import Emitter, Frame
from .loops import Gemm, Operand
from .target import Target
from .text import Function, Module, scalar_constant

# SciPy's linear algebra takes longer to import than a small program to compile.
cython_blas = LazyModule("scipy.linalg.cython_blas")
NAMES = {"float32": "sgemm", "float64": "dgemm"}


@cache
def address(name: str) -> int:
    """The address of a BLAS function."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    capsule_name = ctypes.pythonapi.PyCapsule_GetName
    capsule_name.restype, capsule_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    capsule = cython_blas.__pyx_capi__[name]
    return int(get(capsule, capsule_name(capsule)))


def register(target: Target, module: Module) -> None:
    """Let generated code call the functions that it names, pb_sgemm and pb_dgemm."""
    for name in NAMES.values():
        if f"pb_{name}" in module.pieces:
            target.add_symbol(f"pb_{name}", address(name))


def _number(module: Module, dtype: str, value: int) -> str:
    """A constant in memory: Fortran takes every argument by reference."""
    key = f"@k.{dtype}.{value}"
    type_ = {"int8": "i8", "int32": "i32", "float32": "float", "float64": "double"}[dtype]
    module.require(key, f"{key} = private constant {type_} {scalar_constant(dtype, value)}")
    return key


def emit(frame: Frame, stmt: Gemm) -> None:
    """A call for each matrix of the batch: row-major products are those of the transposes."""
    batch = stmt.out.shape[0]
    if batch == 1:
        _product(frame, stmt, "0")
        return
    with frame.f.loop(0, batch) as i:
        _product(frame, stmt, i)


def _product(frame: Frame, stmt: Gemm, i: str) -> None:
    f, module = frame.f, frame.f.module
    _, m, k = stmt.a.shape
    n = stmt.b.shape[2]
    name = f"pb_{NAMES[stmt.dtype]}"
    module.declare(name, "void", *["ptr"] * 13)
    trans_a, lead_a = _layout(stmt.a)
    trans_b, lead_b = _layout(stmt.b)
    operands = [
        _number(module, "int8", trans_b),
        _number(module, "int8", trans_a),
        *[_number(module, "int32", v) for v in (n, m, k)],
        _number(module, stmt.dtype, 1),
        _pointer(f, frame, stmt.b, i, stmt.dtype),
        _number(module, "int32", lead_b),
        _pointer(f, frame, stmt.a, i, stmt.dtype),
        _number(module, "int32", lead_a),
        _number(module, stmt.dtype, 0),
        _pointer(f, frame, stmt.out, i, stmt.dtype),
        _number(module, "int32", n),
    ]
    f.call("void", name, *[("ptr", o) for o in operands])


def _layout(o: Operand) -> tuple[int, int]:
    """The flag for a row-major reading, and the leading dimension."""
    _, m, k = o.shape
    _, sm, sk = o.strides
    if sk == 1:
        return ord("N"), max(sm, k)
    return ord("T"), max(sk, m)


def _pointer(f: Function, frame: Frame, o: Operand, i: str, dtype: str) -> str:
    em = Emitter(frame)
    base = em.address(o.buffer, em.index(o.offset), dtype)
    if i == "0" or o.strides[0] == 0:
        return base
    return em.f.gep(
        "float" if dtype == "float32" else "double", base, f.line(f"mul i64 {i}, {o.strides[0]}")
    )
