"""Labels that exist already, made elsewhere or exported earlier: read safely, placed on a scene."""
