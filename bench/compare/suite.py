#!/usr/bin/env python3
"""What it costs a test to begin with a prepared state: a generated pytest suite whose every test changes a table of 10,000 items.

    bench/compare/suite                              on branches of a Cloche (helpers/python), 200 tests
    bench/compare/suite --peers rustack,moto         side by side with reset-and-reload on peers

The overhead is what pytest counts as setup and teardown of a test, the first one left out, which prepares the session. A peer is reset by
deleting the table, and reloaded by BatchWriteItem, 25 items at a time."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import peers
from running import Running

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Shared by both suites: what they prepare, and what a test does.
COMMON = '''
ITEMS = {items}
TABLE = dict(TableName="things", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{{"AttributeName": "p", "AttributeType": "S"}}, {{"AttributeName": "s", "AttributeType": "N"}}],
             KeySchema=[{{"AttributeName": "p", "KeyType": "HASH"}}, {{"AttributeName": "s", "KeyType": "RANGE"}}])


def fill(client):
    client.create_table(**TABLE)
    for first in range(0, ITEMS, 25):
        client.batch_write_item(RequestItems={{"things": [{{"PutRequest": {{"Item": {{"p": {{"S": f"p{{i % 100}}"}}, "s": {{"N": str(i)}}, "data": {{"S": "x" * 200}}}}}}}}
                                                        for i in range(first, min(first + 25, ITEMS))]}})
'''
CONFTEST = {
    "cloche": COMMON + '''
import pytest


@pytest.fixture(scope="session")
def cloche_prepared(cloche):
    fill(cloche.client("dynamodb"))


@pytest.fixture
def client(cloche_branch):
    return cloche_branch.client("dynamodb")
''',
    "peer": COMMON + '''
import boto3
import pytest


@pytest.fixture(scope="session")
def connected():
    client = boto3.client("dynamodb", endpoint_url="{endpoint}", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    return client


@pytest.fixture
def client(connected):
    fill(connected)
    yield connected
    connected.delete_table(TableName="things")
''',
}
# Tests would not agree if one saw another's changes.
TEST = '''

def test_{number}(client):
    key = {{"p": {{"S": "p{partition}"}}, "s": {{"N": "{number}"}}}}
    assert client.get_item(TableName="things", Key=key)["Item"]["data"]["S"] == "x" * 200
    client.put_item(TableName="things", Item={{**key, "data": {{"S": "changed"}}}})
    client.delete_item(TableName="things", Key={{"p": {{"S": "p0"}}, "s": {{"N": "0"}}}})
    page = client.query(TableName="things", KeyConditionExpression="p = :p", ExpressionAttributeValues={{":p": {{"S": "p0"}}}})
    assert page["Count"] == {in_partition}
'''
TIMES = '''
import json


class Times:
    """Seconds of each test's setup, call and teardown, in the order of the suite."""

    def __init__(self):
        self.of = {}

    def pytest_runtest_logreport(self, report):
        self.of.setdefault(report.nodeid, {})[report.when] = report.duration

    def pytest_sessionfinish(self):
        with open("times.json", "w") as file:
            json.dump(list(self.of.values()), file)


def pytest_configure(config):
    config.pluginmanager.register(Times())
'''


def write_suite(folder, kind, tests, items, endpoint=""):
    in_partition = len(range(0, items, 100)) - 1
    (folder / "conftest.py").write_text(CONFTEST[kind].format(items=items, endpoint=endpoint) + TIMES)
    (folder / "test_generated.py").write_text("".join(TEST.format(number=number, partition=number % 100, in_partition=in_partition) for number in range(1, tests + 1)))


def run_suite(folder, *arguments, **environment):
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, "."], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        sys.exit(done.stdout[-3000:] + done.stderr)
    return json.loads((folder / "times.json").read_text()), time.monotonic() - began


def report(name, times, whole):
    overhead = sorted(1000 * (one["setup"] + one["teardown"]) for one in times[1:])
    bodies = [1000 * one["call"] for one in times]
    print(f"{name:<28} {len(times):>5} {statistics.median(overhead):>10.1f} {statistics.fmean(overhead):>10.1f} {overhead[int(len(overhead) * 0.95)]:>10.1f} {statistics.median(bodies):>10.1f} {whole:>10.1f}")


def on_branches(tests, items):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_suite(folder, "cloche", tests, items)
        environment = {name: value for name, value in os.environ.items() if name == "CLOCHE_BINARY"} or {"CLOCHE_BINARY": str(ROOT / "build" / "cloche")}
        report("cloche, a branch a test", *run_suite(folder, "-p", "pytest_cloche.plugin", PYTHONPATH=str(ROOT / "helpers" / "python"), **environment))


def on_peer(name, tests, items):
    peer = peers.ALL[name]
    if problem := peer.install():
        print(f"{name}: left out: {problem}")
        return
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as folder:
        running = Running(peer, pathlib.Path(directory))
        try:
            write_suite(pathlib.Path(folder), "peer", tests, items, running.endpoint)
            report(f"{name}, reset and reload", *run_suite(pathlib.Path(folder)))
        finally:
            running.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--peers", default="", help="some of " + ",".join(peers.ALL))
    parser.add_argument("--peer-tests", type=int, default=20, help="fewer, since each reloads everything")
    wish = parser.parse_args()
    print(f"{wish.items} items; milliseconds of setup and teardown a test\n")
    print(f"{'':<28} {'tests':>5} {'median':>10} {'mean':>10} {'95 %':>10} {'its body':>10} {'all, s':>10}")
    on_branches(wish.tests, wish.items)
    for peer in filter(None, wish.peers.split(",")):
        on_peer(peer, wish.peer_tests, wish.items)


if __name__ == "__main__":
    main()
