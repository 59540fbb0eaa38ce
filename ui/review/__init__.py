"""The Review page: tiles, verdicts, second looks, effort and history."""
