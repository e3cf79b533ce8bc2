"""Record what PyTorch answers: `python -m tests.golden.record [family …]`.

Run it from the repository's root, in an environment that has PyTorch (`pip install
torch`). Without names it records every family; the results are in recorded/.
"""
import sys
import warnings

from . import compositions, leaves, tensors
from .recorder import record

FAMILIES = {**tensors.FAMILIES, **compositions.FAMILIES,
            **{f"leaves_{name}": programs for name, programs in leaves.FAMILIES.items()}}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or FAMILIES:
        record(name, FAMILIES[name])
        print(f"{name}: {len(FAMILIES[name])} programs")
