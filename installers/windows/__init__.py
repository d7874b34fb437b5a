"""The installer for Windows: its script, the service's program, and what builds them."""
