"""Readers on a serial port, real or over USB: SAM-V readers of Chinese ID cards, and scanners that type what they see.

The address in edge.toml says which port and what hangs on it; see ``address.py``.
"""
