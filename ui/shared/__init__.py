"""What several pages share: frame, navigation, jobs, errors, uploads, settings."""
