"""Requests refused for their throughput, and by chance. Texts: ProvisionedThroughputExceededException as AWS answers it."""

import json
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError

import support

KEYS = {"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}
TEXT = ("The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the "
        "UpdateTable API.")


@pytest.fixture
def server(tmp_path, monkeypatch, request):
    """A server of the test's own: with an option, or a setting in the environment."""
    if "=" in request.param:
        monkeypatch.setenv(*request.param.split("="))
        started = support.Cloche(tmp_path / "data").start()
    else:
        started = support.Cloche(tmp_path / "data", request.param).start()
    yield started
    started.stop()


def client(server):
    return support.client("dynamodb", server.endpoint)


def put(dynamodb, key):
    return dynamodb.put_item(TableName="table", Item={"p": {"S": key}})


@pytest.mark.parametrize("server", ["--dynamodb-throttle"], indirect=True)
def test_a_table_gives_what_it_was_provisioned_with(server):
    dynamodb = client(server)
    clock = server.endpoint + "/_cloche/clock"
    urllib.request.urlopen(clock, json.dumps({"action": "freeze"}).encode())
    dynamodb.create_table(TableName="table", **KEYS, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 3})
    dynamodb.create_table(TableName="unlimited", **KEYS, BillingMode="PAY_PER_REQUEST")
    for key in "abc":
        put(dynamodb, key)
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException) as refused:
        put(dynamodb, "d")
    assert refused.value.response["Error"]["Message"] == TEXT
    assert refused.value.response["ThrottlingReasons"][0]["reason"] == "TableWriteProvisionedThroughputExceeded"
    for key in "abcdefgh":
        dynamodb.put_item(TableName="unlimited", Item={"p": {"S": key}})
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "table", "Item": {"p": {"S": "t"}}}}])
    assert cancelled.value.response["CancellationReasons"] == [{"Code": "ProvisionedThroughputExceeded", "Message": TEXT}]

    # Two seconds give six units: what is beyond is left over. Reads have a bucket of their own.
    urllib.request.urlopen(clock, json.dumps({"action": "advance", "by": "2s"}).encode())
    puts = [{"PutRequest": {"Item": {"p": {"S": f"b{i}"}}}} for i in range(8)]
    assert dynamodb.batch_write_item(RequestItems={"table": puts})["UnprocessedItems"] == {"table": puts[6:]}
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.batch_write_item(RequestItems={"table": puts[6:]})
    dynamodb.get_item(TableName="table", Key={"p": {"S": "a"}}, ConsistentRead=True)

    # What is not used is kept for five minutes and no longer.
    urllib.request.urlopen(clock, json.dumps({"action": "advance", "by": "100000s"}).encode())
    left = 0
    for begin in range(0, 1000, 25):
        batch = [{"PutRequest": {"Item": {"p": {"S": f"c{i}"}}}} for i in range(begin, begin + 25)]
        try:
            left += len(dynamodb.batch_write_item(RequestItems={"table": batch})["UnprocessedItems"].get("table", []))
        except dynamodb.exceptions.ProvisionedThroughputExceededException:
            left += 25
    assert left == 1000 - 300 * 3


@pytest.mark.parametrize("server", ["DYNAMODB_WRITE_ERROR_PROBABILITY=1"], indirect=True)
def test_writes_fail_by_chance(server):
    dynamodb = client(server)
    dynamodb.create_table(TableName="table", **KEYS, BillingMode="PAY_PER_REQUEST")
    for call in (lambda: put(dynamodb, "a"),
                 lambda: dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": {"p": {"S": "a"}}}}]})):
        with pytest.raises(ClientError, match="level of configured provisioned throughput"):
            call()
    assert dynamodb.scan(TableName="table")["Count"] == 0


@pytest.mark.parametrize("server", ["DYNAMODB_REMOVE_EXPIRED_ITEMS=0"], indirect=True)
def test_what_has_expired_can_be_removed_by_hand(server):
    dynamodb = client(server)
    dynamodb.create_table(TableName="table", **KEYS, BillingMode="PAY_PER_REQUEST")
    dynamodb.update_time_to_live(TableName="table", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    now = time.time()
    for i, until in enumerate((now - 60, now - 5, now + 3600)):
        dynamodb.put_item(TableName="table", Item={"p": {"S": str(i)}, "until": {"N": str(int(until))}})
    request = urllib.request.Request(server.endpoint + "/_aws/dynamodb/expired", method="DELETE")
    assert json.load(urllib.request.urlopen(request)) == {"ExpiredItems": 2}
    assert json.load(urllib.request.urlopen(request)) == {"ExpiredItems": 0}
    assert dynamodb.scan(TableName="table")["Count"] == 1
