"""Every row of the table of operations through XLA on the CPU, against its NumPy value."""

import pytest
from op import Op
from ops import OPS
from xla_run import compare_all

CASES = [pytest.param(op, dtype, id=f"{op.name} {dtype}") for op in OPS for dtype in op.dtypes]


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_xla_is_value(op: Op, dtype: str) -> None:
    compare_all(op.f, op.samples(dtype), op.tol)
