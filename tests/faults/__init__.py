"""Proof by fault: a disk that fails, tears, fills up or loses its power, and programs that are killed while they use it."""
