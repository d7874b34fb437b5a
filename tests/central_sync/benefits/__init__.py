"""Tests of central_sync.benefits."""
