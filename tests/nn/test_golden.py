"""Every layer and loss gives PyTorch's outputs and gradients (recorded; see
tests/golden)."""
import pytest

from tests.golden.leaves import FAMILIES
from tests.golden.recorder import check


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("family, key", [(f, k) for f, p in FAMILIES.items() for k in p])
def test_agrees_with_pytorch(family, key):
    check(f"leaves_{family}", key, FAMILIES[family][key])
