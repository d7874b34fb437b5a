"""What cannot be decided by the program alone: a queue with reasons and priorities, and the hub's own audit that fills it."""
