"""Tests of what both programs share as programs."""
