"""Experiments on images with truth: does prompting beat training on these fields, and where?"""
