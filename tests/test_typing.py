"""What type checkers see: stubs are what packages are; right programs pass, wrong ones do not."""

import importlib.util
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import pytest

import pullback as pb
from pullback import numpy as pnp

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "tests" / "typing"


def stub_writer() -> ModuleType:
    """tools/stubs.py as a module."""
    spec = importlib.util.spec_from_file_location("stubs", ROOT / "tools" / "stubs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stubs = stub_writer()


@pytest.mark.parametrize("name", [*stubs.STUBS, "array"])
def test_stubs_are_current(name: str) -> None:
    """`python tools/stubs.py` writes them."""
    text = stubs.array_stub() if name == "array" else stubs.stub(name)
    assert stubs.path_of(name).read_text() == stubs.formatted(text)


def returns(module: Any, name: str) -> str:
    """What a function of a stub or of JAX is said to return."""
    if isinstance(module, Path):
        found = re.search(rf"^def {name}\((?:.|\n)*?\) -> (.*): \.\.\.$", module.read_text(), re.M)
        return found.group(1) if found else ""
    annotation = inspect.signature(getattr(module, name)).return_annotation
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


@pytest.mark.parametrize("package", ["", "linalg", "fft"])
def test_what_is_an_array_is_what_jax_says_is_one(package: str) -> None:
    theirs = getattr(jnp, package) if package else jnp
    path = stubs.path_of(f"numpy.{package}".rstrip("."))
    names = [n for n in dir(theirs) if callable(getattr(theirs, n)) and n[0] != "_"]
    wrong = []
    for name in names:
        if isinstance(getattr(theirs, name), type) or not (ours := returns(path, name)):
            continue
        jax_s = returns(theirs, name).replace("jax.jaxlib._jax.Array", "Array")
        # Some are not annotated, and a file may hold several arrays.
        if jax_s == "inspect._empty" or name == "load":
            continue
        if (ours == "Array") != (jax_s == "Array"):
            wrong.append((name, ours, jax_s))
    assert wrong == [], "\n".join(map(str, wrong))


def messages(tmp_path: Path) -> Iterator[tuple[str, int, str]]:
    """(program, line, rule) of all that pyright finds in the programs."""
    for program in PROGRAMS.glob("*.py"):
        (tmp_path / program.name).write_text(program.read_text())
    config = {"extraPaths": [str(Path(pb.__file__).parent.parent)], "pythonVersion": "3.11"}
    config |= {"typeCheckingMode": "basic", "reportUnusedExpression": False}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    for found in json.loads(done.stdout)["generalDiagnostics"]:
        line = found["range"]["start"]["line"] + 1
        yield Path(found["file"]).name, line, found.get("rule", found["message"])


def test_right_programs_pass_and_mistakes_are_found(tmp_path: Path) -> None:
    lines = (PROGRAMS / "wrong.py").read_text().splitlines()
    wanted = {
        ("wrong.py", number, line.partition("  # ")[2])
        for number, line in enumerate(lines, 1)
        if "  # report" in line
    }
    assert set(messages(tmp_path)) == wanted


def test_the_right_program_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(PROGRAMS / "right.py")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_arrays_have_what_their_stub_says() -> None:
    for name in (*stubs.ARRAY, *[text.partition("(")[0] for text in stubs.ARRAY_METHODS]):
        assert hasattr(pnp.ones((2, 2)), name), name
