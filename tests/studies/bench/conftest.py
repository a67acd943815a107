"""A store of one's own for every test."""

import pytest
from tests.studies.bench.made import opened


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as found:
        yield found
