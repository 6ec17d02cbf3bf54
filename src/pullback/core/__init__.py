"""The heart: types, programs, primitives and dispatch. Knows no operation and no backend."""
