"""Factorizations of matrices in the last two axes: types, LAPACK values, derivatives, batching."""
