"""Tests of edge/faces/cards."""
