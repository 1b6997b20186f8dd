"""Query and Scan over tables and indexes."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def filled(dynamodb, table):
    """Three partitions of ten items."""
    for p in "abc":
        requests = [
            {"PutRequest": {"Item": {"p": {"S": p}, "s": {"N": str(s - 5)}, "g": {"S": "odd" if s % 2 else "even"}, "l": {"S": str(9 - s)}}}}
            for s in range(10)
        ]
        dynamodb.batch_write_item(RequestItems={table: requests})
    return table


def sorts(items):
    return [int(item["s"]["N"]) for item in items]


# Paginators end, and meet without gap or overlap.
@pytest.mark.parametrize("size", [1, 3, 10, 50])
def test_pages_meet(dynamodb, filled, size):
    pages = dynamodb.get_paginator("query").paginate(
        TableName=filled,
        KeyConditionExpression="p = :p",
        ExpressionAttributeValues={":p": {"S": "b"}},
        PaginationConfig={"PageSize": size},
    )
    assert sorts(item for page in pages for item in page["Items"]) == list(range(-5, 5))
    pages = dynamodb.get_paginator("scan").paginate(TableName=filled, PaginationConfig={"PageSize": size})
    assert sorted(sorts(item for page in pages for item in page["Items"])) == sorted(list(range(-5, 5)) * 3)


# A global index has items of all partitions, in the order of its own sort key, with its projection only.
def test_a_global_index_is_queried(dynamodb, filled):
    answer = dynamodb.query(
        TableName=filled,
        IndexName="by_g",
        KeyConditionExpression="g = :g AND s > :zero",
        ExpressionAttributeValues={":g": {"S": "odd"}, ":zero": {"N": "0"}},
        ScanIndexForward=False,
    )
    assert sorts(answer["Items"]) == [4, 4, 4, 2, 2, 2]
    assert set(answer["Items"][0]) == {"p", "s", "g"}


# A local index fetches what it does not project; a global one can't.
def test_a_local_index_fetches_the_item(dynamodb, filled):
    answer = dynamodb.query(
        TableName=filled,
        IndexName="by_l",
        KeyConditionExpression="p = :p AND begins_with(l, :l)",
        ExpressionAttributeValues={":p": {"S": "a"}, ":l": {"S": "3"}},
        Select="ALL_ATTRIBUTES",
    )
    assert answer["Items"] == [{"p": {"S": "a"}, "s": {"N": "1"}, "g": {"S": "even"}, "l": {"S": "3"}}]
    with pytest.raises(ClientError, match="Select type ALL_ATTRIBUTES is not supported for global secondary index by_g"):
        dynamodb.query(
            TableName=filled,
            IndexName="by_g",
            KeyConditionExpression="g = :g",
            ExpressionAttributeValues={":g": {"S": "odd"}},
            Select="ALL_ATTRIBUTES",
        )


# A filter counts what it leaves, and what it looked at.
def test_a_filter_counts_both(dynamodb, filled):
    answer = dynamodb.scan(
        TableName=filled, FilterExpression="g = :g", ExpressionAttributeValues={":g": {"S": "odd"}}, Select="COUNT", ReturnConsumedCapacity="TOTAL"
    )
    assert (answer["Count"], answer["ScannedCount"]) == (15, 30)
    assert "Items" not in answer
    assert answer["ConsumedCapacity"] == {"TableName": filled, "CapacityUnits": 0.5}


# Segments of a parallel scan find every item once.
def test_segments_share_the_table(dynamodb, filled):
    items = []
    for segment in range(4):
        items += dynamodb.scan(TableName=filled, Segment=segment, TotalSegments=4)["Items"]
    assert len(items) == 30
    assert len({(item["p"]["S"], item["s"]["N"]) for item in items}) == 30


# The order of partitions is the service's own: of the MD5 of their keys. Source: architect/dynalite, test/scan.js.
def test_a_scan_goes_through_partitions_as_the_service_does(dynamodb, table_name):
    name = table_name()
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )
    order = ["2", "8", "9", "1", "6", "hello", "0", "5", "4", "äáöü", "aardman", "7", "3", "zapf"]
    for key in sorted(order):
        dynamodb.put_item(TableName=name, Item={"p": {"S": key}})
    assert [item["p"]["S"] for item in dynamodb.scan(TableName=name)["Items"]] == order
    halves = [dynamodb.scan(TableName=name, Segment=i, TotalSegments=2)["Items"] for i in (0, 1)]
    assert [item["p"]["S"] for item in halves[0] + halves[1]] == order and all(halves)


# 1 MB is counted as the service stores items: 25 of this size end a page to the byte. Source: architect/dynalite, test/query.js.
def test_a_page_ends_at_what_is_stored(dynamodb, table):
    def last_key_with(size):
        dynamodb.put_item(TableName=table, Item={"p": {"S": "page"}, "s": {"N": "24"}, "c": {"S": "abcde"}, "e": {"S": "e" * size}})
        return dynamodb.query(
            TableName=table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "page"}}, Select="COUNT"
        ).get("LastEvaluatedKey")

    for i in range(24):
        dynamodb.put_item(TableName=table, Item={"p": {"S": "page"}, "s": {"N": str(i)}, "c": {"S": "abcde"}, "e": {"S": "e" * 41638}})
    low, high = 30_000, 60_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if last_key_with(middle) else (middle, high)
    # One name of a letter, a length of three bytes, and for each piece of 3 KB a head of 18 bytes and the sort key.
    def stored(number_bytes, size):
        body = 1 + (4 + 1) + 1 + (5 + 1) + 1 + size + 3
        return 2 + body + (1 + (1 + body) // 3072) * (18 + number_bytes)

    def number_bytes(n):
        return 1 if n == 0 else 2

    others = sum(stored(number_bytes(i), 41638) for i in range(24))
    assert others + stored(2, high) >= 1 << 20 > others + stored(2, low)
