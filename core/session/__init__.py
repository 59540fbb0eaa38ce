"""A tile being worked on: its prompts, its mask, the workers that answer, and the label."""
