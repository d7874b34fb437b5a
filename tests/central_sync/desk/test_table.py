"""Which service decides which transaction."""

import inspect
import typing

import pytest

from central_sync.desk.table import SERVICES
from central_sync.wire.catalogue import BY_NUMBER


@pytest.mark.parametrize("number", list(SERVICES))
def test_each_service_takes_the_request_that_the_catalogue_names(number):
    service = SERVICES[number]
    _, request = inspect.signature(service).parameters
    assert typing.get_type_hints(service)[request] is BY_NUMBER[number].request
