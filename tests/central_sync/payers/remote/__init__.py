"""Tests of the hub: payers."""
