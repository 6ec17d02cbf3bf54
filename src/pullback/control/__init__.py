"""Operations that hold programs: calls, branches, loops, and functions with rules of their own."""
