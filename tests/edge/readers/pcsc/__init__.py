"""Tests of edge/readers/pcsc, over a real service with virtual readers."""
