"""What is said of sparse arrays of all forms."""

from .bcoo import BCOO
from .bcsr import BCSR
from .create import empty, eye
from .form import JAXSparse
from .matrices import COO, CSC, CSR
from .transform import todense

__all__ = ["BCOO", "BCSR", "COO", "CSC", "CSR", "JAXSparse", "empty", "eye", "todense"]
