"""Tests of the steps of the migrations."""
