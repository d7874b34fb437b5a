"""What both consoles share."""
