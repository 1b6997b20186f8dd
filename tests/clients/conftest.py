"""Clients are asked with their signatures checked: whatever they sign, and however, has to be right."""

import os

import pytest

import support

os.environ["CLOCHE_CREDENTIALS"] = "test:test,testtest:testtest"  # MinIO's tools take no secret of less than eight letters.


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    if given := os.environ.get("CLOCHE_ENDPOINT"):
        yield given
        return
    server = support.Cloche(tmp_path_factory.mktemp("clients") / "data", "--auth", "verify").start()
    yield server.endpoint
    assert server.stop() == 0, "".join(server.output)
    status, report = server.doctor()
    assert status == 0, report
