"""Kinds of cards: one file each, PURE: bytes → :class:`CardIdentity`."""
