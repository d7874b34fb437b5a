"""Set-up and locks."""
