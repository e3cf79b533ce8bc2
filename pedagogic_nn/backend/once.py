"""Compile a kernel once, however many kernels call it: they find its address in memory.

Numba compiles a kernel together with every kernel that it calls.  Ten kernels with a
matrix product inside would compile it ten times, and a chain of three calls compiles
its end three times: half a second each.  A function decorated with `@once` is compiled
alone.  Its callers load its address from a slot and call that:

    caller ── load ──> slot "gemm._sweep.float32" ── address ──> compiled kernel

At first the slot holds the address of a Python function.  It compiles the kernel (or
loads it from the disk cache), writes the new address into the slot, and passes the call
on.  A dynamic linker binds the functions of a shared library in the same way, when they
are first called.

The call costs 2 ns, and the compiler cannot look through it: use it for long work.
"""
import ctypes
import inspect

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import jit
from .locks import Lock

FLOATS = (types.float32, types.float64)
_alive: list = []               # what compiled code points to must not be freed
_compiling = Lock(reentrant=True)


def once(*pointers):
    """Compile a function alone, for float32 and for float64, and let kernels call it.

    Args:
        pointers: names of the parameters that are pointers to numbers, as
            `tiles.address` makes them; their type chooses the version.  All other
            parameters are integers, and nothing is returned.
    """
    def decorate(function):
        parameters = list(inspect.signature(function).parameters)
        if numba.config.DISABLE_JIT:
            return function
        for number in FLOATS:
            signature = _signature(parameters, pointers, number)
            _bind(_name(function, number), function, signature)

        def call(typing, *arguments):
            number = arguments[parameters.index(pointers[0])].dtype
            signature = _signature(parameters, pointers, number)
            return signature, _caller(_name(function, number))

        call.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
             for name in ["typing", *parameters]])
        return intrinsic(call)

    return decorate


def _name(function, number):
    return f"{function.__module__}.{function.__name__}.{number}"


def _signature(parameters, pointers, number):
    return types.void(*(types.CPointer(number) if name in pointers else types.intp
                        for name in parameters))


def _bind(name, function, signature):
    """Make the slot `name`; its first content compiles `function` when it is called."""
    slot = ctypes.c_ssize_t()
    # Numba's calling convention: addresses for result and exception, arguments → status.
    words = [ctypes.c_ssize_t] * (2 + len(signature.args))
    native = ctypes.CFUNCTYPE(ctypes.c_int32, *words)

    def first_call(*arguments):
        with _compiling:
            if slot.value == start:      # else another thread was faster
                slot.value = _compile(function, signature)
        return native(slot.value)(*arguments)

    first = native(first_call)
    slot.value = start = ctypes.cast(first, ctypes.c_void_p).value
    _alive.append((slot, first))
    llvm.add_symbol(name, ctypes.addressof(slot))


def _compile(function, signature):
    """The address of `function`, compiled."""
    kernel = jit(function)
    kernel.compile(signature)
    _alive.append(kernel)
    compiled = kernel.overloads[signature.args]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


def _caller(name):
    """The instructions of a call through the slot `name`."""
    def generate(context, builder, signature, arguments):
        convention = context.call_conv
        kind = convention.get_function_type(signature.return_type, signature.args)
        slot = builder.module.globals.get(name)
        if slot is None:
            slot = ir.GlobalVariable(builder.module, kind.as_pointer(), name)
        status, _ = convention.call_function(
            builder, builder.load(slot), signature.return_type, signature.args, arguments)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return generate
