"""Replicas of tables in other regions (version 2019.11.21). Source: "Global tables", Developer Guide, and its tutorial; the text about
replicas that are not there is AWS's (LocalStack, test_global_tables_version_2019)."""

import time

import pytest
from botocore.exceptions import ClientError

import support

HOME, AWAY, FAR = "us-east-1", "eu-west-1", "ap-south-1"


@pytest.fixture
def regions(endpoint, table):
    made = {region: support.client("dynamodb", endpoint, region_name=region) for region in (HOME, AWAY, FAR)}
    yield made
    for region in (AWAY, FAR):
        try:
            made[region].delete_table(TableName=table)
        except made[region].exceptions.ResourceNotFoundException:
            pass


def until(call, wanted):
    """What replication brings comes soon, and not at once."""
    end = time.monotonic() + 10
    while (found := call()) != wanted and time.monotonic() < end:
        time.sleep(0.01)
    assert found == wanted


def item(p, **more):
    return {"p": {"S": p}, "s": {"N": "1"}, **{name: {"S": text} for name, text in more.items()}}


def contents(dynamodb, table, **more):
    return sorted((i["p"]["S"], i.get("x", {}).get("S")) for i in dynamodb.scan(TableName=table, **more)["Items"])


def replicas(dynamodb, table):
    return sorted(r["RegionName"] for r in dynamodb.describe_table(TableName=table)["Table"].get("Replicas", []))


def test_items_are_the_same_in_all_regions(regions, table):
    home, away, far = regions.values()
    home.put_item(TableName=table, Item=item("before", x="1", g="g"))
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": FAR}}])
    assert replicas(home, table) == [FAR, AWAY] and replicas(away, table) == [FAR, HOME] and replicas(far, table) == [AWAY, HOME]
    described = away.describe_table(TableName=table)["Table"]
    assert described["GlobalTableVersion"] == "2019.11.21" and AWAY in described["TableArn"]

    # What was there, what comes, from whichever region, and what goes; indexes with them.
    away.put_item(TableName=table, Item=item("away", x="2", g="g"))
    far.put_item(TableName=table, Item=item("far", x="3"))
    for dynamodb in (home, away, far):
        until(lambda: contents(dynamodb, table), [("away", "2"), ("before", "1"), ("far", "3")])
        until(lambda: [i[0] for i in contents(dynamodb, table, IndexName="by_g")], ["away", "before"])
    home.delete_item(TableName=table, Key={"p": {"S": "away"}, "s": {"N": "1"}})
    away.update_item(TableName=table, Key={"p": {"S": "far"}, "s": {"N": "1"}}, UpdateExpression="SET x = :x", ExpressionAttributeValues={":x": {"S": "4"}})
    for dynamodb in (home, away, far):
        until(lambda: contents(dynamodb, table), [("before", "1"), ("far", "4")])


# Two regions that write the same item at the same time agree in the end on one of the two.
def test_the_last_writer_wins(regions, table):
    home, away, _ = regions.values()
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    for i in range(50):
        home.put_item(TableName=table, Item=item("shared", x=f"home {i}"))
        away.put_item(TableName=table, Item=item("shared", x=f"away {i}"))
    until(lambda: contents(home, table) == contents(away, table), True)
    time.sleep(0.1)
    assert contents(home, table) == contents(away, table) == [("shared", "away 49")]


def test_replicas_go_one_by_one(regions, table):
    home, away, far = regions.values()
    with pytest.raises(ClientError, match="Cannot add, delete, or update the local region through ReplicaUpdates"):
        home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": HOME}}])
    for region in (AWAY, FAR):
        home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": region}}])
    with pytest.raises(ClientError, match="one or more replicas already existed as tables"):
        home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    home.update_table(TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    with pytest.raises(away.exceptions.ResourceNotFoundException):
        away.describe_table(TableName=table)
    with pytest.raises(ClientError, match="one or more replicas were not part of the global table"):
        home.update_table(TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    assert replicas(far, table) == [HOME]
    far.delete_table(TableName=table)
    assert "Replicas" not in home.describe_table(TableName=table)["Table"]


# A write that came from another region has its record in the stream of each.
def test_streams_tell_of_what_came(regions, endpoint, table_name):
    home, away, _ = regions.values()
    name = table_name()
    home.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                      AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                      StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    home.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    try:
        home.put_item(TableName=name, Item={"p": {"S": "a"}})
        until(lambda: away.scan(TableName=name)["Count"], 1)
        streams = support.client("dynamodbstreams", endpoint, region_name=AWAY)
        arn = away.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        assert [(r["eventName"], r["awsRegion"], r["dynamodb"]["Keys"]) for r in records] == [("INSERT", AWAY, {"p": {"S": "a"}})]
    finally:
        away.delete_table(TableName=name)
