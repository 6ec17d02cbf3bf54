"""The compiler for the CPU: programs to loops to LLVM to native code."""
