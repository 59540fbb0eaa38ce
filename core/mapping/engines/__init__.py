"""Who maps the tiles of a scene: this process, several of this machine, or a cluster."""
