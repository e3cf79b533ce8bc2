"""Distances between pairs of vectors, one file each."""
from .cosine_similarity import CosineSimilarity
from .pairwise_distance import PairwiseDistance

__all__ = ["CosineSimilarity", "PairwiseDistance"]
