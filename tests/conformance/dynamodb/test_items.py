"""Single items, as boto3 sees them."""

import pytest
from botocore.exceptions import ClientError

KEY = {"p": {"S": "a"}, "s": {"N": "1"}}


def refusal(call, *arguments, **parameters):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


# Every type goes in and comes out; numbers come back without superfluous zeros, sets in some order.
def test_every_type_is_kept(dynamodb, table):
    item = {
        **KEY,
        "string": {"S": "é\n\"\\\u0000"},
        "number": {"N": "-1.5"},
        "binary": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "strings": {"SS": ["b", "a"]},
        "numbers": {"NS": ["1", "22"]},
        "binaries": {"BS": [b"x", b"yz"]},
        "list": {"L": [{"S": "a"}, {"L": []}]},
        "map": {"M": {"k": {"M": {}}, "": {"S": ""}}},
    }
    dynamodb.put_item(TableName=table, Item=item)
    found = dynamodb.get_item(TableName=table, Key=KEY)["Item"]
    for name, kind in (("strings", "SS"), ("numbers", "NS"), ("binaries", "BS")):
        assert sorted(found.pop(name)[kind]) == sorted(item.pop(name)[kind])
    assert found == item


# The documented forms of numbers, normalized as AWS writes them (dynalite's suite and Alternator's, both run against AWS).
@pytest.mark.parametrize("sent, stored", [("0001.2300", "1.23"), ("-17e5", "-1700000"), ("+3", "3"), (".123", "0.123"), ("0e125", "0")])
def test_numbers_are_normalized(dynamodb, table, sent, stored):
    dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": sent}})
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"]["n"] == {"N": stored}


@pytest.mark.parametrize(
    "number, message",
    [
        ("dog", "The parameter cannot be converted to a numeric value: dog"),
        ("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ],
)
def test_what_is_no_number_is_refused(dynamodb, table, number, message):
    answer = refusal(dynamodb.put_item, TableName=table, Item={**KEY, "n": {"N": number}})
    assert answer == ("ValidationException", message)


# A failed condition hands out the item only when asked to (LocalStack's recording of AWS, 2025-10).
def test_a_failed_condition_can_return_the_item(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**KEY, "v": {"N": "650"}})
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.put_item(
            TableName=table,
            Item=KEY,
            ConditionExpression="attribute_not_exists(p)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Error"]["Message"] == "The conditional request failed"
    assert caught.value.response["Item"] == {**KEY, "v": {"N": "650"}}


# One expression with all four clauses, on an item that is there.
def test_an_update_in_all_clauses(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "1"}, "gone": {"S": "x"}, "set": {"SS": ["a", "b"]}, "l": {"S": "q"}})
    answer = dynamodb.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET #new = if_not_exists(#new, :x), n = n + :one REMOVE gone ADD visits :one DELETE #set :a",
        ExpressionAttributeNames={"#new": "new", "#set": "set"},
        ExpressionAttributeValues={":x": {"S": "x"}, ":one": {"N": "1"}, ":a": {"SS": ["a"]}},
        ReturnValues="ALL_NEW",
    )
    expected = {**KEY, "n": {"N": "2"}, "set": {"SS": ["b"]}, "l": {"S": "q"}, "new": {"S": "x"}, "visits": {"N": "1"}}
    assert answer["Attributes"] == expected


# The texts that programs and people search for.
@pytest.mark.parametrize(
    "expression, message",
    [
        ("SET p = :v", "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key"),
        ("SET status = :v", "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status"),
        ("SET a.b = :v", "The document path provided in the update expression is invalid for update"),
        ("INVALID SYNTAX HERE", 'Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
    ],
)
def test_wrong_updates_are_refused(dynamodb, table, expression, message):
    answer = refusal(
        dynamodb.update_item, TableName=table, Key=KEY, UpdateExpression=expression, ExpressionAttributeValues={":v": {"S": "x"}}
    )
    assert answer == ("ValidationException", message)


# A delete tells what was there, and of nothing tells nothing.
def test_a_delete_returns_what_was_there(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**KEY, "v": {"S": "x"}})
    delete = lambda: dynamodb.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD")
    assert delete()["Attributes"] == {**KEY, "v": {"S": "x"}}
    assert "Attributes" not in delete()


# The older parameters are translated, not ignored.
def test_the_older_parameters_still_work(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "1"}})
    dynamodb.update_item(
        TableName=table,
        Key=KEY,
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "2"}}},
        Expected={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "5"}]}},
    )
    assert dynamodb.get_item(TableName=table, Key=KEY, AttributesToGet=["n"])["Item"] == {"n": {"N": "3"}}
    code, _ = refusal(dynamodb.delete_item, TableName=table, Key=KEY, Expected={"n": {"Value": {"N": "4"}}})
    assert code == "ConditionalCheckFailedException"
