"""The shim natively against a stranger at the edge's address: what it sends, what it believes, and what it does with the caller's memory."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from installers.shim import build
from tests.installers.shim import library
from tests.installers.shim.stranger import Stranger, ok
from tests.patience import HUNG_S
from tests.tidy import tree

FUNCTIONS = ("INIT", "BUSINESS_HANDLE", "CONFIRM", "REVERSE", "QUERY", "UNCERTAIN", "CLOSE")
ME = {"institution": "H001", "operator": "op-17", "workstation": "desk-1"}
CALL = json.dumps({"context": ME, "number": "1101", "msgid": "m-1", "packet": {}, "deadline_ms": 20_000})
SOON = CALL.replace("20000", "1000")
INIT = json.dumps({**ME, "workstation_key": "k"})
GOOD = b'{"return_code":0,"outcome":"final","answer":{"name":"\xe7\x8e\x8b \xda\xa9"}}'


@pytest.fixture
def shim() -> Iterator[library.Library]:
    """The library with its usual settings, and a short patience."""
    loaded = library.Library()
    usual = {"charset": "utf-8", "language": "", "connect_ms": "2000", "grace_ms": "300", "certificate": ""}
    for name, value in usual.items():
        assert loaded.option(name, value) == 0
    yield loaded
    for name, value in usual.items():
        loaded.option(name, value)


def _code(said: library.Said) -> str:
    return json.loads(said.text)["error"]["code"]


# -- what is sent -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "path"),
    zip(FUNCTIONS, ("init", "handle", "confirm", "reverse", "query", "uncertain", "close"), strict=True),
)
def test_each_function_posts_the_callers_json_as_it_is_and_gives_the_answers_bytes(
    shim: library.Library, function: str, path: str
) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        said = shim.call(function, CALL)
    assert (said.code, said.text, said.size) == (0, GOOD, len(GOOD) + 1)
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /embed/v1/{path} HTTP/1.1\r\n".encode())
    assert body == CALL.encode()


def test_the_token_of_init_goes_with_every_later_call_of_that_desk_and_operator_alone(shim: library.Library) -> None:
    answers = [b'{"return_code":0,"token":"tok-%d"}' % number for number in range(9)]
    with Stranger(lambda number: [ok(answers[number])]) as server:
        shim.option("address", server.url)
        shim.call("INIT", INIT)
        shim.call("QUERY", CALL)
        other = json.dumps({"context": {**ME, "operator": "op-18"}})
        shim.call("QUERY", other)
        shim.call("QUERY", json.dumps({"context": ME, "token": "mine"}))  # it keeps its tokens itself
        shim.call("CLOSE", CALL)
        shim.call("QUERY", CALL)
    sent = [b"Bearer tok-1" in request for request in server.asked]
    assert sent == [False, True, False, False, True, False]
    assert not any(b"Bearer" in server.asked[at] for at in (0, 2, 3, 5))


def test_a_token_with_a_line_end_becomes_no_header(shim: library.Library) -> None:
    with Stranger(lambda _: [ok(b'{"return_code":0,"token":"a\\r\\nX-More: yes"}')]) as server:
        shim.option("address", server.url)
        shim.call("INIT", INIT)
        shim.call("QUERY", CALL)
    assert b"X-More" not in server.asked[1]
    assert b"Bearer" not in server.asked[1]


def test_calls_share_a_connection_and_a_request_leaves_in_one_piece(shim: library.Library) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        for _ in range(100):
            assert shim.call("QUERY", CALL).code == 0
    assert server.connections == 1
    assert server.pieces == [1] * 100, "a second piece waits for the acknowledgement of the first, 44 ms"


def test_thirty_threads_get_each_its_own_answer(shim: library.Library) -> None:
    with Stranger(lambda number: [0.002, ok(server.asked[number - 1].partition(b"\r\n\r\n")[2])]) as server:
        shim.option("address", server.url)

        def work(number: int) -> None:
            for turn in range(20):
                mine = {"return_code": 0, "who": f"{number}-{turn}", "text": "文" * 50, "deadline_ms": 20_000}
                said = shim.call("QUERY", json.dumps(mine, ensure_ascii=False))
                assert json.loads(said.text) == mine

        library.Together(30).run(work)
    assert server.connections <= 600


# -- what it makes of answers -------------------------------------------------------------------------------------------


def test_an_answer_may_come_byte_by_byte_in_chunks_and_after_a_continue(shim: library.Library) -> None:
    half = len(GOOD) // 2
    chunks = (
        b"".join(b"%X;x=1\r\n%b\r\n" % (len(part), part) for part in (GOOD[:half], GOOD[half:])) + b"0\r\nT: 1\r\n\r\n"
    )
    whole = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with Stranger(lambda _: [whole[at : at + 1] for at in range(len(whole))]) as server:
        shim.option("address", server.url)
        assert [shim.call("QUERY", CALL).text for _ in range(2)] == [GOOD, GOOD]


STRANGE = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + GOOD,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n{}\n",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length beyond all": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    "a chunk beyond all": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
    "a chunk of no digits": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "bare line ends": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "a folded header": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: aaaaaaaaaa\r\n" * 20_000,
    "endless continues": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "a zero in a header": b"HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\n{}",
    "no JSON": ok(b"<html>Please sign in</html>"),
    "no return code": ok(b'{"ok":true}'),
    "another return code": ok(b'{"return_code":7}'),
    "a return code in words": ok(b'{"return_code":"0"}'),
    "a return code of another object": ok(b'{"a":{"return_code":0}}'),
    "a return code after damage": ok(b'{"a":]},"return_code":0}'),
    "nothing": ok(b""),
}  # fmt: skip


@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_answer_of_an_edge_leaves_the_outcome_unknown(shim: library.Library, what: str) -> None:
    with Stranger(lambda _: [STRANGE[what], b""]) as server:
        shim.option("address", server.url)
        said = shim.call("BUSINESS_HANDLE", CALL)
    assert (said.code, _code(said)) == (-1, "answer_invalid")
    assert json.loads(said.text)["outcome"] == "in_doubt"


def test_a_caller_waits_for_its_deadline_and_a_little_more_and_no_longer(shim: library.Library) -> None:
    with Stranger(lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x", 0.2] * 200]) as server:
        shim.option("address", server.url)
        started = time.monotonic()
        said = shim.call("QUERY", SOON)
        taken = time.monotonic() - started
    assert (said.code, _code(said)) == (-1, "edge_silent")
    assert 1.0 <= taken < HUNG_S


def test_where_nobody_listens_nothing_was_sent_and_the_call_is_refused(shim: library.Library) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        shim.option("address", f"http://127.0.0.1:{probe.getsockname()[1]}")
        said = shim.call("BUSINESS_HANDLE", CALL)
    assert (said.code, _code(said)) == (-2, "edge_unreachable")


def test_a_kept_connection_that_has_ended_is_not_noticed_by_the_caller(shim: library.Library) -> None:
    with Stranger(lambda _: [ok(GOOD), b""] if len(server.asked) % 2 else [ok(GOOD, b"Connection: close")]) as server:
        shim.option("address", server.url)
        assert [shim.call("QUERY", CALL).code for _ in range(6)] == [0] * 6


def test_a_call_that_broke_unheard_is_sent_once_more_but_never_close(shim: library.Library) -> None:
    # the server takes each second request of a connection and hangs up: only the request itself can find that out
    with Stranger(lambda number: [ok(GOOD)] if number != 2 else []) as server:
        shim.option("address", server.url)
        assert [shim.call("QUERY", CALL).code for _ in range(2)] == [0, 0]
        assert len(server.asked) == 3
    with Stranger(lambda _: []) as server:
        shim.option("address", server.url)
        assert (shim.call("CLOSE", CALL).code, len(server.asked)) == (-1, 1)
        assert (shim.call("QUERY", CALL).code, len(server.asked)) == (-1, 2)


def test_an_answer_too_many_is_not_taken_for_the_next_calls(shim: library.Library) -> None:
    late = ok(b'{"return_code":-2}')
    with Stranger(lambda number: [ok(GOOD) + late] if number == 1 else [ok(GOOD), 0.01, late, 0.05]) as server:
        shim.option("address", server.url)
        for _ in range(3):
            assert shim.call("QUERY", CALL).text == GOOD
            time.sleep(0.03)


# -- the caller's memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 1, len(GOOD), len(GOOD) + 1])
def test_what_does_not_fit_is_told_with_its_size_and_kept_whole(shim: library.Library, room: int) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        said = shim.call("BUSINESS_HANDLE", CALL, room)
        assert said.size == len(GOOD) + 1
        if room > len(GOOD):
            assert (said.code, said.text) == (0, GOOD)
            return
        assert (said.code, said.text) == (-3, b"")
        small = shim.answer(len(GOOD))
        assert (small.code, small.text, small.size) == (-3, b"", len(GOOD) + 1)
        assert shim.answer(said.size) == library.Said(0, GOOD, len(GOOD) + 1)
        assert shim.answer().code == -4, "it is given once"
        assert len(server.asked) == 1, "the call itself was not repeated"


def test_an_answer_is_kept_for_its_thread_and_with_its_own_return_code(shim: library.Library) -> None:
    refused = b'{"return_code":-2}'
    with Stranger(lambda _: [ok(refused)]) as server:
        shim.option("address", server.url)
        assert shim.call("QUERY", CALL, 2).code == -3

        def work(_: int) -> None:
            assert shim.answer().code == -4

        library.Together(1).run(work)
        assert shim.answer() == library.Said(-2, refused, len(refused) + 1)


def test_a_missing_pointer_or_a_negative_size_is_told_and_touches_nothing(shim: library.Library) -> None:
    size = library.ctypes.c_int(-1)
    assert shim.raw("QUERY", None, None, library.ctypes.byref(size)) == -4
    assert shim.raw("QUERY", b"{}", None, None) == -4
    assert shim.raw("QUERY", b"{}", None, library.ctypes.byref(size)) == -4
    assert shim.raw("EVENT", b"{}", None, None) == -4
    assert shim.raw("ANSWER", None, None) == -4
    assert shim.raw("OPTION", None, b"x") == -4


# -- character sets -----------------------------------------------------------------------------------------------------


def test_gbk_goes_in_and_out_and_what_it_lacks_is_written_as_json_does(shim: library.Library) -> None:
    name = "王小明 ، 𠮷 € ·—"
    answer = json.dumps({"return_code": 0, "name": name + "کاظم"}, ensure_ascii=False).encode()
    with Stranger(lambda _: [ok(answer)]) as server:
        shim.option("address", server.url)
        shim.option("charset", "gbk")
        said = shim.call("QUERY", '{"name":"王小明\u3000\\u0041"}'.encode("gbk") + b"\x80")
    assert server.asked[0].endswith('{"name":"王小明\u3000\\u0041"}€'.encode())
    assert json.loads(said.text.decode("gbk")) == json.loads(answer)
    assert "王小明".encode("gbk") in said.text
    assert b"\\ud842\\udfb7" in said.text
    assert said.size == len(said.text) + 1


def test_every_character_of_gbk_comes_back_as_it_went(shim: library.Library) -> None:
    every = "".join(
        found for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF) if len(found := bytes([lead, trail]).decode("gbk", "ignore")) == 1 and ord(found) > 127
    )  # fmt: skip
    text = json.dumps({"return_code": 0, "all": every}, ensure_ascii=False)
    with Stranger(lambda _: [ok(server.asked[-1].partition(b"\r\n\r\n")[2])]) as server:
        shim.option("address", server.url)
        shim.option("charset", "gbk")
        said = shim.call("QUERY", text.encode("gbk"), 1 << 17)
    assert len(every) > 21_000
    assert server.asked[0].endswith(text.encode())
    assert said.text == text.encode("gbk")


def test_ascii_serves_programs_of_any_code_page(shim: library.Library) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        shim.option("charset", "ascii")
        said = shim.call("QUERY", CALL)
        assert said.text.isascii()
        assert json.loads(said.text) == json.loads(GOOD)
        refused = shim.call("QUERY", '{"name":"کاظم"}')
    assert (refused.code, _code(refused), len(server.asked)) == (-2, "text_invalid", 1)


@pytest.mark.parametrize("damaged", [b'{"a":"\x81"', b"\x81", b"\xff\x41", b"\x81\x7f"])
def test_what_is_no_gbk_is_refused_before_anything_is_sent(shim: library.Library, damaged: bytes) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        shim.option("charset", "gbk")
        assert _code(shim.call("QUERY", damaged)) == "text_invalid"
    assert not server.asked


# -- addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["", "edge", "ftp://edge", "http://", "http://a b", "http://user@edge", "http://edge/path", "http://edge:0", "http://edge:99999",
     "http://[::1", "https://edge:", "http://edge\r\nX: y", "http://" + "a" * 300],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_changes_nothing(shim: library.Library, address: str) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        assert shim.option("address", address) == -2
        assert shim.call("QUERY", CALL).code == 0


def test_plain_http_goes_to_this_machine_alone(shim: library.Library) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listening:
        port = listening.getsockname()[1]
        name = next(
            (found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "127.0.0.1"
        )
        outside = name if not name.startswith("127.") else "192.0.2.1"
        shim.option("address", f"http://{outside}:{port}")
        said = shim.call("QUERY", CALL)
        listening.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listening.accept()
    assert (said.code, _code(said)) == (-2, "address_not_secure")


@pytest.mark.parametrize(("name", "value"), [("charset", "latin1"), ("language", "de"), ("grace_ms", "-1"), ("connect_ms", "0"), ("grace_ms", "1e3"), ("color", "red"), ("certificate", "x" * 2000)])  # fmt: skip
def test_an_option_that_cannot_be_is_refused(shim: library.Library, name: str, value: str) -> None:
    assert shim.option(name, value) == -2


@pytest.mark.parametrize("language", ["en", "fa", "zh"])
def test_a_fault_of_the_shim_reads_like_a_refusal_of_the_edge_in_the_callers_language(
    shim: library.Library, language: str
) -> None:
    shim.option("address", "http://127.0.0.1:1")
    shim.option("language", language)
    told = json.loads(shim.call("QUERY", CALL).text)
    assert set(told) == {"return_code", "outcome", "msgid", "number", "answer", "confirmation", "ticket", "error"}
    assert set(told["error"]) == {"code", "desk", "technician", "detail", "fault", "again"}
    assert told["error"]["desk"].isascii() == (language == "en")


def test_a_child_of_fork_does_not_speak_on_its_parents_connection(shim: library.Library) -> None:
    with Stranger(lambda _: [ok(GOOD)]) as server:
        shim.option("address", server.url)
        shim.call("QUERY", CALL)
        child = os.fork()
        if not child:
            os._exit(0 if shim.call("QUERY", CALL).code == 0 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert shim.call("QUERY", CALL).code == 0
    assert server.connections == 2


# -- the page and the build ---------------------------------------------------------------------------------------------


def test_the_page_lists_every_function_option_and_fault() -> None:
    page = tree.text(Path("docs/c-shim.md"))
    source = tree.text(Path("installers/shim/faults.c"))
    exported = [line.strip() for line in tree.text(Path("installers/shim/pishkhan.def")).splitlines()[1:]]
    rows = library.re_faults(source)
    assert len(rows) >= 8
    assert not [code for code, number in rows if f"| `{code}` | {number} |" not in page]
    assert not [
        name
        for name in exported
        if f"`{name}`" not in page or f"int PISHKHAN_CALL {name}(" not in tree.text(Path("installers/shim/pishkhan.h"))
    ]
    assert not [
        name
        for name in ("address", "certificate", "charset", "language", "connect_ms", "grace_ms")
        if f"| `{name}` |" not in page
    ]


def test_the_library_exports_its_functions_alone() -> None:
    told = library.exported(library.built("libpishkhan.so"))
    assert told == {*FUNCTIONS, "EVENT", "ANSWER", "OPTION"}


def test_a_machine_without_a_compiler_is_told_which_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda _: None)
    assert build.main([str(tmp_path)]) == 1
    assert "mingw" in capsys.readouterr().err
