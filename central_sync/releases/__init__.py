"""Releases of the edge: what the hub gives out as an update, signed so that a hub that is broken into cannot give out anything else.

The Update Framework, by its own library. Who signs what
    root        says whose signatures count; two of at least two keys that lie in safes, never on the hub. It is made as a pending file, which
                travels to the keys; it counts once enough of the old and of the new root's keys have signed it.
    targets     lists the releases: version, system, length, hash. The key of whoever makes releases; not on the hub.
    rings       what is offered to whom: ``rings/canary.json``, ``early``, ``all``, each naming a release that targets lists; and ``rings/tunnel.KEY.json``,
                the next key at the hub's end of edges' tunnels. The hub's own key.
    snapshot, timestamp   that all of this is of one moment, and fresh. The hub's own key.

So the hub decides which ring gets which release and when, and can give out none that was not signed elsewhere.

Parts: ``keys`` (files of keys), ``repository`` (the folder), ``limits``. Edges read it by the sync port (``api/releases.py``).
"""
