"""The Annotate page: the map of one tile."""
