"""Masks and field numbers to polygons: outlines, clean-up, topology, joining over seams."""
