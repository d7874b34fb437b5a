"""Tests of the hub: store."""
