"""Tests of the edge's console."""
