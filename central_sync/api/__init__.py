"""SHELL: the hub's ports. ``sync`` takes what edges send (mutual TLS); ``enrol`` lets a new edge in (server TLS only)."""
