"""The Start page: projects to open, make and try."""
