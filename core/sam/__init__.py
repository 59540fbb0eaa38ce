"""Segment Anything: models, weights, runtimes, embedding cache."""
