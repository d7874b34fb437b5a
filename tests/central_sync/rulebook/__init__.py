"""Tests of central_sync.rulebook."""
