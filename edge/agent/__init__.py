"""The small program on a clerk's PC: its card readers and a loopback face, and one line to the edge that it is paired with.

No journal and no line to the hub: only what ``edge/readers`` and ``edge/faces/cards`` need. ``app.py`` is its list of parts, ``settings.py`` reads
``agent.toml``, ``pairing.py`` makes and keeps the pairing, ``line.py`` is the connection to the edge, ``gate.py`` says who may call on loopback.
"""
