"""What the hub's data say beyond single cases: settled cases as a file, for trying other rules on them."""
