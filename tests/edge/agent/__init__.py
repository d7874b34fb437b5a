"""The agent of a clerk's PC."""
