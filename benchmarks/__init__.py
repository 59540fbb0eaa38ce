"""Measurements: each prints its own table; timings are ratios within one run."""
