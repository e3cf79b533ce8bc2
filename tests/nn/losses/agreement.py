"""What the property-based tests of losses over rows share: draw inputs, good and bad
ones, and compare the kernels with the reference."""
import numpy as np
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn.backend.op import reference
from tests.harness import strided

SIZES = st.integers(0, 5)
DTYPES = st.sampled_from([np.float32, np.float64])
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])
MARGINS = st.sampled_from([-0.5, 0.0, 0.3, 1.0])


def numbers(data, *shape, dtype=np.float32):
    """Real numbers: ordinary ones, and sometimes huge or equal ones."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x = rng.standard_normal(shape) * data.draw(st.sampled_from([0.0, 1.0, 1e3]))
    return arranged(data, x.astype(dtype))


def classes(data, *shape, low=0, high):
    """Classes low … high - 1, and sometimes one that is none of them."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    t = rng.integers(low, max(high, low + 1), shape)
    if t.size and data.draw(st.integers(0, 4)) == 0:
        t.flat[rng.integers(t.size)] = data.draw(st.sampled_from([low - 1, high, 2**40]))
    return arranged(data, t)


def weights(data, C, dtype):
    """None, or weights, 0 and negative ones among them."""
    w = np.array([0.5, 2, 0, -1, 3])[:C].astype(dtype)
    return data.draw(st.sampled_from([None, w]))


def arranged(data, a):
    """The same array, with gaps in memory or backwards."""
    way = data.draw(st.sampled_from(["as it is", "strided", "backwards"]))
    if way == "strided":
        return strided(a)
    return a[..., ::-1] if way == "backwards" and a.ndim else a


def check_agreement(function, *arrays, **options):
    """The kernels and the reference give one result: numbers and gradients, or an
    error."""
    kernels = _outcome(function, arrays, options)
    with reference():
        expected = _outcome(function, arrays, options)
    assert len(kernels) == len(expected)
    for a, e in zip(kernels, expected):
        if not isinstance(e, np.ndarray):
            assert a == e
            continue
        assert a.dtype == e.dtype and a.shape == e.shape
        largest = np.abs(e[np.isfinite(e)]).max(initial=0.1)    # of what cancels to 0
        tolerance = 2e-5 if e.dtype == np.float32 else 1e-11
        np.testing.assert_allclose(a, e, tolerance, tolerance * largest)


def _outcome(function, arrays, options):
    """The result and the gradients, or the message of the error."""
    tensors = [a if a is None else torch.tensor(a) for a in arrays]
    for k, (t, a) in enumerate(zip(tensors, arrays)):
        if t is not None:
            t.data = torch.from_numpy(a)
            if t.is_floating_point() and k < options.get("learned", len(arrays)):
                t.requires_grad_()
    rest = {k: v for k, v in options.items() if k != "learned"}
    try:
        y = function(*tensors, **rest)
    except (IndexError, RuntimeError, ValueError) as error:
        return [f"{type(error).__name__}: {error}"]
    y.sum().backward()
    return [y.detach().numpy(), *[t.grad.numpy() for t in tensors
                                  if t is not None and t.requires_grad]]
