"""What errors say, and do not say."""

from central_sync.errors import HubError, MemberFileInvalid, StoreBusy, StoreError


def test_a_bad_member_file_names_its_first_lines_and_keeps_all():
    error = MemberFileInvalid([(n, "$.number") for n in range(1, 50)])
    assert "line 5: $.number" in str(error)
    assert "line 6" not in str(error)
    assert len(error.lines) == 49


def test_busy_is_a_store_error_and_all_are_the_hubs():
    assert issubclass(StoreBusy, StoreError)
    assert issubclass(StoreError, HubError)
