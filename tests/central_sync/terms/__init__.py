"""Tests of central_sync.terms."""
