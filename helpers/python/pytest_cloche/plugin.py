"""The fixtures (README.md)."""

import contextlib
import os
import shlex

import pytest

from pytest_cloche import Cloche, ClocheError


def pytest_addoption(parser):
    parser.addini("cloche_arguments", "more arguments of `cloche start`", default="")
    parser.addini("cloche_fixture", "a fixture's folder that is loaded at the start", default="")


@contextlib.contextmanager
def _own_of(server):
    """The server, or where several workers (pytest-xdist) have joined one, a branch of it for this worker: each prepares its own, and what was
    there before is left as it was."""
    if not (os.environ.get("PYTEST_XDIST_WORKER") and os.environ.get("CLOCHE_ENDPOINT")):
        yield server
        return
    # The run's own name: a run that was killed may have left its branches.
    with server.branch(f"{os.environ['PYTEST_XDIST_WORKER']}-{os.environ['PYTEST_XDIST_TESTRUNUID'][:16]}") as own:
        yield own


@pytest.fixture(scope="session")
def cloche(pytestconfig):
    """The server of this session: started, or the one at CLOCHE_ENDPOINT."""
    server = Cloche.start_or_join(*shlex.split(pytestconfig.getini("cloche_arguments")))
    try:
        with _own_of(server) as own:
            if fixture := pytestconfig.getini("cloche_fixture"):
                own.load(pytestconfig.rootpath / fixture)
            yield own
    finally:
        server.stop()


@pytest.fixture(scope="session")
def cloche_prepared(cloche):
    """Override it to prepare the state that every branch begins with."""


@pytest.fixture(scope="session")
def _cloche_port():
    """One port for one branch after the other, so that clients can be kept; 0 before the first."""
    return [0]


@pytest.fixture
def cloche_branch(cloche, cloche_prepared, _cloche_port):
    """A branch of the prepared state, for this test alone."""
    try:
        branch = cloche.branch(port=_cloche_port[0])
    except ClocheError:
        branch = cloche.branch()  # Somebody took the port between two tests.
    _cloche_port[0] = branch.port
    yield branch
    branch.remove()


@pytest.fixture
def cloche_clock(cloche_branch):
    """The clock of this test's branch, which stands still."""
    cloche_branch.clock.freeze()
    return cloche_branch.clock


@pytest.fixture
def cloche_client(cloche_branch):
    return cloche_branch.client


@pytest.fixture
def cloche_resource(cloche_branch):
    return cloche_branch.resource
