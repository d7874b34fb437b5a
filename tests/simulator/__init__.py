"""Tests of the simulator: its plan, its line, its checks."""
