"""Datasets, samplers and DataLoader (torch.utils.data's names), and the book's own data.

    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    years, numbers = sunspots("train")
    print(load("sunspots").card)
"""
from .bundled import (
    Bundle,
    available,
    co2,
    digits,
    films,
    images,
    japanese_vowels,
    load,
    sunspots,
    surnames,
    texture_mosaics,
    textures,
)
from .dataloader import DataLoader, default_collate
from .dataset import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler", "Bundle", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset",
    "RandomSampler", "Sampler", "SequentialSampler", "Subset", "TensorDataset",
    "WeightedRandomSampler", "available", "co2", "default_collate", "digits", "films",
    "images", "japanese_vowels", "load", "random_split", "sunspots", "surnames",
    "texture_mosaics", "textures",
]
