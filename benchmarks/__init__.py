"""Pullback measured against JAX and NumPy: `python -m benchmarks`."""
