"""The hub's console: pages of central operations, served over HTTPS on a port of its own.

    access         pure: roles, rights, and what a page may need
    accounts       who may sign in: use cases
    administration other people's accounts: what an administrator may do to them
    waits          pure: how long the next try waits after wrong ones
    second_factor  codes of an app, recovery codes, and how their secrets are kept
    sign_in        signing in, step by step: use cases
    sessions       who is signed in, and as whom they ask
    lobby          what stands before each page: session, right, scope, form key
    door           the pages of signing in, of the second factor and of one's own account
    listeners      whether the sessions of pages that listen go on, asked for all of them together
    live           parts of pages that bring news, and how many one session and account may hold
    unreconciled   pure: why a hospital's books are not reconciled
    trail_words    pure: what the audit trail's codes and remarks are called
    account_pages  the pages of other people's accounts
    start          the first page
    site           all parts, their threads, and the application

A page is added in three steps. (1) A class with ``pages()``, which gives :class:`central_sync.console.lobby.Page` rows: method, path, **what it needs**
(a right, see ``access``), handler, and a label if it stands in the navigation. A handler takes the request and the :class:`Visitor`; when it is called,
session, right, scope of an ``{institution}`` in the path and the key of a form have been checked. What else it reads, it reads within
``visitor.scope``. It does its work at the database in a thread (``await lobby.work(…)``) and gives ``lobby.shown(request, visitor, "x.html", values)``.
(2) Its templates in ``templates/`` (they extend ``base.html``, see :mod:`central_sync.pages`), its messages in ``locale/``. (3) A line in
``site.py``, and one in the table of ``tests/central_sync/console/test_access_table.py``, which calls every page as every role, within its scope and
beyond, and fails while a page has no line.
"""
