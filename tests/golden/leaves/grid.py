"""Programs for the recorder, one line each: a module, its arguments, its inputs.

    yield layer("Linear", (3, 5), sample(2, 3), bias=False, dtype="float64")

is the program that makes `nn.Linear(3, 5, bias=False)` in float64, fills its parameters
with numbers of their own, runs it on the input, runs it backwards, and returns the
outputs, the gradients of the inputs and of the parameters, and the buffers.
"""
import numpy as np

from ..recorder import sample

DTYPES = ("float32", "float64")
REDUCTIONS = ("mean", "sum", "none")


def layer(name, args=(), /, *inputs, dtype="float32", extra=None, note="", training=True,
          call=None, **options):
    """(key, program) for the module `nn.<name>(*args, **options)`.

    Args:
        inputs: arrays; real ones are converted to `dtype` and require a gradient.
        extra: a further input that is a tuple of arrays, such as the state (h, c).
        note: added to the key, where arguments and shapes are not enough.
        call: (module, *tensors) → outputs, if it is not `module(*tensors)`.
        options: of the module; an array becomes a tensor of `dtype`.
    """
    def program(torch):
        made = {k: _constant(torch, v, dtype) for k, v in options.items()}
        module = getattr(torch.nn, name)(*args, **made)
        return run(torch, module.to(getattr(torch, dtype)).train(training), inputs,
                   dtype, extra, call)

    shapes = " ".join(_spell(a) for a in (*inputs, *(extra or ())))
    spelled = ", ".join([*map(str, args), *(f"{k}={_spell(v)}" for k, v in
                                            options.items())])
    words = [f"{name}({spelled})", shapes, dtype, "" if training else "eval", note]
    return " ".join(w for w in words if w), program


def run(torch, module, inputs, dtype="float32", extra=None, call=None):
    """Outputs, gradients of the inputs and parameters, and buffers.

    The outputs are weighted before they are summed, so that a mistake in any one element
    shows in the gradients.
    """
    for k, p in enumerate(module.parameters()):
        p.data.copy_(torch.from_numpy(sample(*p.shape, seed=100 + k)))
    leaves = [_tensor(torch, a, dtype) for a in (*inputs, *(extra or ()))]
    given = list(leaves)
    if extra is not None:
        given[len(inputs):] = [tuple(leaves[len(inputs):])]
    out = call(module, *given) if call else module(*given)
    outputs = flatten(out)
    total = 0
    for k, y in enumerate(outputs):
        if y.requires_grad:
            total = total + (y * torch.from_numpy(
                sample(*y.shape, seed=7 + k)).to(y.dtype)).sum()
    if len(outputs) and hasattr(total, "backward"):
        total.backward()
    return [*outputs, *(x.grad for x in leaves if x.requires_grad),
            *(p.grad for p in module.parameters()), *module.buffers()]


def flatten(value):
    """The tensors of nested tuples and lists, in their order."""
    if isinstance(value, (tuple, list)):
        return [t for part in value for t in flatten(part)]
    return [] if value is None else [value]


def classes(*shape, n, seed=0):
    """Class numbers 0 … n - 1."""
    return np.random.RandomState(seed).randint(0, n, shape)


def distribution(*shape, seed=0):
    """Probabilities along axis 1."""
    p = np.exp(sample(*shape, seed=seed))
    return (p / p.sum(1, keepdims=True)).astype(np.float32)


def signs(*shape, seed=0):
    """-1 and 1, as real numbers."""
    return (np.random.RandomState(seed).randint(0, 2, shape) * 2 - 1).astype(np.float32)


EXTREME = np.array([[1e4, -1e4, 0.0, np.inf, -np.inf, np.nan, -0.0, 90, -90, 1e-40]],
                   np.float32)


def _tensor(torch, a, dtype):
    t = torch.from_numpy(np.array(a))
    if t.is_floating_point():
        t = t.to(getattr(torch, dtype)).requires_grad_()
    return t


def _constant(torch, value, dtype):
    if not isinstance(value, np.ndarray):
        return value
    return _tensor(torch, value, dtype).detach()


def _spell(value):
    return str(value.shape).replace(" ", "") if isinstance(value, np.ndarray) else \
        str(value)
