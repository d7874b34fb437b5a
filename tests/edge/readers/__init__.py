"""Tests of edge/readers."""
