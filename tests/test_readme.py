"""The README's examples run, and give on Pullback what the same text gives on JAX."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

README = Path(__file__).resolve().parent.parent / "README.md"
NAMES = ("y", "value", "dA", "db", "values", "slopes", "noise", "z", "dx")
ON_JAX = (
    ("import pullback as pb", "import jax as pb"),
    ("from pullback import", "from jax import"),
    ('pb.devices("xla")', 'pb.devices("cpu")'),
    ("print(pb.explain(fast)(params, xs))", ""),  # JAX has no such function
)


def examples() -> str:
    """The README's Python, as one program."""
    return "\n".join(re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL))


def results(code: str, path: Path) -> dict[str, np.ndarray]:
    """What the names hold after the program has run in a process of its own."""
    save = f"np.savez({str(path)!r}, **{{n: np.asarray(globals()[n]) for n in {NAMES}}})"
    # Importing JAX draws from the global generator: seed it behind both imports.
    program = f"import jax, numpy as np, pullback\nnp.random.seed(0)\n{code}\n{save}\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(np.load(path))


def test_readme_examples_agree_with_jax(tmp_path):
    code = examples()
    on_jax = code
    for ours, theirs in ON_JAX:
        assert ours in on_jax
        on_jax = on_jax.replace(ours, theirs)
    got, wanted = results(code, tmp_path / "got.npz"), results(on_jax, tmp_path / "wanted.npz")
    for name in NAMES:
        assert got[name].dtype == wanted[name].dtype, name
        np.testing.assert_allclose(got[name], wanted[name], rtol=1e-5, atol=1e-6, err_msg=name)
