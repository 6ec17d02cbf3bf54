"""Transformations of functions, one file each. They know rules, not operations."""
