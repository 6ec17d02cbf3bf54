"""Profiles: what is written down of a program, and that it runs as it would."""

import gzip
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp


def events(folder: Path) -> list[dict[str, Any]]:
    """The spans of the one profile in a folder."""
    (file,) = folder.glob("plugins/profile/*/*.trace.json.gz")
    whole = json.loads(gzip.decompress(file.read_bytes()))
    return [e for e in whole["traceEvents"] if e["ph"] == "X"]


def inside(inner: dict[str, Any], outer: dict[str, Any]) -> bool:
    ends = [e["ts"] + e["dur"] for e in (inner, outer)]
    return outer["ts"] <= inner["ts"] and ends[0] <= ends[1]


def test_calls_operations_and_compilations(tmp_path: Path) -> None:
    f = pb.jit(lambda x: pnp.sin(x) @ x)
    x = pnp.ones((20, 20))
    wanted = f(x)

    @pb.jit
    def late(x: Any) -> Any:
        return x * 3 + 1

    with pb.profiler.trace(tmp_path):
        with pb.profiler.StepTraceAnnotation("step", step_num=7):
            y = f(x) + 1
        late(x)
    np.testing.assert_array_equal(y, wanted + 1)
    found = events(tmp_path)
    by_name = {e["name"]: e for e in found}
    step = by_name["step"]
    assert step["cat"] == "user"
    assert step["args"]["step_num"] == "7"
    assert inside(by_name["jit(<lambda>)"], step)
    assert inside(by_name["add"], step)
    assert by_name["add"]["args"]["operands"] == "float32[20,20], float32[]"
    assert inside(by_name["compilation of jit(late)"], by_name["jit(late)"])
    assert "tracing late for jit" in by_name
    assert not [e for e in found if "tracing <lambda>" in e["name"]]
    assert min(e["dur"] for e in found) > 0


def test_what_was_compiled_is_used_before_and_after(tmp_path: Path) -> None:
    f = pb.jit(lambda x: x * 2)
    f(1.0)
    with pb.no_tracing(), pb.profiler.trace(tmp_path):
        f(2.0)
    with pb.no_tracing():
        f(3.0)
    assert [e["name"] for e in events(tmp_path)] == ["jit(<lambda>)"]


def test_annotations(tmp_path: Path) -> None:
    @pb.profiler.TraceAnnotation("outer", file="a")
    def outer() -> int:
        return inner(1)

    inner = pb.profiler.annotate_function(lambda x: x + 1, name="inner")
    assert outer() == 2  # not recorded
    with pb.profiler.trace(tmp_path, create_perfetto_trace=True):
        assert outer() == 2
    first, second = events(tmp_path)
    assert (first["name"], second["name"], second["args"]) == ("inner", "outer", {"file": "a"})
    assert inside(first, second)
    assert list(tmp_path.rglob("perfetto_trace.json.gz"))


def test_one_profile_at_a_time(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no profile has been started"):
        pb.profiler.stop_trace()
    with pb.profiler.trace(tmp_path), pytest.raises(RuntimeError, match="only one can be"):
        pb.profiler.start_trace(tmp_path)
    with pytest.raises(NotImplementedError, match="create_perfetto_link"):
        pb.profiler.start_trace(tmp_path, create_perfetto_link=True)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def message(data: bytes) -> dict[int, list[Any]]:
    """The fields of a protocol buffers' message."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        found.setdefault(tag >> 3, []).append(value)
    return found


def test_memory(tmp_path: Path) -> None:
    device = pb.devices("xla")[0]
    kept = [pb.device_put(pnp.ones((7, 11, 13)), device) for _ in range(3)]
    pb.profiler.save_device_memory_profile(tmp_path / "memory.prof", "xla")
    whole = message(gzip.decompress((tmp_path / "memory.prof").read_bytes()))
    strings = [s.decode() for s in whole[6]]
    assert strings[0] == ""
    names = {message(f)[1][0]: strings[message(f)[2][0]] for f in whole[5]}
    samples = [message(s) for s in whole[2]]
    rows = {tuple(names[i] for i in s[1]): s[2] for s in samples}
    assert rows["float32[7,11,13]", str(device)] == [3, 3 * kept[0].nbytes]
    assert [strings[message(t)[1][0]] for t in whole[1]] == ["objects", "space"]


def test_options_of_profiles_are_those_of_jax(tmp_path):
    ours, theirs = pb.profiler.ProfileOptions(), jax.profiler.ProfileOptions()
    names = [n for n in dir(theirs) if not n.startswith("_")]
    assert {n: getattr(ours, n) for n in names} == {n: getattr(theirs, n) for n in names}
    ours.host_tracer_level = 3
    with pb.profiler.trace(tmp_path, profiler_options=ours):
        pb.jit(lambda x: x + 1)(1.0)
    assert list(tmp_path.rglob("*.trace.json.gz"))
