"""The words of the field that edge and hub share: money, civil days, identifiers, HIDs.

The leaf of the house: it imports nothing of ours, opens nothing, and never asks the time.
"""
