"""The benefits engine: what each layer pays of a bill, what the patient pays, and why.

Pure and shared by edge and hub: facts, a bill, a rulebook and the accumulators' present values go in; shares, traces and
the accumulators' changes come out. It imports :mod:`central_sync.terms` and nothing else of ours.
"""
