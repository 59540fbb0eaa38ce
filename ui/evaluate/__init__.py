"""The Evaluate page: how good the map is, and which method would do better."""
