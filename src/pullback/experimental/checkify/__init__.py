"""checkify: errors that depend on values, as values that a function returns.

A program is run equation by equation; beside each stands what may be wrong in it. The rules for
operations that hold programs make these programs return their errors too.
"""

from ...control.checks import Error, init_error
from ...errors import CheckError as JaxRuntimeError
from . import programs, ruled
from .api import (
    all_checks,
    automatic_checks,
    check,
    check_error,
    checkify,
    debug_check,
    div_checks,
    float_checks,
    index_checks,
    nan_checks,
    user_checks,
)
from .failures import ErrorCategory

__all__ = [
    "Error", "ErrorCategory", "JaxRuntimeError", "all_checks", "automatic_checks", "check",
    "check_error", "checkify", "debug_check", "div_checks", "float_checks", "index_checks",
    "init_error", "nan_checks", "programs", "ruled", "user_checks",
]  # fmt: skip
