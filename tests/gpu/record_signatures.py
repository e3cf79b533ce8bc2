"""A pytest plugin that writes down with which types each CUDA kernel was launched.

The simulator runs a kernel as Python, so a test there proves its result but not that it
compiles. `compile_kernels.py` compiles the same kernels for the types recorded here:

    export CUDA_SIGNATURES=folder NUMBA_ENABLE_CUDASIM=1
    pytest -p tests.gpu.record_signatures tests
"""
import json
import os
from pathlib import Path


def name_of(kernel):
    """A kernel's name, the same in every process."""
    return f"{kernel.__module__}:{kernel.__qualname__}"


def pytest_sessionfinish():
    """Write one file for each process, so that parallel test runs do not meet."""
    from pedagogic_nn.backend.launch import CudaKernel

    seen = {name_of(kernel): sorted(map(list, kernel.signatures))
            for kernel in CudaKernel.all if kernel.signatures}
    folder = Path(os.environ["CUDA_SIGNATURES"])
    folder.mkdir(parents=True, exist_ok=True)
    if seen:
        (folder / f"{os.getpid()}.json").write_text(json.dumps(seen))


def read_signatures(folder):
    """{kernel's name: set of signatures}, from the files of all processes."""
    merged = {}
    for file in sorted(Path(folder).glob("*.json")):
        for name, signatures in json.loads(file.read_text()).items():
            merged.setdefault(name, set()).update(map(tuple, signatures))
    return merged
