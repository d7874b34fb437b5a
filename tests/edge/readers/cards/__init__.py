"""Tests of edge/readers/cards."""
