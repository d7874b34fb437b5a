"""Tests of edge/faces/embed."""
