"""Tests of the repository of releases."""
