"""Whole worlds from one seed."""
