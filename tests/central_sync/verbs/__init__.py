"""Tests of the hub's verbs."""
