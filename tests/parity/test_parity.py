"""Every package by drawn calls: each function does what it does in JAX."""

import pytest
import table_lax
import table_learning
import table_numpy
import table_scipy
import table_solvers
from engine import check, undrawn

PARTS = (table_lax, table_learning, table_numpy, table_scipy, table_solvers)
TABLES = [table for part in PARTS for table in part.TABLES]
CASES = [case for table in TABLES for case in table.cases()]


@pytest.mark.parametrize(("module", "row", "name"), CASES)
def test_drawn_calls(module, row, name):
    check(module, row, name)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.module)
def test_every_function_is_drawn(table):
    assert undrawn(table) == set()
