"""The Scenes page: imagery, land cover, colours and existing labels."""
