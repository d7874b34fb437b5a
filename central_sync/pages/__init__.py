"""SHARED: what the edge's console and the hub's have in common. It knows no business, no accounts and no database.

    languages  messages from catalogues; numbers, days, instants and ages as each language writes them
    rendering  templates of one console over those of this room; the headers that keep a page to itself
    assets     style, script and pictures: what lies in a console's ``static`` folder and in ours
    front      answers for requests: the reader's language, a page, a message, a cookie
    news       what a page is told while it is open
    forms      tokens, the key of a form, and what is kept of a token
    passwords  Argon2id, with costs that a desk does not feel
    tries      pure: who guessed too often waits
    samples    pure: the last hour of what the small charts draw

A console is a package with ``templates``, ``static`` and ``locale`` folders beside its modules, laid over ours: its template ``x.html`` may extend our
``base.html``, import from ``macros.html``, or stand in for one of ours. Messages are written in English in templates and programs (``_("…")``, ``N_``)
and stand in ``locale/LANGUAGE.po`` of the room that says them; what we say already need not stand in a console's own.
"""
