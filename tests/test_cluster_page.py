"""The page about clusters: its script and every command on it, each run as it stands there."""

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "cluster.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [text.strip() for kind, text in BLOCKS if kind == "sh"]
SHOWN = [text for kind, text in BLOCKS if kind == "text"]
LINE = re.compile(r"\[0\] step (\d+): ([\d.]+) on (\d+)$", re.MULTILINE)
ONE, EIGHT, FOUR, BROKEN, AGAIN, UNTIL, HOSTS = range(7)


def losses(text):
    """What process 0 printed: the loss of each step, and on how many devices."""
    found = LINE.findall(text)
    assert len({devices for _, _, devices in found}) <= 1, text
    return {int(step): float(value) for step, value, _ in found}, {int(d) for *_, d in found}


def start(command, folder):
    """A command of the page, by this Python."""
    own = re.sub(r"\bpython\b", shlex.quote(sys.executable), command)
    return subprocess.Popen(
        ["bash", "-c", own],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(command, folder):
    """What a command prints that ends well."""
    with start(command, folder) as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the script is."""
    made = tmp_path_factory.mktemp("cluster")
    (program,) = [text for kind, text in BLOCKS if kind == "python"]
    (made / "train.py").write_text(program)
    return made


@pytest.fixture(scope="module")
def wanted(folder):
    """The losses on the host, by Pullback's own compiler."""
    alone = COMMANDS[ONE].replace("one", "host") + " --platform cpu"
    return losses(run(alone, folder))[0]


def agree(got, wanted):
    """Losses of these steps are those of one device."""
    assert got == pytest.approx({step: wanted[step] for step in got}, rel=1e-3)


@pytest.mark.parametrize(("place", "devices"), [(ONE, 1), (EIGHT, 8), (FOUR, 4)])
def test_started_in_different_ways(folder, wanted, place, devices):
    got, on = losses(run(COMMANDS[place], folder))
    assert len(got) == 12 and on == {devices}
    agree(got, wanted)
    if place == ONE:
        agree(losses(SHOWN[0])[0], wanted)


def test_broken_off_and_started_again_otherwise(folder, wanted):
    out = run(COMMANDS[BROKEN], folder)
    assert "broken off" in out and "DistributedError: " in out and "process 3 is gone" in out
    agree(losses(out)[0], wanted)
    got, on = losses(run(COMMANDS[AGAIN], folder))
    assert list(got) == list(range(4, 12)) and on == {4}
    agree(got, wanted)
    agree(losses(SHOWN[1])[0], wanted)


def test_until_it_is_done(folder, wanted):
    """Broken off once, then started again by the shell's loop, by another command."""
    loop = COMMANDS[UNTIL].replace("sleep 5", "BREAK=").replace("four", "loop $BREAK")
    text = "BREAK='--break-at 5'\n" + loop.replace("-n 4", "-n 2")
    got, _ = losses(run(text, folder))
    assert max(got) == 11
    agree(got, wanted)


def test_on_several_hosts(folder, wanted):
    """Both on this machine, with fewer processes, and the processor for the GPUs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    lines = COMMANDS[HOSTS].replace("first:8476", f"127.0.0.1:{port}").replace("-n 8", "-n 1")
    lines = lines.replace("cuda", "xla --folder hosts").splitlines()
    assert len(lines) == 2
    processes = [start(line, folder) for line in lines]
    outs = [p.communicate(timeout=120)[0] for p in processes]
    assert [p.returncode for p in processes] == [0, 0], outs
    got, on = losses(outs[0])
    assert len(got) == 12 and on == {2} and not losses(outs[1])[0]
    agree(got, wanted)
