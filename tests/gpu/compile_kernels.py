"""Compile every CUDA kernel of the library for real GPUs, on a machine that has none.

    python -m tests.gpu.compile_kernels SIGNATURES REPORT.json

SIGNATURES is the folder that record_signatures.py filled. NVIDIA's compilers come with
`pip install 'numba-cuda[cu13]' nvidia-cuda-cuobjdump`; no driver is needed. It must run
without the simulator. The report is a list with a row for each kernel, signature and GPU:

    kernel, signature, gpu      what was compiled, for which compute capability
    error                       numba's or the assembler's message; empty if it compiled
    doubles                     double-precision instructions in the PTX
    REG, STACK, SHARED, LOCAL   registers and bytes, as the assembler counted them
"""
import concurrent.futures
import importlib
import json
import multiprocessing
import pkgutil
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from tests.gpu.record_signatures import name_of, read_signatures

GPUS = {                                   # compute capability, and a GPU that has it
    "7.5": (7, 5),                         # T4: the oldest that CUDA 13 compiles for
    "8.0": (8, 0),                         # A100
    "9.0a": (9, 0, "a"),                   # H100
    "12.0a": (12, 0, "a"),                 # RTX 50 series
}


def main(signatures, report):
    """Compile in two processes: most of the time is numba's, in Python."""
    known = read_signatures(signatures)
    names = sorted(kernels_by_name())
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=spawn) as pool:
        jobs = [pool.submit(compile_kernel, name, sorted(known.get(name, ())))
                for name in names]
        rows = [row for job in jobs for row in job.result()]
    Path(report).write_text(json.dumps(rows, indent=1))


def kernels_by_name():
    """Every kernel of the library, found by importing all of it but the book's tools."""
    import pedagogic_nn
    from pedagogic_nn.backend.launch import CudaKernel

    for module in pkgutil.walk_packages(pedagogic_nn.__path__, "pedagogic_nn."):
        if not re.match(r"pedagogic_nn\.(book|distributed)\b|.*\.__main__", module.name):
            importlib.import_module(module.name)
    return {name_of(kernel): kernel for kernel in CudaKernel.all}


def compile_kernel(name, signatures):
    """The report's rows for one kernel."""
    kernel = kernels_by_name()[name]
    if not signatures:
        return [row(name, (), "", error="no test launches this kernel in the simulator")]
    return [compile_for(kernel, name, signature, gpu)
            for signature in signatures for gpu in GPUS]


def compile_for(kernel, name, signature, gpu):
    """Compile one kernel for one signature and GPU; a row of the report."""
    try:
        ptx, cubin = assemble(kernel.compiled, numba_types(signature), GPUS[gpu])
    except Exception as error:              # whatever numba says belongs into the report
        return row(name, signature, gpu, error=f"{type(error).__name__}: {error}")
    doubles = len(re.findall(r"\.f64", ptx))
    return row(name, signature, gpu, doubles=doubles, **resources(cubin))


def row(kernel, signature, gpu, error="", **measured):
    """One row of the report; what was not measured is 0."""
    return {"kernel": kernel, "signature": ", ".join(signature), "gpu": gpu,
            "error": error, "doubles": 0, "REG": 0, "STACK": 0, "SHARED": 0, "LOCAL": 0,
            **measured}


def numba_types(signature):
    """('float32[:, ::1]', 'int64') as numba's types."""
    from numba.core import sigutils

    spelled = re.sub(r"\bbool\b", "boolean", ", ".join(signature))
    return sigutils.normalize_signature(f"void({spelled})")[0]


def assemble(dispatcher, types, capability):
    """(PTX, machine code) through numba's own pipeline, libraries included.

    Numba asks the driver for the GPU's capability in two places; both are told instead.
    They are private names: numba-cuda is pinned for their sake.
    """
    from numba.cuda import dispatcher as numba_dispatcher
    from numba.cuda.codegen import CUDACodeLibrary

    numba_dispatcher.get_current_device = lambda: SimpleNamespace(
        compute_capability=capability[:2])
    CUDACodeLibrary._ensure_cc = lambda library, wanted: wanted or capability
    library = numba_dispatcher._Kernel(
        dispatcher.py_func, types, **dispatcher.targetoptions)._codelibrary
    cubin = library.get_cubin(cc=capability)
    return library.get_asm_str(cc=capability), getattr(cubin, "code", cubin)


def resources(cubin):
    """What the assembler says the kernel uses: {'REG': 40, 'STACK': 0, ...}."""
    import nvidia

    tool = next(file for folder in nvidia.__path__
                for file in Path(folder).glob("cu*/bin/cuobjdump"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kernel.cubin"
        file.write_bytes(cubin)
        text = subprocess.run([tool, "-res-usage", file], check=True, capture_output=True,
                              text=True).stdout
    last = text[text.rindex("Function"):]
    counts = re.findall(r"\b(REG|STACK|SHARED|LOCAL):(\d+)", last)
    return {key: int(count) for key, count in counts}


if __name__ == "__main__":
    main(*sys.argv[1:])
