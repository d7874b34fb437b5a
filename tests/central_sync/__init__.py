"""Tests of the hub and of the packages that it shares with the edge."""
