"""One file for each figure: ``python -m benchmarks [NAME …] --json``."""
