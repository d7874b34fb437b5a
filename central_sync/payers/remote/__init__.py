"""The driver of payers with a system of their own, reached by JSON over HTTPS. ``README.md`` is the protocol as an insurer reads it."""
