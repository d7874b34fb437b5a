"""Tests of the clerk's desk."""
