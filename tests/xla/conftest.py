"""Where no CUDA device is at hand, the tests that need one are left out."""

import pytest

from pullback.backends.xla.client import Unavailable, client


def _has_cuda() -> bool:
    try:
        return bool(client("cuda").devices)
    except Unavailable:
        return False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is marked gpu, unless there is one."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not _has_cuda():
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if item not in marked]
