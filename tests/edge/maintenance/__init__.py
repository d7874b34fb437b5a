"""Tests of maintenance that a technician announces."""
