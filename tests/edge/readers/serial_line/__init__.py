"""Tests of edge/readers/serial_line."""
