"""Ahead of time for XLA's devices: texts, compiler options, sizes, and what is refused."""

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

VALUES = np.arange(9, dtype=np.float32).reshape(3, 3)


@pytest.fixture
def x():
    return pb.device_put(VALUES, "xla")


@pytest.fixture
def lowered(x):
    return pb.jit(lambda v: v @ v + 1).lower(x)


def test_texts(lowered):
    assert lowered.as_text() == lowered.as_text("stablehlo")
    assert "stablehlo.dot_general" in lowered.as_text()
    assert "dot_general" in lowered.as_text("jaxpr")
    assert lowered.compile().as_text().startswith("HloModule")


def test_programs_on_the_host_have_stablehlo_too():
    lowered = pb.jit(pnp.sin).lower(VALUES)
    assert "stablehlo.sine" in lowered.as_text("stablehlo")
    assert "stablehlo" not in lowered.as_text()


@pytest.mark.parametrize("platform", ["xla", "cuda", "gpu", "tpu"])
def test_other_platforms_need_no_hardware(platform):
    traced = pb.jit(lambda v: pnp.tanh(v) @ v).trace(VALUES)
    assert "stablehlo.tanh" in traced.lower(lowering_platforms=(platform,)).as_text()


def test_a_program_lowered_for_a_platform_is_compiled_there():
    compiled = pb.jit(pnp.sin).trace(VALUES).lower(lowering_platforms=("xla",)).compile()
    out = compiled(VALUES)
    assert out.device.platform == "xla"
    np.testing.assert_allclose(np.asarray(out), np.sin(VALUES), rtol=1e-5)


def test_compiled_calls(lowered, x):
    compiled = lowered.compile()
    for argument in (x, VALUES, pnp.array(VALUES)):
        np.testing.assert_allclose(np.asarray(compiled(argument)), VALUES @ VALUES + 1)
    with pytest.raises(TypeError, match=r"args\[0\] is float32\[2\], wanted float32\[3,3\]"):
        compiled(np.ones(2, np.float32))
    with pytest.raises(TypeError, match="cannot be transformed"):
        pb.grad(lambda v: compiled(v).sum())(x)


def test_arguments_on_another_device_are_refused(x):
    compiled = pb.jit(lambda v: v + 1).lower(VALUES).compile()
    with pytest.raises(ValueError, match="lies on xla:0; it was compiled for cpu:0"):
        compiled(x)


def test_donation(x):
    compiled = pb.jit(lambda v: v + 1, donate_argnums=0).lower(x).compile()
    compiled(x)
    assert x.is_deleted()


def test_compiler_options(lowered, x):
    compiled = lowered.compile({"xla_backend_optimization_level": 1})
    np.testing.assert_allclose(np.asarray(compiled(x)), VALUES @ VALUES + 1)
    with pytest.raises(pb.errors.JaxRuntimeError, match="No such compile option: 'xla_nonsense'"):
        lowered.compile({"xla_nonsense": True})
    f = pb.jit(lambda v: v + 1, compiler_options={"xla_backend_optimization_level": 1})
    np.testing.assert_allclose(np.asarray(f(x)), VALUES + 1)
    np.testing.assert_allclose(np.asarray(f.lower(x).compile()(x)), VALUES + 1)
    with pytest.raises(NotImplementedError, match="no compiler options on the CPU"):
        f(VALUES)


def test_costs_and_sizes(lowered):
    compiled = lowered.compile()
    assert compiled.cost_analysis()["flops"] == lowered.cost_analysis()["flops"] == 63
    sizes = compiled.memory_analysis()
    assert (sizes.argument_size_in_bytes, sizes.output_size_in_bytes) == (36, 36)
    assert len(compiled.runtime_executable().local_devices()) == 1


def test_explain_shows_what_xla_made(x):
    assert pb.explain(pnp.sin)(x).startswith("HloModule")
    assert "HloModule" not in pb.explain(pb.jit(lambda v, n: v * n, static_argnums=1))(1.0, 3)


def test_debug_prints_every_stage(x, capfd):
    with pb.config.override(debug=5):
        pb.jit(lambda v: pnp.cos(v) * 7)(x)
    printed = capfd.readouterr().err
    for part in ("cos a", "stablehlo.cosine", "HloModule", "compile"):
        assert part in printed
