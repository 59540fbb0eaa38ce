"""Mutants of everything that comes from outside, and processes killed while they write."""
