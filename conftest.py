"""What the examples in docstrings may use without importing it."""
import pytest
from _pytest.doctest import DoctestItem


@pytest.fixture(autouse=True)
def names_for_examples(request, doctest_namespace):
    """`torch`, `nn`, `F`, `optim` and `np`, and the same random numbers each time."""
    if isinstance(request.node, DoctestItem):
        import numpy

        import pedagogic_nn as torch
        from pedagogic_nn import nn, optim
        from pedagogic_nn.nn import functional

        torch.manual_seed(0)
        doctest_namespace.update(torch=torch, nn=nn, F=functional, optim=optim, np=numpy)
