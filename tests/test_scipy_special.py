"""scipy.special here against JAX's, and where that is coarse against SciPy's."""

import inspect

import jax
import jax.scipy.special as theirs
import numpy as np
import pytest
import scipy.special

import pullback as pb
import pullback.scipy.special as ours

X = np.array([-2.5, -1.0, -0.3, 0.0, 0.2, 0.7, 1.0, 2.5, 6.0], np.float32)
POSITIVE = np.array([0.05, 0.3, 0.9, 1.7, 3.2, 8.0], np.float32)
UNIT = np.array([0.01, 0.2, 0.5, 0.77, 0.99], np.float32)
WHOLE = np.array([0, 1, 2, 3, 2, 1], np.int32)

ANYWHERE = "digamma erf erfc expit gamma gammaln gammasgn i0 i0e i1 i1e ndtr log_ndtr erfcx dawsn"
ABOVE = "entr exp1 expi spence factorial"
BETWEEN = "erfinv logit ndtri"
CASES = {
    **dict.fromkeys(ANYWHERE.split(), (X,)),
    **dict.fromkeys(ABOVE.split(), (POSITIVE,)),
    **dict.fromkeys(BETWEEN.split(), (UNIT,)),
    "zeta": (POSITIVE + 1, POSITIVE[::-1]),
    "beta": (POSITIVE, POSITIVE[::-1]),
    "betaln": (POSITIVE, POSITIVE[::-1]),
    "betainc": (POSITIVE[1:], POSITIVE[:-1], UNIT),
    "gammainc": (POSITIVE, POSITIVE[::-1]),
    "gammaincc": (POSITIVE, POSITIVE[::-1]),
    "polygamma": (WHOLE, POSITIVE),
    "expn": (WHOLE + 1, POSITIVE),
    "poch": (POSITIVE, POSITIVE[::-1]),
    "xlogy": (X[3:], POSITIVE),
    "xlog1py": (X[3:], POSITIVE),
    "rel_entr": (X[:6], POSITIVE),
    "kl_div": (X[3:], POSITIVE),
    "boxcox": (POSITIVE, X[3:]),
    "boxcox1p": (POSITIVE, X[3:]),
    "softmax": (X,),
    "log_softmax": (X,),
    "logsumexp": (X,),
}
# Arguments in which there are derivatives.
LAST = {"betainc": 2, "polygamma": 1, "expn": 1, "gammainc": 1, "gammaincc": 1}
# JAX's derivatives at kinks and poles differ, or it has none.
UNSURE = {
    *("digamma", "factorial", "gamma", "gammaln", "gammasgn"),
    *("kl_div", "rel_entr", "spence", "zeta"),
}


@pytest.mark.parametrize("case", CASES)
def test_values(case):
    got = np.asarray(getattr(ours, case)(*CASES[case]))
    wanted = np.asarray(getattr(theirs, case)(*CASES[case]))
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("case", sorted(set(CASES) - UNSURE))
@pytest.mark.parametrize("compiled", [False, True])
def test_gradients(case, compiled):
    args = CASES[case]
    place = LAST.get(case, 0)
    x = np.where(args[place] == 0, np.float32(0.4), args[place])
    args = [x if i == place else a for i, a in enumerate(args)]

    def slope(package, special):
        return package.grad(lambda *a: getattr(special, case)(*a).sum(), argnums=place)

    ours_slope = slope(pb, ours)
    got = (pb.jit(ours_slope) if compiled else ours_slope)(*args)
    np.testing.assert_allclose(got, slope(jax, theirs)(*args), rtol=2e-3, atol=2e-5)


def test_gradient_of_spence():
    got = pb.vmap(pb.grad(ours.spence))(np.float32([0.5, 1.0, 1.7]))
    wanted = [np.log(x) / (1 - x) if x != 1 else -1.0 for x in (0.5, 1.0, 1.7)]
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_against_scipy():
    np.testing.assert_allclose(ours.comb(WHOLE + 2.0, WHOLE), scipy.special.comb(WHOLE + 2, WHOLE))
    np.testing.assert_allclose(
        ours.comb(4, 3, repetition=True), scipy.special.comb(4, 3, repetition=True), rtol=1e-5
    )
    np.testing.assert_allclose(
        ours.multigammaln(POSITIVE + 2, 3), scipy.special.multigammaln(POSITIVE + 2, 3), rtol=1e-5
    )
    np.testing.assert_allclose(ours.loggamma(POSITIVE), scipy.special.gammaln(POSITIVE), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:jax.scipy.special:DeprecationWarning")
@pytest.mark.parametrize("name", ours.__all__)
def test_signature_is_jax(name):
    def names(f):
        return [(p.name, p.kind) for p in inspect.signature(f).parameters.values()]

    assert names(getattr(ours, name)) == names(getattr(theirs, name))
