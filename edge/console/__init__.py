"""The console of the edge: pages for people, served beside the faces on the hospital's side only.

    views      pure: what a page shows, from what the edge knows
    sessions   who is signed in
    lobby      what every page needs: session, language, the page itself
    technician the technician's page
    journal_pages, check_pages, maintenance_pages, backup_pages, access_pages
               the technician's other pages; words, probe_words: what they say; runs: what a page has begun and that takes a while
    routes     the addresses, signing in, files

What it has in common with the hub's console (frame, style, languages, live news) is in :mod:`central_sync.pages`, which says how templates and
messages of a console are found. Server-rendered; a page is whole without a script, which only brings what changes. Nothing is loaded from anywhere else.
Messages are written in English in templates and views, and stand in ``locale/LANGUAGE.po``; a test fails on one that is missing.
"""
