"""Compilers: each turns a program into what a device runs."""
