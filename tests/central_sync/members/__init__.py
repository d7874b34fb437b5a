"""Tests of the hub: members."""
