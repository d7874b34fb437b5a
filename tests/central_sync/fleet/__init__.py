"""Tests of the fleet: the authority, enrolment, leases."""
