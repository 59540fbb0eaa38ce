"""Measuring: metrics, experiments on images with truth, and experiments on a project's scenes.

Each of the three packages hands out its few names itself.
"""
