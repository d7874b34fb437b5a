"""Tests of the hub: insight."""
