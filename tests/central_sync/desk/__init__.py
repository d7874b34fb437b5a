"""Tests of the hub: desk."""
