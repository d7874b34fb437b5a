"""The readers of the clerks' PCs, as the edge sees them: the driver of all paired agents.

An agent connects to the edge (so that its address may change and its sleep does no harm) and speaks what ``codec.py`` says over a WebSocket.
``session.py`` is one such connection, ``driver.py`` the readers of all of them. What comes from an agent is not believed: it is bounded, checked,
and named after the agent.
"""
