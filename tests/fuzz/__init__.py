"""Coverage-guided fuzzing of whatever parses bytes of cards and readers: ``python -m tests.fuzz TARGET --seconds 60``. Targets are in ``targets.py``."""
