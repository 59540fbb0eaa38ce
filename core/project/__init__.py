"""The store of a project."""
