"""Tests of the hub's routes over real TLS."""
