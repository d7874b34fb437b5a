"""The fleet: which hospitals there are, how their edges come to be trusted, and what the hub leases to them."""
