"""The two sides of edge/platform."""
