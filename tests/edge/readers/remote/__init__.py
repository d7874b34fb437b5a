"""The edge's end of its agents."""
