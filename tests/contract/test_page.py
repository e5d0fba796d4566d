"""The page's facts and openapi.yaml say the same; what the contract adds is marked, described and consistent."""

import pytest
from support.agree import CHECKS, settle
from support.agree.records import sample_keeps_the_rules
from support.agree.verdict import PAGE, same
from support.page import SPEC, payload


@pytest.mark.parametrize("check", CHECKS)
def test_openapi_yaml_agrees_with_the_facts(check: str) -> None:
    settle(CHECKS[check](SPEC))


def test_what_the_page_echoes_is_its_request() -> None:
    said = (payload("run_otp.request"), payload("get_cdr.answer")["additional"])
    same((PAGE, PAGE), "the request and its echo in the record", said, "copy both from the page again")


def test_the_rules_of_the_records_are_those_of_the_page_s_sample() -> None:
    advice = "copy the sample from the page again, or correct the rules in tests/support/agree/records.py"
    same((PAGE, "the rules of the records"), "the sample record", ([], sample_keeps_the_rules()), advice)
