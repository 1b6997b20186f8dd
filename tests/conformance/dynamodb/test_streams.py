"""Streams and time to live, through the client that a consumer uses."""

import datetime
import time

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def streams(dynamodb):
    return boto3.client("dynamodbstreams", endpoint_url=dynamodb.meta.endpoint_url, region_name=dynamodb.meta.region_name,
                        aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def streaming(dynamodb, table_name):
    def make(view):
        made = dynamodb.create_table(
            TableName=table_name(), BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view})["TableDescription"]
        return made["TableName"], made["LatestStreamArn"]
    return make


def read_all(streams, arn):
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    return records


# Members and sizes as LocalStack recorded them on AWS, 2025-10.
def test_records_of_changes(dynamodb, streams, streaming):
    table, arn = streaming("NEW_AND_OLD_IMAGES")
    dynamodb.put_item(TableName=table, Item={"p": {"S": "Fred"}})
    dynamodb.put_item(TableName=table, Item={"p": {"S": "Fred"}})
    dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": {"p": {"S": "Fred"}, "name": {"S": "Fred"}}}}]})
    dynamodb.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": {"p": {"S": "Fred"}}}}])
    records = read_all(streams, arn)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    modified = records[1]
    assert modified["eventVersion"] == "1.1" and modified["eventSource"] == "aws:dynamodb" and modified["awsRegion"] == "us-east-1"
    change = modified["dynamodb"]
    assert change["Keys"] == {"p": {"S": "Fred"}}
    assert change["OldImage"] == {"p": {"S": "Fred"}}
    assert change["NewImage"] == {"p": {"S": "Fred"}, "name": {"S": "Fred"}}
    assert change["SizeBytes"] == 5 + 5 + 13
    assert isinstance(change["ApproximateCreationDateTime"], datetime.datetime)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(numbers) and len(set(numbers)) == 3


def test_a_stream_is_listed_and_described(dynamodb, streams, streaming):
    table, arn = streaming("KEYS_ONLY")
    [listed] = streams.list_streams(TableName=table)["Streams"]
    assert listed["StreamArn"] == arn
    stream = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert stream["StreamStatus"] == "ENABLED" and stream["StreamViewType"] == "KEYS_ONLY"
    assert "EndingSequenceNumber" not in stream["Shards"][0]["SequenceNumberRange"]
    dynamodb.delete_table(TableName=table)
    stream = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert stream["StreamStatus"] == "DISABLED" and "EndingSequenceNumber" in stream["Shards"][0]["SequenceNumberRange"]


# The text is from LocalStack's recording of AWS, 2024-11.
def test_a_stream_that_is_not_there(streams):
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/2024-11-18T14:36:44.149"
    with pytest.raises(ClientError, match=f"Requested resource not found: Stream: {arn} not found"):
        streams.describe_stream(StreamArn=arn)


def test_an_expired_item_goes(dynamodb, streams, streaming):
    table, arn = streaming("OLD_IMAGE")
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    dynamodb.put_item(TableName=table, Item={"p": {"S": "old"}, "until": {"N": str(int(time.time()) - 10)}})
    dynamodb.put_item(TableName=table, Item={"p": {"S": "new"}, "until": {"N": str(int(time.time()) + 1000)}})
    for _ in range(100):
        if "Item" not in dynamodb.get_item(TableName=table, Key={"p": {"S": "old"}}):
            break
        time.sleep(0.05)
    assert [item["p"]["S"] for item in dynamodb.scan(TableName=table)["Items"]] == ["new"]
    [removed] = [record for record in read_all(streams, arn) if record["eventName"] == "REMOVE"]
    assert removed["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
