"""A seeded generator of farmland with exact truth, for the demo and for tests."""
