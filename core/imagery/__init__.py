"""Imagery: guarded opening, scenes, stretch, tile plan."""
