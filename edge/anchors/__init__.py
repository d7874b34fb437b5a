"""The hub's authority, and how this edge comes to believe the next one: in a shadow slot, beside the present one, proven before it is used.

Rules
    * A word about a handover is believed if the present authority signed it. What it names is put into the shadow slot and changes nothing.
    * It is drilled: a real TLS handshake with the hub's next server certificate, over the line that works (drill.py). Only if that passes is it
      believed beside the present one. A drill that fails is told to the hub and to technicians, and tried again; nothing is lost by it.
    * The present one is let go when the hub says that it is over, and only by an edge whose own certificate is of the next one.
    * An edge that was away for all of that, and knows the old one alone, follows the trail of signed words from the enrol port.
"""
