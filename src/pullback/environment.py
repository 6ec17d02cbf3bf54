"""What a program runs on and with: to be told with a question or a report of an error."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from .backends import devices
from .version import __version__

PACKAGES = ("numpy", "scipy", "llvmlite", "ml_dtypes", "optree", "jaxlib")
PREFIXES = ("PULLBACK_", "JAX_", "XLA_")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def print_environment_info(return_string: bool = False) -> str | None:
    """Print versions, devices, the machine and the variables that set options.

    Args:
      return_string: return the text instead.

    >>> import pullback as pb
    >>> pb.print_environment_info(return_string=True).splitlines()[0]
    'pullback: 0.1.0'
    """
    found = devices.devices()
    lines = {"pullback": __version__, **{name: _installed(name) for name in PACKAGES}}
    lines["python"] = sys.version.replace("\n", " ")
    lines["devices"] = f"{len(found)}, of kind {found[0].device_kind}"
    lines["processes"] = str(devices.process_count())
    lines["machine"] = str(platform.uname())
    text = [f"{name}: {value}" for name, value in lines.items()]
    text += [f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith(PREFIXES)]
    if return_string:
        return "\n".join(text)
    print("\n".join(text))
    return None
