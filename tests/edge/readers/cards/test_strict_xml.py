"""XML that nobody has vouched for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers.cards.conversation import CardFault
from edge.readers.cards.strict_xml import DEPTH_MAX, ELEMENTS_MAX, TEXT_CHARACTERS_MAX, XML_BYTES_MAX, parsed

LATIN9 = "iso-8859-15"
HEAD = '<?xml version="1.0" encoding="ISO-8859-15" standalone="yes"?>'


def test_texts_are_found_by_their_path_whatever_their_namespace() -> None:
    text = f'{HEAD}<v:Root xmlns:v="urn:a" V="1"><v:A><b xmlns="urn:b"> x &lt;&#8364;&gt; </b><v:C/></v:A></v:Root>'
    document = parsed(text.encode(LATIN9), LATIN9)
    assert (document.root, document.text("A/b"), document.text("A/C"), document.text("A/D")) == (
        "Root",
        "x <€>",
        "",
        "",
    )
    assert document.has("A/C")
    assert not document.has("A/D")


@pytest.mark.parametrize(
    ("declared", "used", "text"),
    [
        ("ISO-8859-15", LATIN9, "Œuvré 5€ Šž"),
        ("iso-8859-1", "latin-1", "Ñandú"),
        ("UTF-8", "utf-8", "Łukasz"),
        ("", LATIN9, "5€"),
    ],
)
def test_the_declared_encoding_is_honoured_and_without_one_the_card_kind_says_it(
    declared: str, used: str, text: str
) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    assert parsed(f"{head}<R><N>{text}</N></R>".encode(used), LATIN9).text("N") == text


@pytest.mark.parametrize("declared", ["UTF-7", "UTF-16", "EBCDIC-CP-US", "rot13", "ISO-2022-JP", "zlib", "idna"])
def test_an_encoding_that_cards_do_not_use_is_refused(declared: str) -> None:
    with pytest.raises(CardFault, match="encoding"):
        parsed(f'<?xml version="1.0" encoding="{declared}"?><R/>'.encode(), LATIN9)


def test_text_that_is_not_in_its_declared_encoding_is_refused_and_never_quoted() -> None:
    with pytest.raises(CardFault, match="encoding") as caught:
        parsed('<?xml version="1.0" encoding="UTF-8"?><R><N>Müller</N></R>'.encode(LATIN9), LATIN9)
    assert "ller" not in repr(caught.value)
    assert caught.value.__cause__ is None


BOMB = '<!DOCTYPE R [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><R><N>&b;</N></R>'


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE R><R/>",
        '<!DOCTYPE R SYSTEM "file:///etc/passwd"><R/>',
        '<!DOCTYPE R SYSTEM "http://127.0.0.1:1/x.dtd"><R/>',
        '<!DOCTYPE R [<!ENTITY x SYSTEM "file:///etc/passwd">]><R><N>&x;</N></R>',
        '<!DOCTYPE R [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><R/>',
        BOMB,
    ],
)
def test_a_document_type_is_refused_before_anything_in_it_is_looked_at(text: str) -> None:
    with pytest.raises(CardFault, match="document type"):
        parsed(f"{HEAD}{text}".encode(), LATIN9)


@pytest.mark.parametrize(
    "text", ["", " ", "<R>", "<R></S>", "<R>&x;</R>", "<R/><R/>", "<R a='1' a='2'/>", "<R>\x01</R>", "R", "<R>]]></R>"]
)
def test_what_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(CardFault, match="not well formed"):
        parsed(text.encode(), LATIN9)


def test_an_element_that_comes_twice_is_no_answer() -> None:
    document = parsed(b"<R><N>Anna</N><N>Berta</N></R>", LATIN9)
    with pytest.raises(CardFault, match="several times") as caught:
        document.text("N")
    assert "Anna" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "<R>" + "<a>" * DEPTH_MAX + "</a>" * DEPTH_MAX + "</R>",
        "<R>" + "<a/>" * ELEMENTS_MAX + "</R>",
        f"<R><N>{'n' * (TEXT_CHARACTERS_MAX + 1)}</N></R>",
        f"<R><N>{'&#110;' * (TEXT_CHARACTERS_MAX + 1)}</N></R>",
        f"<R><!--{'-' * 0}{'n' * XML_BYTES_MAX}--></R>",
    ],
)
def test_each_limit_holds(text: str) -> None:
    with pytest.raises(CardFault):
        parsed(text.encode(), LATIN9)


def test_up_to_its_limits_a_document_is_read() -> None:
    deep = "<a>" * (DEPTH_MAX - 1) + "</a>" * (DEPTH_MAX - 1)
    assert parsed(f"<R>{deep}<N>{'n' * TEXT_CHARACTERS_MAX}</N></R>".encode(), LATIN9).text("N")


PIECES = st.sampled_from(
    [
        "<R>",
        "</R>",
        "<a>",
        "</a>",
        "<a b='c'/>",
        "&lt;",
        "&x;",
        "<!DOCTYPE R",
        "[",
        "]>",
        "<![CDATA[",
        "]]>",
        "<?p?>",
        "é€",
        HEAD,
    ]
)


@given(
    st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=20).map(lambda parts: "".join(parts).encode(LATIN9)))
)
def test_no_bytes_bring_it_down(data: bytes) -> None:
    try:
        parsed(data, LATIN9)
    except CardFault as fault:
        assert fault.__cause__ is None  # noqa: PT017 -- a document that is well formed raises nothing
