"""For all tests: a property holds however slow the machine is just now, so nothing here has a deadline."""

from hypothesis import settings

settings.register_profile("postroom", deadline=None)
settings.load_profile("postroom")
