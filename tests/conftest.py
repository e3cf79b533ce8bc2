"""What every test starts from: a simulated GPU, seeded generators, threads that change
often."""
import os
import random
import sys

import pytest

# numba reads this when it is imported.  PEDAGOGIC_NN_GPU=1 runs the same tests on a
# real GPU.
if os.environ.get("PEDAGOGIC_NN_GPU") != "1":
    os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")

pytest.register_assert_rewrite("tests.harness", "tests.golden")


def pytest_configure(config):
    """Deterministic examples for property-based tests; no folder of found examples."""
    from hypothesis import settings

    settings.register_profile("repeatable", derandomize=True, deadline=None,
                              max_examples=50, database=None)
    settings.load_profile("repeatable")
    sys.setswitchinterval(1e-4)            # threads meet far more often than they would


@pytest.fixture(autouse=True)
def seeds():
    """The same random numbers for every test, whichever ran before it."""
    import numpy

    import pedagogic_nn

    random.seed(0)
    numpy.random.seed(0)
    pedagogic_nn.manual_seed(0)
