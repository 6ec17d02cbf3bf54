"""The mathematics of each family of operations: one file a family, all rules of an operation together."""
