"""`pullback.scipy` by drawn calls: each function does what it does in JAX."""

import pytest
from engine import check, undrawn
from table_scipy import TABLES

CASES = [case for table in TABLES for case in table.cases()]


@pytest.mark.parametrize(("module", "row", "name"), CASES)
def test_drawn_calls(module, row, name):
    check(module, row, name)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.module)
def test_every_function_is_drawn(table):
    assert undrawn(table) == set()
