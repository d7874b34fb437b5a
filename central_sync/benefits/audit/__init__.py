"""The audit: what a reviewer would take off a bill, found by rules that are data, before or after the bill is sent.

PURE and shared by edge and hub. A :class:`~central_sync.benefits.audit.claim.Claim` becomes facts (``case_facts``, ``line_facts``: everything
that needs counting, joining or the tariff), the facts meet the decision tables (``auditor``), and what fires becomes findings.

Rules
    * A fact is ``None`` when it is not known or there is nothing to say; a condition on it then does not hold. So no rule fires for want of
      knowledge; what could not be judged is told apart (``Audit.open``).
    * A finding names rule, date of the rule's wording, source, line and what it would take off.
    * Nothing here changes a claim, an accumulator or anything else.
"""
