"""Native functions for the tests, written in LLVM text and compiled in memory, and their calls."""

import functools

import llvmlite.binding as llvm
import numpy as np

from pullback import _native

TEXT = """
declare i32 @pb_callback(ptr, ptr, ptr)

; out[i] = in[i] + 1 for @N floats
define i32 @add_one(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
entry:
  %a = load ptr, ptr %args
  %o = load ptr, ptr %outs
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %ai = getelementptr float, ptr %a, i64 %i
  %oi = getelementptr float, ptr %o, i64 %i
  %x = load float, ptr %ai
  %y = fadd float %x, 1.0
  store float %y, ptr %oi
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, @N
  br i1 %done, label %exit, label %loop
exit:
  ret i32 0
}

; out[0] = the sum of the N leaves, each one float
define i32 @sum_all(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
entry:
  %o = load ptr, ptr %outs
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %sum = phi float [0.0, %entry], [%more, %loop]
  %slot = getelementptr ptr, ptr %args, i64 %i
  %a = load ptr, ptr %slot
  %x = load float, ptr %a
  %more = fadd float %sum, %x
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, @N
  br i1 %done, label %exit, label %loop
exit:
  store float %more, ptr %o
  ret i32 0
}

; outs[i] = args[i], N leaves of one float
define i32 @copy_all(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %from = getelementptr ptr, ptr %args, i64 %i
  %to = getelementptr ptr, ptr %outs, i64 %i
  %a = load ptr, ptr %from
  %o = load ptr, ptr %to
  %x = load float, ptr %a
  store float %x, ptr %o
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, @N
  br i1 %done, label %exit, label %loop
exit:
  ret i32 0
}

; the addresses of args[0], outs[0] and the scratch memory, as three int64
define i32 @addresses(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
  %a0 = load ptr, ptr %args
  %o = load ptr, ptr %outs
  %a = ptrtoint ptr %a0 to i64
  %b = ptrtoint ptr %o to i64
  %c = ptrtoint ptr %scratch to i64
  store i64 %a, ptr %o
  %o1 = getelementptr i64, ptr %o, i64 1
  store i64 %b, ptr %o1
  %o2 = getelementptr i64, ptr %o, i64 2
  store i64 %c, ptr %o2
  ret i32 0
}

; externals[0](args) -> outs
define i32 @call_back(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
  %callback = load ptr, ptr %externals
  %status = call i32 @pb_callback(ptr %callback, ptr %args, ptr %outs)
  ret i32 %status
}

define i32 @nothing(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
  ret i32 0
}

define i32 @fail(ptr %args, ptr %outs, ptr %scratch, ptr %externals) {
  ret i32 @N
}
"""

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
for name, address in _native.symbols().items():
    llvm.add_symbol(name, address)


class Library:
    """The functions above with N fixed, for as long as this object lives."""

    def __init__(self, n: int) -> None:
        machine = llvm.Target.from_default_triple().create_target_machine()
        module = llvm.parse_assembly(TEXT.replace("@N", str(n)))
        self.engine = llvm.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()


library = functools.cache(Library)


def new(shape=(), dtype="float32", weak=False):
    """The entry of a computed result."""
    return ("new", np.dtype(dtype), shape, weak)


def program(function, outs, *, n=1, num_args=1, **options):
    """An Executable of one of the functions; all leaves are kept unless told otherwise."""
    source = library(n)
    defaults = {
        "kept": list(range(num_args)),
        "consts": [],
        "scratch_bytes": 0,
        "externals": [],
        "donated": [],
        "out_tree": None,
        "release_gil": False,
    }
    return _native.Executable(
        address=source.engine.get_function_address(function),
        keepalive=source,
        num_args=num_args,
        outs=outs,
        **(defaults | options),
    )
