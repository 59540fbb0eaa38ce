"""Replay bundles: all that a label came from, in one small file that makes it again."""
