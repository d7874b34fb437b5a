"""Tokens and form keys."""

from __future__ import annotations

from central_sync.pages import forms


def test_no_two_tokens_are_alike_and_a_digest_is_not_the_token() -> None:
    tokens = {forms.new_token() for _ in range(100)} | {forms.new_form_key() for _ in range(100)}
    assert len(tokens) == 200
    token = tokens.pop()
    assert token.encode() not in forms.digest(token)
    assert forms.digest(token) == forms.digest(token) != forms.digest(token + "x")


def test_only_the_same_is_the_same_whatever_is_given() -> None:
    assert forms.same("key", "key")
    assert not forms.same("key", "kez")
    assert not forms.same("key", "")
    assert not forms.same("key", "\ud800\u0661")
    assert len(forms.digest("\ud800")) == 32
