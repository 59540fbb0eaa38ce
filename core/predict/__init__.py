"""Strategies: how the prompts of one tile become a probability of cropland."""
