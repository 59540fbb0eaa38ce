"""The Results page: hectares, the overview map and files."""
