"""A country in a box: hospitals, readers, line faults and kills from one seed; prints the invariants."""
