"""The console of the edge: pages for people, served beside the faces on the hospital's side only.

    languages  the message catalogues, numbers, days and ages as each language writes them
    pages      the templates, rendered
    views      pure: what a page shows, from what the edge knows
    sessions   who is signed in
    samples    pure: the last hour of what the small charts draw
    lobby      what every page needs: session, language, the page itself
    news       what a page is told while it is open
    technician the technician's page
    routes     the addresses, signing in, files

Server-rendered; a page is whole without a script, which only brings what changes. Nothing is loaded from anywhere else. Messages are written in
English in templates and views, and stand in ``locale/LANGUAGE.po``; a test fails on one that is missing.
"""
