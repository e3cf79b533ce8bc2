"""torch.cuda: the same names with a GPU, with simulated ones, and with none."""
import pytest

import pedagogic_nn as torch
from pedagogic_nn import cuda
from pedagogic_nn.backend.device import SIMULATED, SIMULATED_GPUS, Device, gpu_count
from tests.programs import run


@pytest.fixture(autouse=True)
def first_gpu_is_current():
    yield
    cuda.set_device(0)


def test_the_gpus_are_counted():
    assert torch.cuda.is_available()
    assert cuda.is_simulated() == SIMULATED
    assert cuda.device_count() == gpu_count()
    if SIMULATED:
        assert cuda.device_count() == SIMULATED_GPUS == 4


@pytest.mark.parametrize("name", [0, "cuda", "cuda:0", Device("cuda:0")])
def test_the_current_gpu_is_chosen_by_number_name_or_device(name):
    cuda.set_device(name)
    assert cuda.current_device() == 0


def test_another_gpu_can_be_chosen():
    last = cuda.device_count() - 1
    cuda.set_device(last)
    assert cuda.current_device() == last
    with pytest.raises(RuntimeError, match="does not exist"):
        cuda.set_device(10_000)
    assert cuda.current_device() == last


@pytest.mark.parametrize("function", [
    cuda.set_device, cuda.synchronize, cuda.get_device_name])
def test_the_cpu_is_no_gpu(function):
    with pytest.raises(ValueError, match="expected a GPU, such as 'cuda:0', got cpu:1"):
        function("cpu:1")


@pytest.mark.parametrize("device", [None, 0, "cuda", Device("cuda")])
def test_synchronize_returns_when_the_work_is_done(device):
    x = torch.ones(3, device="cuda") * 2
    assert cuda.synchronize(device) is None
    assert x.tolist() == [2, 2, 2]


def test_a_gpu_has_a_name():
    assert cuda.get_device_name() == cuda.get_device_name("cuda:0") != ""
    if SIMULATED:
        assert cuda.get_device_name(1) == "numba's CUDA simulator (cuda:1)"


def draw(device):
    return torch.rand(3, device=device).tolist()


def test_manual_seed_is_for_the_current_gpu_only():
    torch.manual_seed(0)
    on_cpu, on_gpu = draw("cpu"), draw("cuda")
    torch.manual_seed(0)
    cuda.manual_seed(1)
    assert draw("cpu") == on_cpu and draw("cuda") != on_gpu
    cuda.manual_seed(0)
    assert draw("cuda") == on_gpu


def test_manual_seed_all_is_for_all_gpus():
    gpus = [f"cuda:{k}" for k in range(cuda.device_count())]
    torch.manual_seed(0)
    draws = [draw(gpu) for gpu in gpus]
    on_cpu = draw("cpu")
    cuda.manual_seed_all(0)
    assert [draw(gpu) for gpu in gpus] == draws
    assert draw("cpu") != on_cpu                             # its stream goes on


def test_the_cache_can_be_emptied():
    x = torch.ones(3, device="cuda")
    assert cuda.empty_cache() is None
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize("name, dtype", [
    ("FloatTensor", torch.float32), ("DoubleTensor", torch.float64),
    ("HalfTensor", torch.float16), ("LongTensor", torch.int64),
    ("IntTensor", torch.int32), ("ByteTensor", torch.uint8)])
def test_the_typed_names_of_old_make_tensors_on_the_gpu(name, dtype):
    kind = getattr(torch.cuda, name)
    x = kind(2, 3)
    assert x.shape == (2, 3) and x.dtype == dtype and x.device == Device("cuda")
    assert kind([1, 2]).tolist() == [1, 2]
    assert isinstance(x, kind) and not isinstance(x.cpu(), kind)
    assert isinstance(x.cpu(), getattr(torch, name))
    assert repr(kind) == f"<class 'torch.cuda.{name}'>"


WITHOUT_A_GPU = """
import pedagogic_nn as torch
from pedagogic_nn import cuda

assert not cuda.is_available() and not cuda.is_simulated()
assert cuda.device_count() == 0
cuda.empty_cache()
cuda.manual_seed(1)
cuda.manual_seed_all(1)
for attempt in (cuda.synchronize, cuda.get_device_name, lambda: cuda.FloatTensor(2)):
    try:
        attempt()
    except RuntimeError as error:
        print(error)
"""


def test_without_a_gpu_programs_can_ask_and_seed():
    said = run(WITHOUT_A_GPU, NUMBA_ENABLE_CUDASIM="0", CUDA_VISIBLE_DEVICES="")
    assert said.count("cuda:0: found 0 GPUs.") == 3
