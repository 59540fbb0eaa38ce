"""Experiments on the scenes of a project: their truth, runs of their own, and what came of them."""
