"""Tests of the journal on real files."""
