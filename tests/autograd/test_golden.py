"""Operations on tensors give PyTorch's numbers, types, texts and errors (recorded)."""
import pytest

from tests.golden.recorder import check
from tests.golden.tensors import FAMILIES


@pytest.mark.parametrize("family, key", [(f, k) for f, p in FAMILIES.items() for k in p])
def test_agrees_with_pytorch(family, key):
    check(family, key, FAMILIES[family][key])
