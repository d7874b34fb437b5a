"""What the product must be able to do, in figures: one file for each, each against a reference measured in the same run."""
