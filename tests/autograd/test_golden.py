"""Operations on tensors give PyTorch's numbers, types, texts and errors (recorded).

The same programs run on the (simulated) GPU: all tensors that they make are made there.
"""
import pytest

import pedagogic_nn
from tests.golden import compositions, tensors
from tests.golden.recorder import check

FAMILIES = {**tensors.FAMILIES, **compositions.FAMILIES}
PRINTED = {"tensors_printing"}             # on a GPU the device is printed too
FROM_NUMPY = {"numpy of a leaf", "torch.ones(2).type()"}


class OnGpu:
    """pedagogic_nn, with the functions that make tensors making them on the GPU."""

    MAKERS = """from_numpy tensor ones zeros full eye arange linspace logspace empty
                randint rand as_tensor IntTensor""".split()

    def __getattr__(self, name):
        found = getattr(pedagogic_nn, name)
        if name not in self.MAKERS:
            return found

        def make(*args, requires_grad=False, **options):
            made = found(*args, **options).cuda()
            return made.requires_grad_() if requires_grad else made
        return make


@pytest.mark.parametrize("family, key", [(f, k) for f, p in FAMILIES.items() for k in p])
def test_agrees_with_pytorch(family, key):
    check(family, key, FAMILIES[family][key])


@pytest.mark.parametrize("family, key", [
    (f, k) for f, p in FAMILIES.items() if f not in PRINTED
    for k in p if k not in FROM_NUMPY])
def test_agrees_with_pytorch_on_the_gpu(family, key):
    program = FAMILIES[family][key]
    check(family, key, lambda torch: program(OnGpu()))
