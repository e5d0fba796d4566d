"""The attacks on the logins assert as tests do."""

import pytest

pytest.register_assert_rewrite("logins.attacks", "logins.sites")
