"""Random numbers: one generator for each device, and so one for each worker thread.

`manual_seed(n)` seeds them all and makes everything that follows repeatable.  The
streams are NumPy's PCG64, so the numbers are not PyTorch's: a seed gives the same draws
here on every machine, and others there.
"""
from typing import Any

import numpy as np

from .device import Device
from .locks import Lock


class Generator:
    """A stream of random numbers, with torch.Generator's methods.

    Example:
        >>> Generator().manual_seed(7).initial_seed()
        7
    """

    def __init__(self, device: "str | Device" = "cpu") -> None:
        self.device = Device(device)
        self.seed()

    def manual_seed(self, seed: int) -> "Generator":
        """Start again from `seed`, a whole number (also a negative one, as in PyTorch).

        Raises:
            TypeError: `seed` is no whole number.
        """
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise TypeError("manual_seed: expected an integer, got "
                            f"{type(seed).__name__}")
        self._seed = int(seed)
        place = [self.device.index, int(self.device.type == "cuda")]
        self.numpy = np.random.default_rng([self._seed % 2**64, *place])
        return self

    def seed(self) -> int:
        """Start again from a seed that the operating system draws, and return it."""
        self.manual_seed(int(np.random.SeedSequence().generate_state(1, np.uint64)[0]))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that this stream started from."""
        return self._seed

    def get_state(self) -> dict:
        """All that is needed to go on from here; see `set_state`."""
        return {"seed": self._seed, "stream": self.numpy.bit_generator.state}

    def set_state(self, state: dict) -> None:
        """Go on from where `get_state` was called."""
        self._seed = state["seed"]
        self.numpy.bit_generator.state = state["stream"]


_generators: dict[Device, Generator] = {}
_lock = Lock()
_last_seed: list[int] = []               # of manual_seed: devices met later use it too


def generator(device: Device) -> Generator:
    """The default generator of `device`."""
    found = _generators.get(device)
    return _begin(device) if found is None else found


def _begin(device: Device) -> Generator:
    with _lock:                          # of two threads that ask, one makes it
        if device not in _generators:
            fresh = Generator(device)
            if _last_seed:
                fresh.manual_seed(_last_seed[0])
            _generators[device] = fresh
        return _generators[device]


def manual_seed(seed: int) -> Generator:
    """Seed the generators of all devices, and return the CPU's."""
    cpu = generator(Device("cpu"))
    cpu.manual_seed(seed)
    with _lock:
        _last_seed[:] = [seed]
        for g in _generators.values():
            g.manual_seed(seed)
    return cpu


def get_rng_state() -> dict:
    """The state of the CPU's default generator."""
    return generator(Device("cpu")).get_state()


def set_rng_state(state: dict) -> None:
    """Put the CPU's default generator back where `get_rng_state` found it."""
    generator(Device("cpu")).set_state(state)


def uniform(shape: Any, low: float, high: float, dtype: Any, device: Device,
            stream: Generator | None = None) -> Any:
    """Numbers drawn evenly from [low, high)."""
    rng = (stream or generator(device)).numpy
    kind = np.float64 if dtype == np.float64 else np.float32
    x: Any = rng.random(shape, kind)
    if (low, high) != (0, 1):
        x = x * kind(high - low) + kind(low)
    x = np.asarray(x, dtype)
    if x.dtype.kind == "f":                # rounding may have reached `high`
        np.minimum(x, np.nextafter(x.dtype.type(high), x.dtype.type(low)), out=x)
    return device.put(x)


def normal(shape: Any, mean: float, std: float, dtype: Any, device: Device,
           stream: Generator | None = None) -> Any:
    """Numbers drawn from the normal distribution with this mean and standard
    deviation."""
    rng = (stream or generator(device)).numpy
    kind = np.float64 if dtype == np.float64 else np.float32
    x: Any = rng.standard_normal(shape, kind)
    if (mean, std) != (0, 1):
        x = x * kind(std) + kind(mean)
    return device.put(np.asarray(x, dtype))


def integers(shape: Any, low: int, high: int, dtype: Any, device: Device,
             stream: Generator | None = None) -> Any:
    """Whole numbers drawn evenly from low … high - 1."""
    rng = (stream or generator(device)).numpy
    return device.put(np.asarray(rng.integers(low, high, shape)).astype(dtype))


def bernoulli(who: str, p: Any, shape: Any, device: Device,
              stream: Generator | None = None) -> Any:
    """True with probability p, a number or an array that stretches to the shape.

    Raises:
        RuntimeError: a probability is not from 0 to 1, or the shapes do not fit.
    """
    if not bool(((0 <= p) & (p <= 1)).all() if hasattr(p, "all") else 0 <= p <= 1):
        raise RuntimeError(f"{who}: probabilities must be from 0 to 1"
                           f"{'' if hasattr(p, 'all') else f', got {p}'}")
    try:
        return uniform(shape, 0, 1, np.dtype(np.float32), device, stream) < p
    except ValueError as error:
        raise RuntimeError(f"{who}: {error}") from None


def permutation(n: int, device: Device, stream: Generator | None = None) -> Any:
    """The numbers 0 … n - 1 in random order, int64."""
    return device.put((stream or generator(device)).numpy.permutation(n))
