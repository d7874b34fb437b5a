"""The hub, and the three pure packages that it shares with the edge (this file stays without imports)."""
