"""How the weights that ship with cropmap were made; one command, ``python -m training.train``."""
