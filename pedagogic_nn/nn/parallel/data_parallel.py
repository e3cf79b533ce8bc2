"""DataParallel: one batch, divided among devices.

    scatter     the batch into one piece for each device
    replicate   the module: the same numbers in parameters of its own
    forward     every replica on its piece, each in the thread of its device
    gather      the outputs, in the order of the batch

and backwards: the gradient of the output is divided in the same way, every replica runs
its own backward in its thread, and the gradients of the replicas are summed in the order
of the devices, so that two runs give the same numbers.

    dW = Σ_k dW_k          since the loss sees every example once

To the tape all of this is one operation.  A tape through the replicas would be walked by
one thread, one replica after the other.

Book: scale/data_parallel.
"""
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...autograd import enable_grad, grad, no_grad
from ...autograd.function import Function
from ...autograd.shaping import cat, stack
from ...autograd.tensor import Tensor
from ...backend.device import Device, gpu_count, worker
from ...backend.launch import one_thread
from ..module import Module
from ..parameter import Parameter

# ---- nested tuples, lists and dictionaries of tensors --------------------------------


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors in nested tuples, lists and dictionaries, in their order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)


def with_tensors(value: Any, tensors: Iterator) -> Any:
    """`value` with its tensors replaced by the next ones of `tensors`."""
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, (tuple, list)):
        parts = [with_tensors(part, tensors) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return type(value)((k, with_tensors(v, tensors)) for k, v in value.items())
    return value


# ---- the four steps ------------------------------------------------------------------


def scatter(inputs: Any, device_ids: Sequence, dim: int = 0) -> list:
    """`inputs` once for each device, their tensors divided along axis `dim`.

    Everything but tensors is handed to all devices as it is.  A batch with fewer rows
    than there are devices reaches the first devices only.

    Example:
        >>> [x.tolist() for x in nn.parallel.scatter(torch.arange(5), ["cpu:0", "cpu:1"])]
        [[0, 1, 2], [3, 4]]
    """
    devices = [Device(d) for d in device_ids]
    divided = [x.chunk(len(devices), dim) for x in tensors_in(inputs)]
    if not divided:
        return [inputs] * len(devices)
    pieces = min(map(len, divided))
    return [with_tensors(inputs, (x[k].to(devices[k]) for x in divided))
            for k in range(pieces)]


def replicate(module: Module, device: Any, own_buffers: bool = True) -> Module:
    """The module again, for another device: its parameters are leaves of their own.

    On the CPU's virtual devices they share their memory, since a replica only reads
    them.  A module or parameter that is reached by two names stays one.

    Args:
        own_buffers: False if the replica shall write into the module's own buffers, as
            the first replica does with running statistics.
    """
    return _replica(module, Device(device), own_buffers, {})


def _replica(module, device, own_buffers, made):
    if id(module) in made:
        return made[id(module)]
    replica = made[id(module)] = object.__new__(type(module))
    replica.__dict__.update(module.__dict__)
    replica.__dict__.update(
        _parameters={name: _copied(p, device, made) for name, p in
                     module._parameters.items()},
        _buffers={name: b.detach().to(device, copy=True)
                  if own_buffers and b is not None else b
                  for name, b in module._buffers.items()},
        _modules={name: None if m is None else _replica(m, device, own_buffers, made)
                  for name, m in module._modules.items()})
    return replica


def _copied(parameter, device, made):
    if parameter is None:
        return None
    if id(parameter) not in made:
        data = parameter.detach().to(device)
        made[id(parameter)] = Parameter(data, requires_grad=parameter.requires_grad)
    return made[id(parameter)]


def gather(outputs: Sequence, target_device: Any, dim: int = 0) -> Any:
    """The outputs of all devices as one, their tensors joined along axis `dim`.

    Single numbers become the elements of a vector, with a warning.
    """
    device = Device(target_device)
    columns = zip(*map(tensors_in, outputs), strict=True)
    return with_tensors(outputs[0], (_joined(c, device, dim) for c in columns))


def _joined(pieces, device, dim):
    pieces = [piece.to(device) for piece in pieces]
    if pieces[0].ndim:
        return cat(pieces, dim)
    warnings.warn("DataParallel: every replica returned a single number; they are "
                  "gathered as a vector with one element for each", UserWarning,
                  stacklevel=4)
    return stack(pieces)


def _in_threads(devices: Sequence[Device], work: Callable) -> list:
    """work(0), work(1) …, each in the thread of its device; the first error is raised
    when all have ended."""
    def run(k):
        _here.device = devices[k]
        with one_thread():               # the devices share the machine's cores
            return work(k)

    if getattr(_here, "device", None) is not None:       # a replica's own DataParallel
        return [work(k) for k in range(len(devices))]
    running = [worker(device).submit(run, k) for k, device in enumerate(devices)]
    errors = [(k, job.exception()) for k, job in enumerate(running)]
    for k, error in errors:
        if error is not None:
            error.add_note(f"in replica {k} on {devices[k]}")
            raise error
    return [job.result() for job in running]


_here = threading.local()


# ---- one operation on the tape -------------------------------------------------------


class Replicas:
    """One forward and backward of a module on several devices.

    Attributes:
        pieces: for each replica its arguments, tensors that are leaves.
        replicas: the modules.
        outputs: what each returned.
        gathered: the outputs, joined.
    """

    gathered: Any = None

    def __init__(self, module: Module, devices: list, output_device: Device,
                 dim: int) -> None:
        self.module, self.dim, self.output_device = module, dim, output_device
        self.devices = devices

    def forward(self, arguments: tuple, recording: bool) -> None:
        """Run all replicas and gather their outputs."""
        self.arguments = [x.detach() for x in tensors_in(arguments)]
        wanted = [x.requires_grad for x in tensors_in(arguments)]
        pieces = scatter(with_tensors(arguments, iter(self.arguments)), self.devices,
                         self.dim)
        self.devices = self.devices[:len(pieces)]
        self.pieces = pieces
        self.replicas = [replicate(self.module, device, own_buffers=k > 0)
                         for k, device in enumerate(self.devices)]

        def run(k):
            inputs, kwargs = pieces[k]
            for x, needed in zip(tensors_in(pieces[k]), wanted):
                x.requires_grad = recording and needed
            with enable_grad() if recording else no_grad():
                return self.replicas[k](*inputs, **kwargs)

        self.outputs = _in_threads(self.devices, run)
        with no_grad():
            self.gathered = gather(self.outputs, self.output_device, self.dim)

    def backward(self, gradients: Sequence, needed: Sequence[bool]) -> list:
        """The gradients of the arguments and of the parameters; None if not needed."""
        outputs = [list(tensors_in(y)) for y in self.outputs]
        divided = [self._divided(g, [y[j] for y in outputs])
                   for j, g in enumerate(gradients)]

        def run(k):
            leaves = [*tensors_in(self.pieces[k]), *self.replicas[k].parameters()]
            wanted = [x for x, asked in zip(leaves, needed, strict=True) if asked]
            pairs = [(y, g[k]) for y, g in zip(outputs[k], divided) if y.requires_grad]
            with enable_grad():
                found = iter(grad([y for y, _ in pairs], wanted, [g for _, g in pairs],
                                  retain_graph=True, allow_unused=True))
            return [next(found) if asked else None for asked in needed]

        found = zip(*_in_threads(self.devices, run), strict=True)
        homes = [*self.arguments, *self.module.parameters()]
        return [self._collected(j, g, home) for j, (g, home) in
                enumerate(zip(found, homes, strict=True))]

    def _divided(self, gradient, outputs):
        """A gradient of the gathered output, cut where the replicas' outputs met."""
        if not outputs[0].ndim:
            return [gradient[k].to(y.device) for k, y in enumerate(outputs)]
        pieces = gradient.split([y.shape[self.dim] for y in outputs], self.dim)
        return [piece.to(y.device) for piece, y in zip(pieces, outputs, strict=True)]

    def _collected(self, j, gradients, home):
        """An argument's gradients are joined, a parameter's are summed, device by
        device."""
        if all(g is None for g in gradients):
            return None
        if j < len(self.arguments):
            pieces = [list(tensors_in(piece))[j] for piece in self.pieces]
            return cat([(x * 0 if g is None else g).detach().to(home.device)
                        for x, g in zip(pieces, gradients, strict=True)], self.dim)
        total, *rest = [g.to(home.device) for g in gradients if g is not None]
        for g in rest:
            total = total + g
        return total


class Parallel(Function):
    @staticmethod
    def forward(ctx, replicas, arguments, *tensors):
        ctx.save_for_backward(*tensors)
        ctx.replicas = replicas
        replicas.forward(arguments, any(ctx.needs_input_grad))
        return tuple(tensors_in(replicas.gathered))

    @staticmethod
    def backward(ctx, *gradients):
        return None, None, *ctx.replicas.backward(gradients, ctx.needs_input_grad[2:])


# ---- the module ----------------------------------------------------------------------


class DataParallel(Module):
    """A module that computes on several devices at once, a part of the batch on each.

    The parameters stay those of the one module: they are copied to the devices for each
    forward, and the gradients are summed into them.  The result is that of the undivided
    run.  Layers that look at the whole batch see their part of it: a BatchNorm uses the
    statistics of its replica, and the running ones are those of the first replica.

    Args:
        module: its parameters and buffers are on the first device.
        device_ids: GPUs by number or name (default: all), or the CPU's virtual devices,
            such as ['cpu:0', 'cpu:1'].  Without any GPU the module runs undivided.
        output_device: where the output is gathered (default: the first device).
        dim: the axis of the batch, in all inputs and outputs.

    Shape:
        as the module, with any number of arguments.

    Raises:
        RuntimeError: a parameter or buffer is not on the first device.

    Example:
        >>> net = nn.DataParallel(nn.Linear(4, 2), device_ids=["cpu:0", "cpu:1"])
        >>> net(torch.ones(5, 4)).shape
        torch.Size([5, 2])
    """

    def __init__(self, module: Module, device_ids: Sequence | None = None,
                 output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError("DataParallel: module must be a Module, got "
                            f"{type(module).__name__}")
        given = range(gpu_count()) if device_ids is None else device_ids
        devices = [Device(d) for d in given]
        if device_ids is not None and not devices:
            raise ValueError("DataParallel: device_ids is empty; leave it out for all "
                             "GPUs, or name devices such as ['cpu:0', 'cpu:1']")
        self.module, self.dim, self._devices = module, dim, devices
        self.device_ids = [_id_of(d) for d in devices]
        first = devices[0] if devices else "cpu"
        self._home = Device(first if output_device is None else output_device)
        self.output_device = _id_of(self._home) if devices else None

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        if not self._devices:
            return self.module(*inputs, **kwargs)
        self._check_devices()
        replicas = Replicas(self.module, self._devices, self._home, self.dim)
        arguments = inputs, kwargs
        tensors = [*tensors_in(arguments), *self.module.parameters()]
        if not tensors:
            return self.module(*inputs, **kwargs)
        outputs = Parallel.apply(replicas, arguments, *tensors)
        return with_tensors(replicas.gathered, iter(outputs))

    def _check_devices(self) -> None:
        home = self._devices[0]
        for name, t in (*self.module.named_parameters(), *self.module.named_buffers()):
            if t.device is not home and not (t.device.type == home.type == "cpu"):
                raise RuntimeError(
                    f"DataParallel: the module must have its parameters and buffers on "
                    f"{home}, its first device, but {name} is on {t.device}; move it "
                    f"with .to('{home}')")


def _id_of(device: Device) -> int | str:
    """A GPU's number, as in PyTorch; the name of a virtual CPU."""
    return device.index if device.type == "cuda" else f"cpu:{device.index}"


def data_parallel(module: Module, inputs: Any, device_ids: Sequence | None = None,
                  output_device: Any = None, dim: int = 0,
                  module_kwargs: dict | None = None) -> Any:
    """`DataParallel(module, …)` called once: inputs are a tensor or a tuple of them."""
    arguments = inputs if isinstance(inputs, tuple) else (inputs,)
    divided = DataParallel(module, device_ids, output_device, dim)
    return divided(*arguments, **(module_kwargs or {}))
