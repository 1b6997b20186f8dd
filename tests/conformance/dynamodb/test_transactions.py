"""Batches and transactions."""

import pytest
from botocore.exceptions import ClientError


def key(s):
    return {"p": {"S": "a"}, "s": {"N": str(s)}}


# All or nothing, with a reason for each (the text is from LocalStack's recording of AWS, 2025-10).
def test_a_cancelled_transaction_gives_reasons(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**key(1), "v": {"S": "x"}})
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(
            TransactItems=[
                {
                    "ConditionCheck": {
                        "TableName": table,
                        "Key": key(1),
                        "ConditionExpression": "attribute_not_exists(v)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
                {"Put": {"TableName": table, "Item": key(2)}},
            ]
        )
    assert "[ConditionalCheckFailed, None]" in caught.value.response["Error"]["Message"]
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": {**key(1), "v": {"S": "x"}}},
        {"Code": "None"},
    ]
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key(2))


def test_a_transaction_writes_and_reads(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=key(1))
    answer = dynamodb.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": table, "Key": key(1)}},
            {"Put": {"TableName": table, "Item": key(2)}},
            {
                "Update": {
                    "TableName": table,
                    "Key": key(3),
                    "UpdateExpression": "SET v = :v",
                    "ExpressionAttributeValues": {":v": {"S": "x"}},
                }
            },
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}]
    answer = dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key(s)}} for s in (1, 2, 3)])
    assert answer["Responses"] == [{}, {"Item": key(2)}, {"Item": {**key(3), "v": {"S": "x"}}}]


# The same token and request again does nothing; with another request it is refused.
def test_a_token_makes_it_idempotent(dynamodb, table):
    def add(amount):
        update = {
            "TableName": table,
            "Key": key(1),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": {"N": amount}},
        }
        return dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="token-" + table)

    add("1")
    add("1")
    assert dynamodb.get_item(TableName=table, Key=key(1))["Item"]["n"] == {"N": "1"}
    with pytest.raises(ClientError) as caught:
        add("2")
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_batches_go_over_many_items(dynamodb, table):
    dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key(s)}} for s in range(25)]})
    answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": [key(s) for s in range(20, 30)]}})
    assert sorted(int(item["s"]["N"]) for item in answer["Responses"][table]) == [20, 21, 22, 23, 24]
    assert answer["UnprocessedKeys"] == {}
    dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key(s)}} for s in range(25)]})
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_duplicates_in_a_batch_are_refused(dynamodb, table):
    with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"):
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key(1)}}, {"DeleteRequest": {"Key": key(1)}}]})
