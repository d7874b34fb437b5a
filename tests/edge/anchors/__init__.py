"""Tests of how an edge comes to believe the hub's next authority."""
