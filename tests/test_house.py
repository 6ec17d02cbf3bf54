"""The house: who may import whom, how large things may be, and what every primitive must have."""

import ast
import builtins
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "pullback"

# A module imports its own layer and the layers before it. What no layer names is the surface.
SURFACE = "numpy, lax, nn, random and the rest of the surface"
LAYERS = (
    ("_native",),
    (
        "errors",
        "guards",
        "options",
        "config",
        "dtypes",
        "tree",
        "lazy",
        "settle",
        "monitoring",
        "tracebacks",
    ),
    ("core",),
    ("primitives",),
    ("transforms",),
    ("control",),
    ("backends",),
    ("jit", "array", "operators"),
    (SURFACE,),
    ("__init__",),
    ("tour", "__main__"),
)
STRANGERS = (("backends.cpu", "backends.xla"),)

# Importing pullback loads none of these.
LATE = ("llvmlite", "jaxlib", "jax", "scipy.linalg")
# The files that may load a module late, by name.
LATE_LOADERS = ("lazy",)

# The packages that define primitives.
OWNERS = ("primitives", "transforms", "control")

LONGEST_FILE, LONG_FILE, LONGEST_FUNCTION, MOST_SWITCHES = 500, 250, 40, 15
# Files that are one table, which reads best unbroken.
TABLES: tuple[str, ...] = ()

UNWANTED = {
    "a silenced check": re.compile(r"\bnoqa\b|type: ignore(?!\[)"),
    "unfinished work": re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"),
    "a private module of another package": re.compile(r"^\s*(from|import) [a-z]\w*(\.\w+)*?\._"),
    "a path of one machine": re.compile(r"""["'\s(]/(home|root|Users|opt|tmp|work|mnt)/"""),
}


@dataclass(frozen=True)
class Import:
    """One imported module and where."""

    module: str
    line: int


@dataclass(frozen=True)
class Module:
    """A source file: its dotted name below the package, its text and its syntax tree."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> list[str]:
        """The package in which its relative imports start."""
        parts = self.name.split(".")
        return parts if self.path.name == "__init__.py" and self.name != "__init__" else parts[:-1]


def read(path: Path, root: Path) -> Module:
    """A file of the package at `root`."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    text = path.read_text()
    return Module(path, ".".join(parts), text, ast.parse(text))


def modules_of(root: Path) -> list[Module]:
    """Every Python file of the package at `root`."""
    return [read(path, root) for path in sorted(root.rglob("*.py"))]


MODULES = modules_of(SOURCE)


def exists(name: str, root: Path) -> bool:
    """Is there a module of this dotted name in the package at `root`?"""
    path = root.joinpath(*name.split("."))
    return name == "_native" or path.with_suffix(".py").exists() or path.is_dir()


def from_import(node: ast.ImportFrom, module: Module, root: Path) -> Iterator[str]:
    """The package's modules that a `from ... import ...` loads, by their names below it."""
    if node.level:
        depth = len(module.package) - (node.level - 1)
        base = module.package[:depth] + (node.module.split(".") if node.module else [])
    elif node.module and node.module.split(".")[0] == root.name:
        base = node.module.split(".")[1:]
    else:
        return
    for alias in node.names:
        longer = ".".join([*base, alias.name])
        yield longer if exists(longer, root) else ".".join(base) or "__init__"


def imports_of(module: Module, root: Path) -> Iterator[Import]:
    """The package's own modules that a module imports, anywhere in its text."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            for name in from_import(node, module, root):
                yield Import(name, node.lineno)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top, _, rest = alias.name.partition(".")
                if top == root.name:
                    yield Import(rest or "__init__", node.lineno)


def layer_of(name: str) -> int:
    """The layer's place in LAYERS."""
    top = name.split(".")[0]
    found = [place for place, names in enumerate(LAYERS) if top in names]
    return found[0] if found else LAYERS.index((SURFACE,))


def layer_breaks(modules: list[Module], root: Path) -> list[str]:
    """Imports of a later layer."""
    return [
        f"{module.path}:{found.line}: {module.name} imports {found.module}, of a later layer"
        for module in modules
        for found in imports_of(module, root)
        if layer_of(found.module) > layer_of(module.name)
    ]


def within(name: str, package: str) -> bool:
    """Is a module the package or in it?"""
    return name == package or name.startswith(package + ".")


def stranger_breaks(modules: list[Module], root: Path) -> list[str]:
    """Imports between packages that must not know one another."""
    forbidden = [pair for a, b in STRANGERS for pair in ((a, b), (b, a))]
    return [
        f"{module.path}:{found.line}: {module.name} imports {found.module}"
        for module in modules
        for found in imports_of(module, root)
        for a, b in forbidden
        if within(module.name, a) and within(found.module, b)
    ]


def cycle_breaks(modules: list[Module], root: Path) -> list[str]:
    """Modules that import one another in a circle."""
    graph = {m.name: {i.module for i in imports_of(m, root)} - {m.name} for m in modules}
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> Iterator[str]:
        if name in trail:
            yield " -> ".join([*trail[trail.index(name) :], name])
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                yield from walk(target, (*trail, name))
            done.add(name)

    return [circle for name in sorted(graph) for circle in walk(name, ())]


def functions_of(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, the nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def inner_imports(modules: list[Module]) -> list[str]:
    """Imports inside functions."""
    return sorted(
        {
            f"{module.path}:{node.lineno}: an import inside {function.name}"
            for module in modules
            for function in functions_of(module)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
    )


def late_loads(modules: list[Module]) -> list[str]:
    """Calls that import a module by its name, outside LATE_LOADERS."""
    return [
        f"{module.path}:{number}: imports by name; only {LATE_LOADERS} may"
        for module in modules
        if module.name not in LATE_LOADERS
        for number, line in enumerate(module.text.splitlines(), 1)
        if re.search(r"\bimport_module\(|\b__import__\(", line)
    ]


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """A function's lines, its docstring apart."""
    first = function.body[0]
    docstring = 0
    if ast.get_docstring(function) is not None:
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def long_functions(modules: list[Module]) -> list[str]:
    """Functions over LONGEST_FUNCTION lines."""
    return [
        f"{module.path}:{function.lineno}: {function.name} has {length_of(function)} lines"
        for module in modules
        for function in functions_of(module)
        if length_of(function) > LONGEST_FUNCTION
    ]


def long_files(root: Path, limit: int) -> list[str]:
    """Source files over `limit` lines, in Python or C++, the tables apart."""
    sizes = {
        path: len(path.read_text().splitlines())
        for path in sorted(root.rglob("*"))
        if path.suffix in (".py", ".cpp", ".h", ".hpp") and path.name not in TABLES
    }
    return [f"{path} has {size} lines" for path, size in sizes.items() if size > limit]


def undocumented(modules: list[Module]) -> list[str]:
    """Modules that do not say what they are."""
    return [str(module.path) for module in modules if not ast.get_docstring(module.tree)]


def unwanted(modules: list[Module]) -> list[str]:
    """Lines that hold what UNWANTED names."""
    return [
        f"{module.path}:{number}: {what}"
        for module in modules
        for number, line in enumerate(module.text.splitlines(), 1)
        for what, pattern in UNWANTED.items()
        if pattern.search(line)
    ]


def switches(module: Module) -> list[str]:
    """The fields of the classes of a module that are dataclasses."""
    return [
        f"{node.name}.{ast.unparse(field.target)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        and any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
        for field in node.body
        if isinstance(field, ast.AnnAssign)
    ]


def bound(node: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module gives a meaning."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def annotations(tree: ast.Module) -> Iterator[ast.expr]:
    """What functions say of their arguments and results."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield node.returns
        elif isinstance(node, ast.arg) and node.annotation:
            yield node.annotation


def hidden_types(modules: list[Module]) -> list[str]:
    """Annotations by a built-in type whose name the module gives another meaning.

    From Python 3.14 on they are read when the whole module is there.
    """
    breaks = []
    for module in modules:
        hidden = set(dir(builtins)) & set().union(*map(bound, module.tree.body))
        breaks += [
            f"{module.path}:{node.lineno}: {node.id} is not the built-in one"
            for annotation in annotations(module.tree)
            for node in ast.walk(annotation)
            if isinstance(node, ast.Name) and node.id in hidden
        ]
    return breaks


def has(primitive: Any, rule: str) -> bool:
    """Is this slot of a primitive filled?"""
    return getattr(primitive, rule, None) is not None


def missing_rules(primitive: Any) -> list[str]:
    """The rules that a primitive of its kind must have and has not."""
    p = primitive
    linearized = p.linear or has(p, "linearize")  # either gives the derivative without a jvp rule
    wanted = {
        "type": True,
        "value": not p.higher,
        "jvp": p.differentiable and not linearized,
        "transpose": p.linear,
        "batch": True,
    }
    return [rule for rule, needed in wanted.items() if needed and not has(p, rule)]


def report(breaks: list[str]) -> None:
    """Fail with every break on a line of its own."""
    assert not breaks, "\n" + "\n".join(breaks)


def test_imports_go_leftward():
    report(layer_breaks(MODULES, SOURCE))


def test_backends_are_strangers():
    report(stranger_breaks(MODULES, SOURCE))


def test_imports_have_no_circle():
    report(cycle_breaks(MODULES, SOURCE))


def test_imports_stand_at_the_top():
    report(inner_imports(MODULES))


def test_late_loading_is_in_its_one_place():
    report(late_loads(MODULES))


def test_import_is_light():
    code = f"import sys, pullback; print(*(name for name in {LATE} if name in sys.modules))"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_library_is_compiled_without_the_core():
    """The build does it (`cmake/library.py`) before there is one."""
    builds = SOURCE.parent.parent / "cmake"
    code = (
        "import sys; from pathlib import Path; sys.modules['pullback._native'] = None; "
        f"import library; source = Path({str(SOURCE.parent)!r}); "
        "[library.compiler(source, name) for name in ('library', 'optimise')]"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=builds, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_files_are_short():
    for line in long_files(SOURCE, LONG_FILE):
        print("long:", line)
    report(long_files(SOURCE, LONGEST_FILE))


def test_functions_are_short():
    report(long_functions(MODULES))


def test_modules_say_what_they_are():
    report(undocumented(MODULES))


def test_sources_hold_nothing_unwanted():
    report(unwanted(MODULES))


def test_annotations_name_types():
    report(hidden_types(MODULES))


def test_switches_are_few():
    found = switches(read(SOURCE / "config.py", SOURCE))
    assert 1 <= len(found) <= MOST_SWITCHES, found


@pytest.fixture(scope="module")
def heart() -> Any:
    """`pullback.core.primitive`; the guards over the sources run without it."""
    return importlib.import_module("pullback.core.primitive")


@pytest.fixture(scope="module")
def primitives(heart: Any) -> dict[str, Any]:
    """All primitives, once every module that may define one is imported."""
    package = importlib.import_module("pullback")
    for found in pkgutil.walk_packages(package.__path__, "pullback."):
        if found.name.split(".")[1] in OWNERS:
            importlib.import_module(found.name)
    # The primitives of `toy` are those of other tests.
    return {name: p for name, p in heart.registry.items() if not name.startswith("toy")}


def test_primitives_are_complete(primitives):
    assert primitives
    gaps = {name: missing_rules(p) for name, p in sorted(primitives.items())}
    report([f"{name} has no rule for {', '.join(rules)}" for name, rules in gaps.items() if rules])


def test_primitives_are_consistent(primitives):
    report(
        [
            f"{name} is not differentiable and has a {rule} rule"
            for name, p in sorted(primitives.items())
            for rule in ("jvp", "transpose", "linearize")
            if not p.differentiable and has(p, rule)
        ]
    )


def house(root: Path, **files: str) -> list[Module]:
    """A package made of the given texts, `core__a` being `core/a.py`."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return modules_of(root)


WRONG = {
    "later layer, absolute": (layer_breaks, {"core__a": "from pullback.transforms import jvp"}),
    "later layer, relative": (layer_breaks, {"core__a": "from ..numpy import sin"}),
    "the root": (layer_breaks, {"numpy": "import pullback as pb"}),
    "the other backend": (
        stranger_breaks,
        {"backends__xla__run": "from ..cpu.emit import emit", "backends__cpu__emit": ""},
    ),
    "a circle": (cycle_breaks, {"core__a": "from . import b", "core__b": "from .a import x"}),
}


@pytest.mark.parametrize("case", WRONG)
def test_guards_see_wrong_imports(case, tmp_path):
    guard, files = WRONG[case]
    root = tmp_path / "pullback"
    assert len(guard(house(root, **files), root)) == 1


def test_guards_allow_right_imports(tmp_path):
    root = tmp_path / "pullback"
    modules = house(
        root,
        errors="",
        core__a="from .. import _native, errors\nfrom . import b\nimport numpy as np",
        core__b="from pullback.errors import Error",
        numpy="from .core import a\nfrom . import nn",
        nn="",
        tour="import pullback as pb",
    )
    assert layer_breaks(modules, root) + cycle_breaks(modules, root) == []


def test_guards_see_inner_imports_and_long_functions(tmp_path):
    text = "def f():\n    import os\n" + "    x = 1\n" * LONGEST_FUNCTION
    modules = house(tmp_path / "pullback", core__a=text)
    assert len(inner_imports(modules)) == 1
    assert len(long_functions(modules)) == 1
    assert len(undocumented(modules)) == 1


def test_guards_see_hidden_types(tmp_path):
    text = "def g(x: float) -> int: ...\ndef f(x: int) -> float: ...\nint = 1"
    assert len(hidden_types(house(tmp_path / "pullback", core__a=text))) == 2


def test_guards_see_missing_rules(heart):
    bare = heart.Primitive("test_house_bare", linear=True)
    del heart.registry["test_house_bare"]
    assert missing_rules(bare) == ["type", "value", "transpose", "batch"]


def test_public_names_exist():
    import_all = "import pullback; from pullback import *; from pullback.numpy import *"
    done = subprocess.run([sys.executable, "-c", import_all], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
