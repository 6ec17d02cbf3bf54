"""SciPy's functions of arrays of any library (SCIPY_ARRAY_API) take and return our arrays."""

import os
import subprocess
import sys

SCRIPT = """
import numpy as np, pullback as pb
from pullback import numpy as pnp
from scipy import fft, integrate, signal, special, stats

pb.config.update("enable_x64", True)
x, y = np.linspace(0.1, 2, 12), np.cos(np.arange(12.0))
m = np.eye(3) * 2 + 0.1
CASES = {
    "erf": lambda x, y, m: special.erf(x),
    "softmax": lambda x, y, m: special.softmax(m, axis=1),
    "gammaln": lambda x, y, m: special.gammaln(x),
    "xlogy": lambda x, y, m: special.xlogy(x, y),
    "betainc": lambda x, y, m: special.betainc(x, x, x / 3),
    "skew": lambda x, y, m: stats.skew(y),
    "kurtosis": lambda x, y, m: stats.kurtosis(y),
    "ttest_ind": lambda x, y, m: stats.ttest_ind(x, y).statistic,
    "moment": lambda x, y, m: stats.moment(x, 2),
    "gmean": lambda x, y, m: stats.gmean(x),
    "entropy": lambda x, y, m: stats.entropy(x),
    "sem": lambda x, y, m: stats.sem(x),
    "chisquare": lambda x, y, m: stats.chisquare(x).pvalue,
    "fft": lambda x, y, m: fft.fft(x),
    "irfft": lambda x, y, m: fft.irfft(fft.rfft(x)),
    "fftconvolve": lambda x, y, m: signal.fftconvolve(x, y),
    "detrend": lambda x, y, m: signal.detrend(x),
    "trapezoid": lambda x, y, m: integrate.trapezoid(y, x),
    "cumulative_trapezoid": lambda x, y, m: integrate.cumulative_trapezoid(y, x),
}
for name, f in CASES.items():
    got = f(*map(pnp.asarray, (x, y, m)))
    assert isinstance(got, pb.Array), (name, type(got))
    np.testing.assert_allclose(np.asarray(got), f(x, y, m), 1e-9, 1e-12, err_msg=name)
"""


def test_scipy_takes_our_arrays() -> None:
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
