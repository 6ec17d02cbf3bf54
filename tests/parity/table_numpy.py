"""The rows of `numpy` with `linalg` and `fft`, and what no row draws."""

from engine import Table
from rows_numpy_algebra import (
    BITS,
    FFT,
    LINALG,
    OTHERS,
    POLYNOMIALS,
    PRODUCTS,
    SETS,
    STATISTICS,
)
from rows_numpy_elementwise import ELEMENTWISE, REDUCTIONS
from rows_numpy_moves import MAKERS, MOVES

NUMPY = (
    *(ELEMENTWISE + REDUCTIONS + MOVES + MAKERS + PRODUCTS + SETS + STATISTICS),
    *(POLYNOMIALS + BITS + OTHERS),
)
FILES = "reads and writes files and buffers"
PRINTS = "is about text"
TABLES = (
    Table(
        "numpy",
        NUMPY,
        {
            **dict.fromkeys(
                "load save savez fromfile fromiter frombuffer fromstring".split(), FILES
            ),
            **dict.fromkeys("array_repr array_str".split(), PRINTS),
            **dict.fromkeys("get_printoptions printoptions set_printoptions".split(), PRINTS),
            **dict.fromkeys("isdtype issubdtype iterable".split(), "takes no arrays"),
            **dict.fromkeys("vectorize frompyfunc einsum_path".split(), "gives no arrays"),
            "from_dlpack": "takes arrays of other libraries",
        },
    ),
    Table("numpy.linalg", LINALG),
    Table("numpy.fft", FFT),
)
