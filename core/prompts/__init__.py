"""Prompts: points, boxes and masks placed from land cover or by a person."""
