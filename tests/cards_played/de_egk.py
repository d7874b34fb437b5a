"""A German health card (eGK) as tests play it: the master file with EF.GDO, and the folder HCA with StatusVD, PD and VD.

The person is invented; the XML is laid out as the schema VSD 5.2 (or 5.1, on cards of generation 1) lays it out, packed with gzip.
"""

from __future__ import annotations

import gzip

from tests.cards_played.folders import Folder, FolderCard

ATRS = {
    "G1": bytes.fromhex("3BDD97FF81B1FE451F03006404050A02739621D0009000CB"),
    "G2": bytes.fromhex("3BD396FF81B1FE451F078081052D"),
    "G2.1 contactless": bytes.fromhex("3B858001300101301014"),
}
NAMESPACES = {
    "G1": "http://ws.gematik.de/fa/vsds/{root}/v5.1",
    "G2": "http://ws.gematik.de/fa/vsdm/vsd/v5.2",
    "G2.1 contactless": "http://ws.gematik.de/fa/vsdm/vsd/v5.2",
}
HEAD = '<?xml version="1.0" encoding="ISO-8859-15" standalone="yes"?>\n'
ICCSN = "80276001011699990001"

PERSON = """<Versicherter>
 <Versicherten_ID>A123456780</Versicherten_ID>
 <Person>
  <Geburtsdatum>19640812</Geburtsdatum><Vorname>Jörg Ælfric</Vorname><Nachname>Muster-Straßmann</Nachname>
  <Geschlecht>M</Geschlecht><Vorsatzwort>von der</Vorsatzwort><Namenszusatz>Graf</Namenszusatz><Titel>Dr.</Titel>
  <PostfachAdresse><Postleitzahl>10001</Postleitzahl><Ort>Berlin</Ort><Postfach>1234</Postfach>
   <Land><Wohnsitzlaendercode>D</Wohnsitzlaendercode></Land></PostfachAdresse>
  <StrassenAdresse><Postleitzahl>10117</Postleitzahl><Ort>Berlin</Ort><Land><Wohnsitzlaendercode>D</Wohnsitzlaendercode></Land>
   <Strasse>Friedrichstraße</Strasse><Hausnummer>136 a</Hausnummer><Anschriftenzusatz>Hinterhof</Anschriftenzusatz></StrassenAdresse>
 </Person>
</Versicherter>"""
INSURANCE = """<Versicherter>
 <Versicherungsschutz>
  <Beginn>20190401</Beginn><Ende>20291231</Ende>
  <Kostentraeger><Kostentraegerkennung>104212059</Kostentraegerkennung><Kostentraegerlaendercode>D</Kostentraegerlaendercode>
   <Name>Musterkasse Süd</Name>
   <AbrechnenderKostentraeger><Kostentraegerkennung>999999999</Kostentraegerkennung>
    <Kostentraegerlaendercode>D</Kostentraegerlaendercode><Name>Andere Kasse</Name></AbrechnenderKostentraeger></Kostentraeger>
 </Versicherungsschutz>
 <Zusatzinfos><ZusatzinfosGKV><Versichertenart>3</Versichertenart>
  <Zusatzinfos_Abrechnung_GKV><WOP>72</WOP></Zusatzinfos_Abrechnung_GKV></ZusatzinfosGKV></Zusatzinfos>
</Versicherter>"""


def document(root: str, inner: str, generation: str = "G2", encoding: str = "iso-8859-15", head: str = HEAD) -> bytes:
    """The XML of one container."""
    namespace = NAMESPACES[generation].format(root=root)
    return f'{head}<{root} xmlns="{namespace}" CDM_VERSION="5.2.0">{inner}</{root}>'.encode(encoding)


def person(inner: str = PERSON, generation: str = "G2") -> bytes:
    """The personal data's XML."""
    return document("UC_PersoenlicheVersichertendatenXML", inner, generation)


def insurance(inner: str = INSURANCE, generation: str = "G2") -> bytes:
    """The insurance data's XML."""
    return document("UC_AllgemeineVersicherungsdatenXML", inner, generation)


def pd_file(packed: bytes, size: int = 850) -> bytes:
    """EF.PD: the length in two bytes, the data, and zeros up to the file's size."""
    return (len(packed).to_bytes(2) + packed).ljust(size, b"\0")


def vd_file(packed: bytes | None, size: int = 1250, start: int = 8) -> bytes:
    """EF.VD: four offsets in two bytes each (first and last byte of VD, and of GVD, which is absent here), the data, zeros."""
    offsets = b"\xff" * 4 if packed is None else start.to_bytes(2) + (start + len(packed) - 1).to_bytes(2)
    return ((offsets + b"\xff" * 4).ljust(start, b"\0") + (packed or b"")).ljust(size, b"\0")


class EgkCard(FolderCard):
    """The card. ``pd`` and ``vd`` are the contents of the two files; without ``vd`` the card has no such file."""

    def __init__(
        self,
        generation: str = "G2",
        pd: bytes | None = None,
        vd: bytes | None = None,
        status: bytes = b"0" + b"20260301120000" + bytes.fromhex("0005002000"),
    ) -> None:
        self.atr = ATRS[generation]
        pd = pd_file(gzip.compress(person(generation=generation))) if pd is None else pd
        vd = vd_file(gzip.compress(insurance(generation=generation))) if vd is None else vd
        self.hca = Folder({0xD001: pd, 0xD002: vd, 0xD00C: status}, {1: 0xD001, 2: 0xD002, 12: 0xD00C})
        gdo = bytes.fromhex("5A0A" + ICCSN)
        self.root = Folder({0x2F02: gdo, 0x2F10: [bytes.fromhex("0400000000")]}, {2: 0x2F02, 16: 0x2F10})
        super().__init__(self.root, {"D2760001448000": self.root, "D27600000102": self.hca})
