import datetime
import time

import pytest

from pytest_cloche import Cloche, ClocheError


# Tests that change the same object: each sees what was prepared, whoever runs first or at the same time (pytest-xdist).
@pytest.mark.parametrize("turn", range(12))
def test_each_test_has_a_branch_of_what_was_prepared(cloche, cloche_client, turn):
    s3 = cloche_client("s3")
    assert s3.get_object(Bucket="prepared", Key="k")["Body"].read() == b"as prepared"
    s3.put_object(Bucket="prepared", Key="k", Body=b"changed")
    s3.create_bucket(Bucket="mine")
    assert cloche.client("s3").get_object(Bucket="prepared", Key="k")["Body"].read() == b"as prepared"


# A branch has what a server has, branches too.
def test_branches_of_branches(cloche_branch):
    cloche_branch.client("s3").create_bucket(Bucket="mine")
    with cloche_branch.branch() as below:
        assert {"mine", "prepared"} <= {b["Name"] for b in below.client("s3").list_buckets()["Buckets"]}
        below.client("s3").delete_bucket(Bucket="mine")
    assert "mine" in {b["Name"] for b in cloche_branch.client("s3").list_buckets()["Buckets"]}


def test_branches_are_removed(cloche, cloche_branch):
    assert [branch["name"] for branch in cloche.ask("GET", "/_cloche/branches")["branches"]] == [cloche_branch.name]
    with cloche.branch("another") as other:
        assert other.endpoint != cloche_branch.endpoint
        assert other.client("s3").list_buckets()["Buckets"][0]["Name"] == "prepared"
    assert len(cloche.ask("GET", "/_cloche/branches")["branches"]) == 1


def test_the_clock_stands_until_it_is_moved(cloche, cloche_clock, cloche_resource):
    began = cloche_clock.now
    time.sleep(0.01)
    assert cloche_clock.now == began
    assert cloche_clock.advance("2h") == began + datetime.timedelta(hours=2)
    assert cloche_clock.advance(datetime.timedelta(seconds=90)) == began + datetime.timedelta(hours=2, seconds=90)
    assert cloche_clock.set(datetime.datetime(2030, 1, 1)) == datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
    table = cloche_resource("dynamodb").create_table(TableName="things", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                                                     KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    assert table.creation_date_time.year == 2030
    assert cloche.clock.now.year < 2030


def test_a_server_of_ones_own_ends(tmp_path):
    with Cloche.start("--seed", "1", durability="commit") as server:
        process = server._process
        server.client("s3").create_bucket(Bucket="kept")
        server.checkpoint("before")
        server.client("s3").create_bucket(Bucket="later")
        server.rewind("before")
        assert [b["Name"] for b in server.client("s3").list_buckets()["Buckets"]] == ["kept"]
        server.save(tmp_path / "fixture")
        server.reset()
        assert server.client("s3").list_buckets()["Buckets"] == []
        server.load(tmp_path / "fixture")
        assert [b["Name"] for b in server.client("s3").list_buckets()["Buckets"]] == ["kept"]
        with pytest.raises(ClocheError, match="nope") as refused:
            server.rewind("nope")
        assert refused.value.code
    assert process.poll() == 0


def test_joining_leaves_it_running(cloche, monkeypatch):
    monkeypatch.setenv("CLOCHE_ENDPOINT", cloche.endpoint)
    joined = Cloche.start_or_join()
    joined.stop()
    assert cloche.ask("GET", "/_cloche/health")


def test_what_to_do_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CLOCHE_BINARY", raising=False)
    with pytest.raises(ClocheError, match="CLOCHE_BINARY"):
        Cloche.start()
    with pytest.raises(ClocheError, match="nothing answers"):
        Cloche.join("http://127.0.0.1:1")
    monkeypatch.setenv("CLOCHE_BINARY", "/bin/false")
    with pytest.raises(ClocheError, match="did not start"):
        Cloche.start()
