"""Scripts that run the app, or draw pictures of it."""
