"""Limits of expressions, numbers, items and transactions. Sources: "Service, account, and table quotas" and "Constraints", Developer Guide;
texts as recorded from AWS by nubo-db/dynamodb-conformance (2026)."""

import pytest
from botocore.exceptions import ClientError

ONE = {":v": {"N": "1"}}


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    return refused.value.response["Error"]["Message"]


def test_expressions_have_so_many_operators(dynamodb, table):
    def scan(count, **more):
        return {"TableName": table, "FilterExpression": " AND ".join(["a=:v"] * count), "ExpressionAttributeValues": ONE, **more}

    dynamodb.scan(**scan(150))  # 150 comparisons, 149 times AND.
    for count in (151, 200):
        assert refusal(dynamodb.scan, **scan(count)) == "Invalid FilterExpression: The expression contains too many operators; operator count: 301"


@pytest.mark.parametrize("expression, names, text", [
    ("a = :v" + " " * 4091, None, "Invalid FilterExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"),
    ("a IN (" + ",".join([":v"] * 101) + ")", None, "Invalid FilterExpression: The IN operator is provided with too many operands; number of operands: 101"),
    (".".join(["a"] * 33) + " = :v", None, "Invalid FilterExpression: The document path has too many nesting levels; nesting levels: 33"),
    ("#" + "n" * 255 + " = :v", {"#" + "n" * 255: "a"},
     "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256"),
])
def test_what_is_too_long_in_an_expression(dynamodb, table, expression, names, text):
    more = {"ExpressionAttributeNames": names} if names else {}
    assert refusal(dynamodb.scan, TableName=table, FilterExpression=expression, ExpressionAttributeValues=ONE, **more) == text


def test_values_of_an_expression_are_two_megabytes_at_most(dynamodb, table):
    values = {":v": {"S": "x" * (2 << 20)}}
    assert refusal(dynamodb.scan, TableName=table, FilterExpression="a = :v", ExpressionAttributeValues=values) == "ExpressionAttributeValues exceeds max size"


# Exponents are read as 64 bits, and zero is held against the range by the one that it is written with.
@pytest.mark.parametrize("number, text", [
    ("1e2147483648", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ("1e-99999999999", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ("0e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ("0e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ("1e9223372036854775808", "The parameter cannot be converted to a numeric value: 1e9223372036854775808"),
])
def test_numbers_beyond_their_range(dynamodb, table, number, text):
    assert refusal(dynamodb.put_item, TableName=table, Item={"p": {"S": "a"}, "s": {"N": "1"}, "n": {"N": number}}) == text


# 1 and a byte for two digits on each side of the point, one more for a minus: measured at the limit of an item.
@pytest.mark.parametrize("number, size", [("0", 1), ("-1", 3), ("123456", 4), ("3.14159", 5), ("1E125", 2), ("-0.5", 3), ("9" * 38, 20)])
def test_numbers_have_their_size(dynamodb, table, number, size):
    def item(total):
        rest = {"p": {"S": "number"}, "s": {"N": "0"}, "n": {"N": number}}
        return {**rest, "x": {"S": "e" * (total - len("p" + "number" + "s" + "n" + "x") - 1 - size)}}

    dynamodb.put_item(TableName=table, Item=item(409_600))
    assert refusal(dynamodb.put_item, TableName=table, Item=item(409_601)) == "Item size has exceeded the maximum allowed size"


def test_a_transaction_holds_four_megabytes(dynamodb, table):
    def puts(count):
        return [{"Put": {"TableName": table, "Item": {"p": {"S": f"t{i}"}, "s": {"N": "1"}, "x": {"S": "x" * 350_000}}}} for i in range(count)]

    dynamodb.transact_write_items(TransactItems=puts(11))
    assert "cannot exceed 4 MB" in refusal(dynamodb.transact_write_items, TransactItems=puts(12))


def test_attributes_have_names(dynamodb, table):
    assert refusal(dynamodb.put_item, TableName=table, Item={"p": {"S": "a"}, "s": {"N": "1"}, "": {"S": "x"}}) == "Empty attribute name"
