"""Updates that cannot brick an edge: what the hub offers, checked, installed beside what runs, tried, and taken back by itself if it is not well.

A program of its own does it (``pishkhan-edge update``, by a timer, as root), never the edge that runs: so the edge's account can write no program, and
whoever watches a trial outlives it.

On disk
    ``BASE/releases/VERSION/``  a release, as it was unpacked; ``BASE/current`` a link to the one that runs, exchanged atomically.
    ``STATE/trust/``            the roots that are believed and the last metadata seen (The Update Framework); ``STATE/state.json`` what runs, what is
                                tried, what failed; ``STATE/download/``; ``STATE/lock``.

Rules
    * Nothing is believed but what the root's keys allow: tampered, expired, replayed or older metadata change nothing and are told by name.
    * A release that is not newer than what runs, or that writes a journal which what runs could not read any more, is refused.
    * A trial is written down before the link moves. It ends well only if the new version itself says that it is well for ``TRIAL_S``, and that it
      reaches the hub if the old one did. Everything else, a power cut too, ends with the old link.
    * A version that failed here is not tried again by itself.

Parts: ``limits``; ``sources`` (hub, folder); ``trust`` (the only home of tuf here); ``slots`` (releases and the link); ``state``; ``trial``; ``hours``; ``work``.
"""
