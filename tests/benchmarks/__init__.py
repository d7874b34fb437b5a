"""The figures and their command line."""
