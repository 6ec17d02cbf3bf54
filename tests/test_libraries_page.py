"""The module in docs/libraries.md that gives libraries Pullback under the name of JAX."""

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "libraries.md"
PROGRAM = """
import as_jax
import jax, jax.numpy as jnp
assert jax.version.__version_info__ >= (0, 10)
from jax import tree_util
from jax.extend.core import Primitive
import jax.scipy.special, jax.version, jax.experimental.ode
import pullback
assert jax.numpy is jnp is pullback.numpy and jax.scipy.special is pullback.scipy.special
assert Primitive is pullback.extend.core.Primitive and jax.grad is pullback.grad
assert jax.__version_info__ >= (0, 10) and jax.version.__version_info__ == jax.__version_info__
assert float(jax.jit(jax.grad(jnp.sin))(0.0)) == 1.0
assert pullback.numpy.__spec__.name == "pullback.numpy"
try:
    import jax.no_such_module
except ModuleNotFoundError:
    print("works")
"""


def test_the_module_on_the_page(tmp_path):
    code = PAGE.read_text().split("```python\n")[1].split("```")[0]
    (tmp_path / "as_jax.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "works\n", done.stderr
