"""Devices: which there are, how one is chosen, and what is refused."""

import os
import subprocess
import sys

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback.backends.xla.device import XlaDevice
from pullback.backends.xla.load import place_of


@pytest.fixture
def xla():
    return pb.devices("xla")[0]


@pytest.fixture
def other(xla):
    """Another device of the same hardware."""
    made = XlaDevice("xla", place_of(xla.place.client, xla.place.device))
    made.id = 1
    return made


def test_devices_and_their_names(xla):
    (host,) = pb.devices()
    assert pb.devices("cpu") == [host]
    assert (repr(host), str(host), host.platform, host.id) == ("CpuDevice(id=0)", "cpu:0", "cpu", 0)
    assert (repr(xla), str(xla), xla.platform, xla.id) == ("XlaDevice(id=0)", "xla:0", "xla", 0)
    assert pb.devices("xla")[0] is xla
    assert isinstance(host, pb.Device) and isinstance(xla, pb.Device)
    assert (xla.process_index, xla.local_hardware_id, xla.device_kind) == (0, 0, "cpu")
    assert pb.default_backend() == "cpu"
    assert pb.device_count() == pb.local_device_count("xla") == 1
    assert pb.local_devices(backend="xla") == [xla]
    assert (pb.process_index(), pb.process_count()) == (0, 1)
    assert host.memory_stats() is None


def test_live_arrays(xla):
    before = len(pb.live_arrays("xla"))
    x, y = pb.device_put(1.0, xla), pb.device_put(2.0, xla)
    assert [v is w for v, w in zip(pb.live_arrays()[-2:], (x, y), strict=True)] == [True, True]
    y.delete()
    del x
    assert len(pb.live_arrays("xla")) == before
    assert pb.live_arrays("tpu") == []


def test_unknown_platforms_are_refused():
    with pytest.raises(RuntimeError, match="no platform 'rocm'; the platforms are 'cpu', 'xla'"):
        pb.devices("rocm")
    with pytest.raises(ValueError, match="a device is one of devices"):
        pb.device_put(1.0, 3)
    with pytest.raises(ValueError, match="process"):
        pb.local_devices(1)
    with pytest.raises(NotImplementedError, match="PULLBACK_PLATFORMS"):
        pb.config.update("jax_platforms", "cuda")
    with pytest.raises(ValueError, match="device or backend, not both"):
        pb.jit(lambda x: x, device="cpu", backend="xla")


def test_device_put_takes_trees_of_devices(xla):
    out = pb.device_put({"a": 1.0, "b": [np.ones(2), 3]}, {"a": "cpu", "b": xla})
    assert out["a"].device.platform == "cpu"
    assert [v.device for v in out["b"]] == [xla, xla]
    assert pb.device_put(out["b"][0]).device is xla
    assert pb.device_put(out["b"][0], "cpu").device.platform == "cpu"
    moved = pnp.ones(2).to_device(xla)
    assert moved.device is xla and moved.to_device("cpu").device.platform == "cpu"
    inside = pb.jit(lambda v: pb.device_put(v, "xla") + 1)(1.0)
    assert inside.device.platform == "cpu"


def test_creation_on_a_device(xla):
    assert pnp.asarray([1.0, 2.0], device=xla).device is xla
    assert pnp.zeros(3, device=xla).device is xla
    assert pnp.arange(3, device=xla).committed


def test_two_devices_do_not_mix(xla, other):
    x, y = pb.device_put(1.0, xla), pb.device_put(2.0, other)
    for use in (
        lambda: x + y,
        lambda: pb.jit(lambda a, b: a * b)(x, y),
        lambda: pb.jit(lambda a: a * x)(y),
    ):
        with pytest.raises(ValueError, match=r"different devices, xla:[01] and xla:[01]"):
            use()
    assert (x + y.to_device(xla)).device is xla


def test_an_array_that_is_not_committed_goes_to_one_that_is(xla, other):
    with pb.default_device(other):
        loose = pnp.ones(2) * 3
    assert loose.device is other and not loose.committed
    x = pb.device_put(np.ones(2, np.float32), xla)
    out = x + loose
    assert out.device is xla and out.committed
    np.testing.assert_array_equal(np.asarray(out), [4, 4])
    np.testing.assert_array_equal(np.asarray(pb.jit(lambda a, b: a + b)(loose, x)), [4, 4])


def test_the_default_device_computes(xla):
    with pb.default_device("xla"):
        made = {
            "ones": pnp.ones(3),
            "array": pnp.array([1, 2]),
            "asarray": pnp.asarray(np.ones(2)),
            "arange": pnp.arange(4),
            "linspace": pnp.linspace(0.0, 1.0, 3),
            "eye": pnp.eye(2),
            "full": pnp.full((2,), 3.0),
            "number": pnp.asarray(2.0),
            "key": pb.random.key(0),
            "normal": pb.random.normal(pb.random.key(0), (3,)),
            "put": pb.device_put(np.ones(2)),
            "jit": pb.jit(lambda: pnp.ones(2))(),
            "jit of a number": pb.jit(lambda x: x + 1)(1.0),
            "gradient": pb.grad(lambda x: x * x)(3.0),
            "loop": pb.lax.fori_loop(0, 3, lambda i, c: c + i, 0.0),
        }
        sums = pnp.ones(3) + pnp.ones(3)
    assert {name: v.device for name, v in made.items()} == dict.fromkeys(made, xla)
    np.testing.assert_array_equal(np.asarray(sums), [2, 2, 2])
    assert pnp.ones(2).device.platform == "cpu"
    np.testing.assert_allclose(made["normal"], pb.random.normal(pb.random.key(0), (3,)), rtol=1e-5)


def test_the_default_device_of_the_process(xla):
    pb.config.update("jax_default_device", xla)
    try:
        assert (pnp.ones(2) + 1).device is xla
        with pb.default_device("cpu"):
            assert (pnp.ones(2) + 1).device.platform == "cpu"
    finally:
        pb.config.update("jax_default_device", None)
    assert (pnp.ones(2) + 1).device.platform == "cpu"
    with pytest.raises(ValueError, match="one of devices"):
        pb.config.update("jax_default_device", "xla")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def test_the_environment_chooses_platforms():
    code = "import pullback as pb; print(pb.devices(), (pb.numpy.ones(2) + 1).device)"
    done = run(code, PULLBACK_PLATFORMS="xla,cpu")
    assert done.stdout.split() == ["[XlaDevice(id=0)]", "xla:0"], done.stderr
    done = run("import pullback as pb; pb.devices('xla')", PULLBACK_PLATFORMS="cpu")
    assert "PULLBACK_PLATFORMS allows cpu" in done.stderr
    done = run("import pullback", PULLBACK_PLATFORMS="rocm")
    assert "no platform 'rocm'" in done.stderr


MISSING = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"jaxlib", "jax_plugins", "libtpu"}:
            raise ModuleNotFoundError(name)
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: (
    None if name.partition(".")[0] in {"jaxlib", "jax_plugins", "libtpu"} else found(name, *rest)
)
import pullback as pb
for platform in ("xla", "cuda", "tpu"):
    try:
        pb.devices(platform)
    except RuntimeError as error:
        print(error)
"""


def test_what_is_missing_is_named_with_what_to_install():
    lines = run(MISSING).stdout.splitlines()
    for platform, extra, line in zip(
        ("xla", "cuda", "tpu"), ("xla", "cuda13", "tpu"), lines, strict=True
    ):
        assert f'"{platform}"' in line and f'pip install "pullback[{extra}]"' in line


SEVERAL = """
import numpy as np, pullback as pb
from pullback import numpy as pnp
a, b = pb.devices("xla")
values = np.arange(3.0, dtype=np.float32)
x, y = pb.device_put(values, a), pb.device_put(values, b)
try:
    x + y
except ValueError as error:
    assert "different devices, xla:0 and xla:1" in str(error)
f = pb.jit(lambda v: pnp.sin(v) * v)
assert [f(x).device, f(y).device] == [a, b] and f._cache_size() == 2
np.testing.assert_array_equal(np.asarray(f(x)), np.asarray(f(y)))
moved = pb.device_put(x, b)
assert (moved + y).device is b and moved.device is b
np.testing.assert_array_equal(np.asarray(moved), values)
slope = pb.grad(lambda v: (pb.device_put(v, b) * y).sum())(x)
assert slope.device is a
np.testing.assert_array_equal(np.asarray(slope), values)
with pb.default_device(b):
    assert (pnp.ones(3) * 2).device is b and (x + pnp.ones(3)).device is a
assert pb.device_count("xla") == 2
print("done")
"""


def test_several_devices():
    done = run(SEVERAL, XLA_FLAGS="--xla_force_host_platform_device_count=2")
    assert done.stdout == "done\n", done.stderr


# A program that would raise wherever the library, or jaxlib for it, so much as looks for JAX.
WITHOUT_JAX = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name == "jax" or name.startswith("jax."):
            raise SystemExit(f"{name} was imported")
sys.meta_path.insert(0, Refuse())
import numpy as np, pullback as pb
from pullback import numpy as pnp
x = pb.device_put(np.arange(6.0).reshape(2, 3), "xla")
for dtype in ("float32", "bfloat16", "int8", "int4", "float8_e4m3fn", "complex64", "bool"):
    str(x.astype(dtype))
repr(x), float(x[0, 0]), pb.grad(lambda v: (v * v).sum())(x)
pnp.linalg.cholesky(x @ x.T + pnp.eye(2))
shape = pb.ShapeDtypeStruct(x.shape, x.dtype)
f = pb.jit(lambda v: pb.pure_callback(np.asarray, shape, v), donate_argnums=0)
y = f(pb.device_put(x, "xla")).block_until_ready()
np.from_dlpack(y), pb.device_get(y), y.copy_to_host_async(), y.is_deleted(), y.delete()
pb.random.normal(pb.device_put(pb.random.key(0), "xla"), (3,))
assert not any(m == "jax" or m.startswith("jax.") for m in sys.modules)
print("done")
"""


def test_jax_is_never_imported():
    done = run(WITHOUT_JAX)
    assert done.stdout == "done\n", done.stderr


TWICE = """
import numpy as np, pullback as pb
from pullback.backends.xla import load
x = pb.device_put(np.ones((3, 3), np.float32), "xla")
print(np.asarray(pb.jit(lambda v: v @ v + 1)(x))[0, 0], load._cache().writes)
"""


def test_programs_are_kept_on_disk(tmp_path):
    cache = {"PULLBACK_CACHE": "1", "PULLBACK_CACHE_DIR": str(tmp_path)}
    first, second = run(TWICE, **cache), run(TWICE, **cache)
    assert first.stdout.split() == ["4.0", "1"], first.stderr
    assert second.stdout.split() == ["4.0", "0"], second.stderr
    other = run(TWICE, **cache, XLA_FLAGS="--xla_backend_optimization_level=1")
    assert other.stdout.split() == ["4.0", "1"], other.stderr
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert run(TWICE, **cache).stdout.split() == ["4.0", "1"]
