"""Masks: strategies from prompts to probability, clean-up, polygons, merging."""
