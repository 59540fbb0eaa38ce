"""Land cover products: registry, recognition, alignment, agreement, fetching."""
