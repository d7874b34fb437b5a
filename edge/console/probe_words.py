"""What the steps of a connection test are called, what they found, and what to do next. Texts are messages in English; the page puts them into the
reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.console.views import N_

STEPS: Mapping[str, str] = {
    "face": N_("Programs of the hospital"),
    "desks": N_("Desks"),
    "readers": N_("Card readers"),
    "name": N_("Name of the centre"),
    "port": N_("Way to the centre (VPN, firewall)"),
    "certificate": N_("Certificate of the centre"),
    "centre": N_("Answer of the centre, and its clock"),
    "renewal": N_("Address where certificates are renewed"),
}

_MEND_LINE = N_("Look at the cable and the VPN, then at the firewall on the way.")
_CALL = N_("Call the centre, and tell them the code.")
_SYNC = N_("Mend the time synchronisation of this machine.")

FOUND: Mapping[str, tuple[str, str]] = {
    "before": (N_("Not tried: the step before failed."), ""),
    "called": (N_("They call at %(address)s; the last call came within the last %(minutes)s."), ""),
    "not_called": (N_("None has called since the start."), N_("Look whether the hospital's program has the address %(address)s, and the key of its computer.")),
    "desks": (N_("Computers that may sign in: %(count)s"), ""),
    "no_desks": (N_("No workstation may sign in."), N_("Admit the desks' computers: `pishkhan-edge workstation add NAME`.")),
    "readers": (N_("Readers: %(count)s; nothing is wrong with them."), ""),
    "no_readers": (N_("No reader is set up here."), ""),
    "readers_troubled": (N_("Something is wrong with: %(names)s"), N_("The overview says what to do for each.")),
    "name": (N_("It is known: %(address)s"), ""),
    "name_unknown": (N_("The name %(host)s is not known."), N_("Look at the name service (DNS) of this machine, and at the VPN.")),
    "name_silent": (N_("The name service does not answer."), N_("Look at the name service (DNS) of this machine, and at the VPN.")),
    "port": (N_("Port %(port)s is open."), ""),
    "port_refused": (N_("%(address)s refuses port %(port)s."), N_("The machine is reached, and the centre's program does not run there, or a firewall says no.")),
    "port_silent": (N_("No answer within %(seconds)s."), _MEND_LINE),
    "no_way": (N_("There is no way to %(address)s."), _MEND_LINE),
    "no_device": (N_("The interface %(device)s cannot be used."), N_("Look whether it is there, and at sync_device in edge.toml.")),
    "port_broken": (N_("The connection broke at once."), _MEND_LINE),
    "certificate": (N_("It is the centre's own, and lasts %(days)s."), ""),
    "certificate_ends": (N_("It is the centre's own, and ends in %(days)s."), N_("Tell the centre.")),
    "certificate_silent": (N_("No answer within %(seconds)s."), N_("Something on the way lets the connection through and holds what follows: look at the MTU of the VPN, and at the firewall.")),
    "hub_ended": (N_("The centre's certificate has ended."), N_("Look at the clock of this machine first; if it is right, call the centre.")),
    "hub_not_begun": (N_("The centre's certificate does not hold yet."), _SYNC),
    "hub_name": (N_("The certificate is of another name."), N_("Look at sync_url in edge.toml: it must be a name that the centre's certificate has.")),
    "hub_untrusted": (N_("Whoever answers is not the centre."), N_("Somebody stands between, or this is another centre: do not enrol again before the centre says so.")),
    "no_tls": (N_("What answers does not speak TLS."), N_("Look at the port in sync_url, and at what stands between.")),
    "centre": (N_("It answers within %(milliseconds)s, and the clocks agree within %(seconds)s."), ""),
    "centre_slow": (N_("It answers, after %(milliseconds)s: that is slow."), N_("Look at what else uses the line.")),
    "centre_silent": (N_("No answer within %(seconds)s."), N_("The centre is busy or its program hangs: call the centre.")),
    "centre_hung_up": (N_("It hung up without an answer."), N_("It does not admit this gateway, or its program hangs: call the centre.")),
    "centre_fault": (N_("It answers with status %(status)s."), _CALL),
    "not_admitted": (N_("It does not admit this gateway."), N_("Its certificate was withdrawn or has ended: call the centre, and enrol again if they say so.")),
    "clock": (N_("The clocks differ by %(seconds)s."), _SYNC),
    "renewal_away": (N_("It is not reached."), N_("The line goes on without it until the certificate has ended. Tell the centre.")),
    "no_renewal": (N_("None is known: a certificate that has ended means to enrol again."), ""),
}  # fmt: skip
"""By the code of what was found: what it is, and what to do."""

PAGES: Mapping[str, str] = {
    "readers_troubled": "/technician",
    "no_desks": "/technician/access",
    "not_called": "/technician/access",
}
"""By the code of what was found: the page where it is done, if there is one."""
