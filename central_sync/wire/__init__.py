"""What crosses the wire: the transaction catalogue, packets, messages, their encoding, and the refusals.

Shared by edge and hub, pure: it takes bytes and values, opens nothing and never asks the time.
"""
