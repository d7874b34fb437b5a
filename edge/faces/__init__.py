"""How the hospital speaks to us: one folder for each dialect; here is what all faces share.

``gate.py`` says who may call (token and context), ``door.py`` what a web page may do and how every error looks, ``listener.py`` where
we listen, ``certificate.py`` how we prove ourselves off loopback, ``stream.py`` the event stream. A face decodes, asks the gate,
hands over, and encodes: it decides nothing about a transaction.
"""
