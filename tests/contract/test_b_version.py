"""B10, T1: which version of CDS Hooks is implemented."""

import re


def test_B10_every_service_says_which_version_of_cds_hooks_it_implements(services):
    assert services
    for each in services:
        assert re.fullmatch(r"\d+\.\d+\.\d+", each["version"])


def test_T1_the_version_is_that_of_the_specification_not_of_the_service(services):
    assert {each["version"] for each in services} == {"2.0.1"}
    assert all("hookVersion" not in each or each["hookVersion"] == "1.0" for each in services)
