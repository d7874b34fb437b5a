"""Tests of edge/faces."""
