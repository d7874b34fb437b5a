"""The hub's console."""
