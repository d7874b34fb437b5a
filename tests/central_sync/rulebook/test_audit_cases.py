"""Every rule that is shipped fires on the claim written for it, and not on the claim beside it that differs in the one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from central_sync.rulebook.strict import plain
from tests.central_sync.benefits.audit.cases import auditor, claim_of, coins, shipped

FOLDER = Path(__file__).parents[2] / "rulebook_cases" / "audit"
CASES = [case for file in sorted(FOLDER.glob("*.yaml")) for case in plain(FOLDER, file.name)]
OPENIMIS = {1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21}
"""The 18 reasons that openIMIS uses; 6, 8 and 18 are commented out there."""


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_the_rule_fires_on_the_claim_written_for_it(case):
    told = case["found"]
    claim = claim_of(told)

    audit = auditor().judge(claim)

    mine = [finding for finding in audit.findings if finding.rule.rule == case["rule"]]
    over = next(rule.over for rule in shipped().rules.values() if rule.rule == case["rule"])
    where = told.get("on", [claim.lines[-1].serial]) if over == "line" else [""]
    assert [finding.serial for finding in mine] == where
    others = {finding.rule.rule for finding in audit.findings} - {case["rule"]}
    assert others <= set(case.get("also", []))
    if "takes" in case:
        assert [finding.takes for finding in mine] == [coins(claim.region, case["takes"])]
    assert audit.open == ()


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_nothing_fires_on_the_claim_that_is_right(case):
    audit = auditor().judge(claim_of(case["clean"]))

    assert [(finding.rule.rule, finding.serial) for finding in audit.findings] == []
    assert audit.deduction == 0


def test_every_rule_has_its_two_claims_and_there_are_sixty_at_least():
    rules = {rule.rule for rule in shipped().rules.values()}

    assert {case["rule"] for case in CASES} == rules
    assert len(CASES) == len(rules) >= 60


def test_every_reason_that_openimis_gives_is_found():
    assert {rule.openimis for rule in shipped().rules.values()} - {0} == OPENIMIS
