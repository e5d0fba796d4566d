import re

from autocall_otp import __version__, _version


def test_the_version_is_one_that_semantic_versioning_knows() -> None:
    assert __version__ == _version.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)
