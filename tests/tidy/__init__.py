"""The repository checks itself: shape, imports, mirror, docs and files."""
