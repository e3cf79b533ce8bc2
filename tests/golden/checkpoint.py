"""Writes checkpoint.safetensors as users of PyTorch do.

    python -m tests.golden.checkpoint      # where PyTorch and safetensors are installed
"""
from tests.golden.recorder import FOLDER

if __name__ == "__main__":
    import torch
    from safetensors.torch import save_file

    save_file({"weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
               "bias": torch.tensor([1, 2]),
               "mask": torch.tensor([True, False]),
               "half": torch.tensor(0.5, dtype=torch.float16)},
              FOLDER / "checkpoint.safetensors", {"format": "pt"})
