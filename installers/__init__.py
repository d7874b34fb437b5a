"""What builds the releases and sets up a machine."""
