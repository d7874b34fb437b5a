"""Cards that tests play, one file per kind: written from what is known of the real cards, never from our own readers of them."""
