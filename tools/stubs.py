"""Writes the type stubs of packages whose names are made or loaded when asked for, and of `Array`.

`python tools/stubs.py` writes them; a test holds them against what the packages are. Parameters are
those of the functions themselves. Where a function's result has no type of its own (`Any`), it is
an `Array` in the packages of ARRAYS, but for the names in OTHERS.
"""

import ast
import builtins
import enum
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pullback
from pullback.numpy import methods

SOURCE = Path(pullback.__file__).resolve().parent

# Packages of functions of arrays, and the results there that are no arrays.
ARRAYS = "numpy numpy.fft numpy.linalg nn scipy.special".split()
OTHERS: dict[str, dict[str, str]] = {
    "numpy": {
        **dict.fromkeys("array_equal array_equiv allclose count_nonzero".split(), "Array"),
        **dict.fromkeys(
            "can_cast iscomplexobj isdtype isrealobj isscalar issubdtype iterable".split(), "bool"
        ),
        **dict.fromkeys("min_scalar_type promote_types result_type".split(), "np.dtype[Any]"),
        **dict.fromkeys(
            "array2string array_repr array_str base_repr binary_repr format_float_positional"
            " format_float_scientific".split(),
            "str",
        ),
        "frompyfunc": "ufunc",
        **dict.fromkeys(
            "divmod modf frexp nonzero histogram histogram2d ix_ diag_indices diag_indices_from"
            " tril_indices triu_indices tril_indices_from triu_indices_from mask_indices"
            " unravel_index unstack".split(),
            "tuple[Array, ...]",
        ),
        **dict.fromkeys(
            "array_split atleast_1d atleast_2d atleast_3d broadcast_arrays dsplit histogramdd"
            " hsplit indices meshgrid split vsplit".split(),
            "Any",
        ),
        **dict.fromkeys(
            "average einsum_path finfo get_printoptions gradient iinfo intersect1d linspace load"
            " ndenumerate polydiv polyfit printoptions save savetxt savez savez_compressed"
            " set_printoptions size unique unique_all unique_counts unique_inverse".split(),
            "Any",
        ),
    },
    "numpy.linalg": dict.fromkeys("eig eigh lstsq qr slogdet svd".split(), "Any"),
    "nn": {"get_scaled_dot_general_config": "Any"},
    "scipy.special": dict.fromkeys("bernoulli lpmn lpmn_values sph_harm".split(), "Any"),
}


def late_packages() -> list[str]:
    """The packages some of whose names load when asked for; the top sees to itself."""
    found = [p for p in SOURCE.rglob("__init__.py") if "= later(" in p.read_text()]
    return sorted(".".join(p.parent.relative_to(SOURCE).parts) for p in found)[1:]


# Packages and modules with a stub.
STUBS = tuple(sorted({*ARRAYS, *late_packages(), "lax"}))

HEAD = '"""{doc}"""\n\n# Written by tools/stubs.py.\n'
TYPES = {"Any", "Callable", "Iterable", "Iterator", "Literal", "Mapping", "Sequence", "Union"}
PLAIN = {"None", "bool", "bytes", "complex", "dict", "float", "int", "list", "object", "set", "str"}
PLAIN |= {"tuple", "type", "ufunc", "Array", "np", "dtype", "ndarray", "generic", "C", "F", "A"}


def annotation(given: Any, hidden: frozenset[str] = frozenset()) -> str:
    """An annotation as text; `Any` where it names what the stub does not import.

    hidden: names of builtins that the package has otherwise.
    """
    if given is inspect.Parameter.empty:
        return "Any"
    text = given if isinstance(given, str) else inspect.formatannotation(given)
    text = re.sub(r"\b(typing|collections\.abc)\.", "", text).replace("numpy.", "np.")
    text = text.replace("pullback.Array", "Array").replace("pullback.array.Array", "Array")
    words = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'", "", text)))
    for name in hidden & words:
        text = re.sub(rf"(?<![.\w]){name}\b", f"builtins.{name}", text)
    return text if words <= TYPES | PLAIN else "Any"


def default(value: Any) -> str:
    """A default as text; `...` where it cannot be written."""
    if isinstance(value, (float, enum.Enum)) or not isinstance(
        value, (bool, int, str, tuple, type(None))
    ):
        return "..."
    text = repr(value)
    return text if not re.search(r"<|\binf\b|\bnan\b", text) else "..."


def parameters(found: Iterable[inspect.Parameter], hidden: frozenset[str] = frozenset()) -> str:
    """The parameters of a function as they are written."""
    parts: list[str] = []
    last = None
    for p in found:
        if last is p.POSITIONAL_ONLY and p.kind is not p.POSITIONAL_ONLY:
            parts.append("/")
        if p.kind is p.KEYWORD_ONLY and last not in (p.KEYWORD_ONLY, p.VAR_POSITIONAL):
            parts.append("*")
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        text = f"{star}{p.name}: {annotation(p.annotation, hidden)}"
        parts.append(text if p.default is p.empty else f"{text} = {default(p.default)}")
        last = p.kind
    if last is inspect.Parameter.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts)


def definition(
    name: str, f: Callable[..., Any], result: str, hidden: frozenset[str] = frozenset()
) -> str:
    """A function as a stub has it."""
    signature = inspect.signature(f)
    given = annotation(signature.return_annotation, hidden)
    returns = annotation(result, hidden) if given == "Any" else given
    return f"def {name}({parameters(signature.parameters.values(), hidden)}) -> {returns}: ..."


def public(package: ModuleType) -> list[str]:
    """The public names of a package; those that a module has for others of this library too."""
    listed = getattr(package, "__all__", None)
    if listed is not None:
        return sorted({*listed, *_own_functions(package)})
    names = [n for n in dir(package) if n[0] != "_"]
    return [n for n in names if not isinstance(getattr(package, n), ModuleType)]


def _own_functions(package: ModuleType) -> list[str]:
    """The functions that a module has for others of this library."""
    if hasattr(package, "__path__"):
        return []
    body = ast.parse(inspect.getsource(package)).body
    defined = [node for node in body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in defined if node.name[0] != "_"]


def homes(package: ModuleType) -> dict[str, tuple[str, str]]:
    """From where a package imports its names: module, as a relative import has it, and name."""
    found = {}
    for node in ast.parse(inspect.getsource(package)).body:
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            where = "." * node.level + node.module
            found |= {alias.asname or alias.name: (where, alias.name) for alias in node.names}
    if load := vars(package).get("__getattr__"):
        late = inspect.getclosurevars(load).nonlocals["home"]
        found |= {name: (f".{module}", name) for name, module in late.items()}
    return found


def home(package: ModuleType, name: str, known: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """From where a package has a name, which may be another name of what it imports."""
    if name in known:
        return known[name]
    value = getattr(package, name)
    return next((place for n, place in known.items() if getattr(package, n) is value), ("", ""))


def up(package: ModuleType) -> int:
    """How many dots lead from a module to the top."""
    return len(package.__name__.split(".")) - (not hasattr(package, "__path__"))


def stub(module_name: str) -> str:
    """The stub of a package or module."""
    package = importlib.import_module(f"pullback.{module_name}")
    result = "Array" if module_name in ARRAYS else "Any"
    others = OTHERS.get(module_name, {})
    hidden = frozenset(public(package)) & frozenset(dir(builtins))
    known = homes(package)
    imports, lines = [], []
    for name in public(package):
        value = getattr(package, name)
        if isinstance(value, ModuleType):
            imports.append(f"from . import {name} as {name}")
        elif inspect.isfunction(value):
            lines.append(definition(name, value, others.get(name, result), hidden))
        elif (where := home(package, name, known))[0]:
            # `Array` is imported by all.
            if where[1] != "Array":
                imports.append(f"from {where[0]} import {where[1]} as {where[1]}")
            lines += [] if where[1] == name else [f"{name} = {where[1]}"]
        else:
            lines.append(f"{name}: Any")
    if module_name == "numpy":
        info = "__array_namespace_info__"
        imports.append(f"from .namespace import {info} as {info}")
        lines.append("__array_api_version__: str")
    return assemble(package.__doc__ or "", "." * up(package), imports, lines)


def assemble(doc: str, up: str, imports: list[str], lines: list[str]) -> str:
    """A stub's text, with the imports that it uses."""
    body = "\n".join(lines)
    used = set(re.findall(r"\w+", body))
    head = []
    for module, names in (
        ("collections.abc", ("Callable", "Iterable", "Iterator", "Mapping", "Sequence")),
        ("typing", ("Any", "Literal", "Union")),
    ):
        wanted = [n for n in names if n in used]
        head += [f"from {module} import {', '.join(wanted)}"] if wanted else []
    head += ["import builtins"] if "builtins" in used else []
    head += ["import numpy as np"] if re.search(r"\bnp\.", body) else []
    head += [f"from {up}array import Array"] if "Array" in used else []
    text = HEAD.format(doc=doc.strip().splitlines()[0])
    return text + "\n" + "\n".join([*head, *imports]) + "\n\n" + body + "\n"


# What arrays have, beside what the tables of methods say.
ARRAY = {
    "shape": "tuple[int, ...]", "dtype": "np.dtype[Any]", "weak_type": "bool", "ndim": "int",
    "size": "int", "nbytes": "int", "itemsize": "int", "aval": "Any", "device": "Any",
    "committed": "bool", "T": "Array", "mT": "Array", "real": "Array", "imag": "Array",
    "at": "IndexUpdateHelper",
}  # fmt: skip
ARRAY_METHODS = (
    "__len__(self) -> int", "__bool__(self) -> bool", "__int__(self) -> int",
    "__float__(self) -> float", "__complex__(self) -> complex", "__index__(self) -> int",
    "__hash__(self) -> int", "__iter__(self) -> Iterator[Array]",
    "__reversed__(self) -> Iterator[Array]", "__contains__(self, value: Any, /) -> bool",
    "__getitem__(self, index: Any, /) -> Array",
    "__array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]",
    "__array_namespace__(self, *, api_version: str | None = None) -> Any",
    "__dlpack__(self, *, stream: Any = None, max_version: tuple[int, int] | None = None,"
    " dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any",
    "__dlpack_device__(self) -> tuple[int, int]", "__copy__(self) -> Array",
    "__deepcopy__(self, memo: Any, /) -> Array",
    "__round__(self, ndigits: int | None = None) -> Array",
    "__format__(self, spec: str, /) -> str", "block_until_ready(self) -> Array",
    "copy_to_host_async(self) -> None", "delete(self) -> None", "devices(self) -> set[Any]",
    "addressable_data(self, index: int) -> Array", "on_device_size_in_bytes(self) -> int",
    "platform(self) -> str", "unsafe_buffer_pointer(self) -> int",
    "is_deleted(self) -> bool", "is_ready(self) -> bool", "item(self, *args: int) -> Any",
    "tolist(self) -> Any",
)  # fmt: skip
RESULTS = {
    "nonzero": "tuple[Array, ...]",
    "tobytes": "bytes",
    "__divmod__": "tuple[Array, Array]",
    "__rdivmod__": "tuple[Array, Array]",
}
# Not written for users, who are told to write something else.
REFUSED = {"__setitem__", "__delitem__", "flat"}


def method(name: str, f: Callable[..., Any]) -> str:
    """A method of arrays."""
    first, *rest = inspect.signature(f).parameters.values()
    if rest and rest[0].kind is rest[0].POSITIONAL_ONLY:
        first = first.replace(kind=first.POSITIONAL_ONLY)
    me = first.replace(name="self", annotation=inspect.Parameter.empty)
    text = parameters([me, *rest]).replace("self: Any", "self", 1)
    override = "  # pyright: ignore[reportIncompatibleMethodOverride]"
    tail = override if name in ("__eq__", "__ne__") else ""
    return f"def {name}({text}) -> {RESULTS.get(name, 'Array')}: ...{tail}"


def operator(name: str) -> str:
    """An operator of arrays."""
    pair = f"def {name}(self, other: Any, /) -> {RESULTS.get(name, 'Array')}: ..."
    override = "  # pyright: ignore[reportIncompatibleMethodOverride]"
    return pair + (override if name in ("__eq__", "__ne__") else "")


def array_class() -> list[str]:
    """The class `Array`, with what the tables of methods put on arrays."""
    written = {text.partition("(")[0] for text in ARRAY_METHODS}
    lines = ["class Array(metaclass=ABCMeta):"]
    lines += ["    @property\n    def " + f"{n}(self) -> {t}: ..." for n, t in ARRAY.items()]
    lines += [f"    def {text}: ..." for text in ARRAY_METHODS]
    for name, f in (methods.DUNDERS | methods.METHODS).items():
        if name in written | REFUSED:
            continue
        binary = name[:2] == "__" and name not in ("__neg__", "__pos__", "__abs__", "__invert__")
        lines.append("    " + (operator(name) if binary else method(name, f)))
    return lines


def array_stub() -> str:
    """The stub of the module that has `Array`."""
    module = importlib.import_module("pullback.array")
    lines = array_class()
    for name, value in sorted(vars(module).items()):
        if getattr(value, "__module__", None) == "pullback.array" and inspect.isfunction(value):
            if not name.startswith("_"):
                lines.append(definition(name, value, "Any"))
    imports = ["from .numpy.updates import IndexUpdateHelper", "from abc import ABCMeta"]
    return assemble(module.__doc__ or "", ".", imports, lines).replace(
        "from .array import Array\n", ""
    )


def path_of(module_name: str) -> Path:
    """Where the stub of a package or module lies."""
    path = SOURCE.joinpath(*module_name.split("."))
    return path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")


def formatted(text: str) -> str:
    """The text with its imports in order, as the formatter leaves it."""
    for command in (["check", "--fix", "--quiet", "--select", "I"], ["format"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--stdin-filename", "stub.pyi", "-"]
        done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


def stubs() -> dict[Path, str]:
    """Every stub's path and text."""
    texts = {**{path_of(m): stub(m) for m in STUBS}, path_of("array"): array_stub()}
    return {path: formatted(text) for path, text in texts.items()}


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text)
