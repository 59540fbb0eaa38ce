"""The label of a tile: what a person did, replayed, and the parcels that come of it."""
