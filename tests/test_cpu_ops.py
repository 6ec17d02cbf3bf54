"""Every row of the table of operations, compiled for the CPU, against its NumPy value."""

import pytest
from cpu import compare
from op import Op
from ops import OPS

CASES = [pytest.param(op, dtype, id=f"{op.name} {dtype}") for op in OPS for dtype in op.dtypes]


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_compiled_is_value(op: Op, dtype: str) -> None:
    for args in op.samples(dtype):
        compare(op.f, *args, ulps=op.tol)
