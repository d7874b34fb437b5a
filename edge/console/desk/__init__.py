"""The clerk's desk: a card is put down, and it is seen who that is, what the insurers pay, and what is settled.

    case      pure: what a case has come to, and what may be done next, from its steps
    bill      pure: who pays what, as one bar
    views     pure: the words for how something stands
    person    pure: who stands at the desk, and whether insured
    forms     pure: what a clerk typed, as a packet
    choices   pure: items and diagnoses found by code or name
    foresight pure: what a review would take off a bill
    law       names of schemes, kinds of numbers and items, from the rulebook in use
    looks     who was looked up lately
    seats     which computer this is, and its business day
    cards     what lies on the desk's readers, for every page that listens
    teller    calls of the intake, as a face makes them
    frame     what every page of the desk needs
    lists     what is unfinished, and what was opened today, for every first page that is open
    counter   pages: the start, a person, a new case
    work      pages: a case, its charges, its settlement, its slip
    pairing   pages: this computer becomes a desk

A page keeps nothing of a case: it is read from the journal each time (:mod:`edge.casebook`). A form carries the msgid of the transaction that it sends: however
often it is sent, it is one. Whatever was sent is told on the page that a browser is sent to, so that a reload does nothing.
"""
