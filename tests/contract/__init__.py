"""One suite over all drivers of a port. ``rigs.py`` says how a driver joins."""
