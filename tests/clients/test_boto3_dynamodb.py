"""boto3's resource layer of DynamoDB: tables as objects, conditions as expressions, batches, paginators, waiters, collections."""

import decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary

D = decimal.Decimal


@pytest.fixture
def resource(endpoint):
    return boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def users(resource):
    table = resource.create_table(
        TableName="resource-users", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        KeySchema=[{"AttributeName": "username", "KeyType": "HASH"}, {"AttributeName": "last_name", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in (("username", "S"), ("last_name", "S"), ("city", "S"), ("age", "N"))],
        GlobalSecondaryIndexes=[{"IndexName": "by-city", "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}, {"AttributeName": "age", "KeyType": "RANGE"}],
                                 "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}])
    table.wait_until_exists()
    yield table
    table.delete()
    table.wait_until_not_exists()


def test_items_of_all_types(users):
    item = {"username": "ada", "last_name": "Lovelace", "age": 36, "ratio": D("0.1"), "raw": Binary(b"\x00\x01"), "flags": {"a", "b"}, "numbers": {D("1"), D("2.5")},
            "blobs": {b"x", b"y"}, "nested": {"list": [1, "two", None, True, {"deep": []}]}, "nothing": None, "empty": ""}
    users.put_item(Item=item)
    got = users.get_item(Key={"username": "ada", "last_name": "Lovelace"}, ConsistentRead=True)["Item"]
    assert got == {**item, "blobs": {Binary(b"x"), Binary(b"y")}}
    assert isinstance(got["age"], D) and got["raw"].value == b"\x00\x01"
    updated = users.update_item(Key={"username": "ada", "last_name": "Lovelace"}, UpdateExpression="SET age = age + :one, nested.#l[1] = :two REMOVE nothing ADD flags :more",
                                ExpressionAttributeNames={"#l": "list"}, ExpressionAttributeValues={":one": 1, ":two": 2, ":more": {"c"}},
                                ConditionExpression=Attr("age").eq(36) & Attr("flags").contains("a") & ~Attr("gone").exists(), ReturnValues="ALL_NEW")["Attributes"]
    assert (updated["age"], updated["nested"]["list"][1], updated["flags"], "nothing" in updated) == (37, 2, {"a", "b", "c"}, False)
    with pytest.raises(users.meta.client.exceptions.ConditionalCheckFailedException) as refused:
        users.delete_item(Key={"username": "ada", "last_name": "Lovelace"}, ConditionExpression=Attr("age").lt(30), ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refused.value.response["Item"]["age"] == {"N": "37"}
    assert users.delete_item(Key={"username": "ada", "last_name": "Lovelace"}, ReturnValues="ALL_OLD")["Attributes"]["age"] == 37
    assert "Item" not in users.get_item(Key={"username": "ada", "last_name": "Lovelace"})


def test_batches_queries_and_pages(users, resource):
    with users.batch_writer(overwrite_by_pkeys=["username", "last_name"]) as batch:
        for number in range(60):
            batch.put_item(Item={"username": f"user{number % 3}", "last_name": f"{number:02d}", "city": "Paris" if number % 2 else "Rome", "age": number, "text": "x" * 900})
        batch.put_item(Item={"username": "user0", "last_name": "00", "city": "Rome", "age": 0, "text": "again"})
        batch.delete_item(Key={"username": "user2", "last_name": "59"})
    assert users.get_item(Key={"username": "user0", "last_name": "00"})["Item"]["text"] == "again"
    found = users.query(KeyConditionExpression=Key("username").eq("user1") & Key("last_name").between("10", "20"), ProjectionExpression="last_name")
    assert [item["last_name"] for item in found["Items"]] == ["10", "13", "16", "19"]
    found = users.query(IndexName="by-city", KeyConditionExpression=Key("city").eq("Paris") & Key("age").gte(50), FilterExpression=Attr("username").is_in(["user1", "user2"]),
                        ScanIndexForward=False, Select="COUNT")
    assert (found["Count"], found["ScannedCount"]) == (2, 4)
    scanned = users.scan(FilterExpression=Attr("age").lt(10) & Attr("text").size().eq(900) & (Attr("city").begins_with("R") | Attr("city").ne("Rome")))
    assert sorted(item["age"] for item in scanned["Items"]) == list(range(1, 10))
    # Page by page by hand, as tutorials do it, and with a paginator.
    pages, start = [], {}
    while True:
        page = users.scan(Limit=17, **start)
        pages.append(page["Items"])
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert [len(page) for page in pages] == [17, 17, 17, 8]
    paginator = resource.meta.client.get_paginator("query")
    paged = paginator.paginate(TableName=users.name, KeyConditionExpression=Key("username").eq("user0"), PaginationConfig={"PageSize": 6, "MaxItems": 15})
    assert [len(page["Items"]) for page in paged] == [6, 6, 3]
    whole = paginator.paginate(TableName=users.name, KeyConditionExpression=Key("username").eq("user0"), PaginationConfig={"PageSize": 7}).build_full_result()
    assert [item["last_name"] for item in whole["Items"]] == [f"{number:02d}" for number in range(0, 60, 3)]
    got = resource.batch_get_item(RequestItems={users.name: {"Keys": [{"username": "user0", "last_name": f"{n:02d}"} for n in range(0, 60, 3)], "ProjectionExpression": "age"}})
    assert sorted(item["age"] for item in got["Responses"][users.name]) == list(range(0, 60, 3)) and got["UnprocessedKeys"] == {}


def test_tables_as_objects(users, resource):
    users.reload()
    assert (users.item_count, users.table_status, [key["AttributeName"] for key in users.key_schema]) == (0, "ACTIVE", ["username", "last_name"])
    assert users.global_secondary_indexes[0]["IndexName"] == "by-city" and users.table_arn.endswith(":table/resource-users")
    users.put_item(Item={"username": "a", "last_name": "b"})
    users.update(ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 5})
    users.reload()
    assert users.provisioned_throughput["ReadCapacityUnits"] == 7
    for number in range(3):
        resource.create_table(TableName=f"resource-more-{number}", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                              AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
    assert {f"resource-more-{number}" for number in range(3)} | {"resource-users"} <= {table.name for table in resource.tables.all()}
    assert len(list(resource.tables.limit(2))) == 2 and len(list(resource.tables.page_size(1))) >= 4
    for number in range(3):
        resource.Table(f"resource-more-{number}").delete()
    with pytest.raises(resource.meta.client.exceptions.ResourceNotFoundException):
        resource.Table("resource-none").load()


def test_transactions_of_the_resources_client(users, resource):
    """The resource's client takes Python's types too."""
    client = resource.meta.client
    client.transact_write_items(TransactItems=[{"Put": {"TableName": users.name, "Item": {"username": name, "last_name": "x", "n": D(1)}}} for name in "ab"])
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": users.name, "Key": {"username": name, "last_name": "x"}}} for name in "abc"])
    assert [answer.get("Item", {}).get("n") for answer in got["Responses"]] == [1, 1, None]
    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(TransactItems=[
            {"Update": {"TableName": users.name, "Key": {"username": "a", "last_name": "x"}, "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": 2}}},
            {"ConditionCheck": {"TableName": users.name, "Key": {"username": "b", "last_name": "x"}, "ConditionExpression": "n > :n",
                                "ExpressionAttributeValues": {":n": 5}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}])
    assert [reason["Code"] for reason in refused.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    selected = client.execute_statement(Statement='SELECT n FROM "resource-users" WHERE username = ? AND last_name = ?', Parameters=["a", "x"])
    assert selected["Items"] == [{"n": 1}]
