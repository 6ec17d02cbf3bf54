"""Matrices of elements beside their rows and columns."""

from .matrices import COO, coo_fromdense, coo_matmat, coo_matvec, coo_todense

__all__ = ["COO", "coo_fromdense", "coo_matmat", "coo_matvec", "coo_todense"]
