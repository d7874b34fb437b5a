"""Members: persons as their insurers vouch for them, and how they come into the store."""
