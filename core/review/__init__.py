"""Review: second looks, how well reviewers agree, and what the work took."""
