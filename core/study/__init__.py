"""Measuring: metrics, experiments, and experiments on the scenes of a project."""
