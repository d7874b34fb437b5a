"""Tests of edge/readers/simulated."""
