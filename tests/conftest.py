"""For all tests: a property holds however slow the machine is just now, so nothing here has a deadline.

A run of the tests tries the same examples each time; `make soak` seeks new ones.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests.support.scratch import in_memory
from tests.support.spread import ByPlace, longest_first, second_try

settings.register_profile("postroom", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("postroom")
in_memory()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace:
    return ByPlace(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)
    second_try(items)
