"""Tests of the edge's verbs."""
