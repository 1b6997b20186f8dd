"""Global indexes whose keys have several attributes (November 2025). Source: "Multi-attribute keys pattern", Developer Guide;
texts and orders as AWS was recorded to answer in October 2026 (paritysuite/dynamodb-conformance)."""

import pytest
from botocore.exceptions import ClientError

# p, then h1 h2 | r1 r2 n of the index.
ITEMS = [
    ("a", "T", "x", "live", "b", 1),
    ("b", "T", "x", "live", "a", 20),
    ("c", "T", "x", "live", "a", 3),
    ("d", "T", "x", "draft", "c", 1),
    ("e", "T", "y", "live", "a", 1),
    ("f", "T", "x", "live", "a", None),  # Lacks an attribute of the key: not in the index.
]


def index():
    return {
        "IndexName": "many",
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in
                      [("h1", "HASH"), ("h2", "HASH"), ("r1", "RANGE"), ("r2", "RANGE"), ("n", "RANGE")]],
        "Projection": {"ProjectionType": "ALL"},
    }


def definitions():
    return [{"AttributeName": name, "AttributeType": "N" if name == "n" else "S"} for name in ("p", "h1", "h2", "r1", "r2", "n")]


def fill(dynamodb, name):
    for p, h1, h2, r1, r2, n in ITEMS:
        item = {"p": {"S": p}, "h1": {"S": h1}, "h2": {"S": h2}, "r1": {"S": r1}, "r2": {"S": r2}}
        if n is not None:
            item["n"] = {"N": str(n)}
        dynamodb.put_item(TableName=name, Item=item)


@pytest.fixture(params=["created with it", "added to it"])
def many(request, dynamodb, table_name):
    name = table_name()
    base = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}
    if request.param == "created with it":
        dynamodb.create_table(**base, AttributeDefinitions=definitions(), GlobalSecondaryIndexes=[index()])
        fill(dynamodb, name)
        return name
    dynamodb.create_table(**base, AttributeDefinitions=definitions()[:1])
    fill(dynamodb, name)
    dynamodb.update_table(TableName=name, AttributeDefinitions=definitions(), GlobalSecondaryIndexUpdates=[{"Create": index()}])
    waiting = True
    while waiting:
        waiting = dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] != "ACTIVE"
    return name


VALUES = {":T": {"S": "T"}, ":x": {"S": "x"}, ":live": {"S": "live"}, ":a": {"S": "a"}, ":l": {"S": "l"}, ":n": {"N": "3"}, ":m": {"N": "4"}}


def ask(dynamodb, name, condition, **more):
    words = condition.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {word: VALUES[word] for word in words if word.startswith(":")}
    answer = dynamodb.query(TableName=name, IndexName="many", KeyConditionExpression=condition, ExpressionAttributeValues=used, **more)
    return "".join(item["p"]["S"] for item in answer["Items"]), answer.get("LastEvaluatedKey")


# Items lie in the order of the sort attributes, one after the other, numbers as numbers.
@pytest.mark.parametrize("condition, found", [
    ("h1 = :T AND h2 = :x", "dcba"),
    ("h2 = :x AND r1 = :live AND h1 = :T", "cba"),
    ("h1 = :T AND h2 = :x AND r1 = :live AND r2 = :a", "cb"),
    ("h1 = :T AND h2 = :x AND r1 = :live AND r2 > :a", "a"),
    ("h1 = :T AND h2 = :x AND r1 < :live", "d"),
    ("h1 = :T AND h2 = :x AND begins_with(r1, :l)", "cba"),
    ("h1 = :T AND h2 = :x AND r1 = :live AND r2 = :a AND n >= :n", "cb"),
    ("h1 = :T AND h2 = :x AND r1 = :live AND r2 = :a AND n BETWEEN :n AND :m", "c"),
])
def test_sort_attributes_narrow_from_the_left(dynamodb, many, condition, found):
    assert ask(dynamodb, many, condition)[0] == found
    assert ask(dynamodb, many, condition, ScanIndexForward=False)[0] == found[::-1]


def test_pages_carry_every_attribute_of_the_keys(dynamodb, many):
    seen, start = "", {}
    while True:
        page, last = ask(dynamodb, many, "h1 = :T AND h2 = :x", Limit=1, **start)
        seen += page
        if last is None:
            break
        assert sorted(last) == ["h1", "h2", "n", "p", "r1", "r2"]
        start = {"ExclusiveStartKey": last}
    assert seen == "dcba"
    assert sorted(item["p"]["S"] for item in dynamodb.scan(TableName=many, IndexName="many")["Items"]) == list("abcde")


@pytest.mark.parametrize("condition, text", [
    ("h1 = :T AND h2 = :x AND r2 = :a",
     "RANGE key attributes r1 must have equality conditions specified in the query because a condition is present on key attribute r2"),
    ("h1 = :T AND h2 = :x AND r1 > :l AND r2 = :a",
     "RANGE key attributes r1 must have equality conditions specified in the query because a condition is present on key attribute r2"),
    ("h1 = :T AND r1 = :live", "Query condition missed key schema element: h2"),
    ("h1 = :T AND h2 > :x", "Query key condition not supported"),
])
def test_what_an_index_cannot_answer_is_refused(dynamodb, many, condition, text):
    with pytest.raises(ClientError) as refused:
        ask(dynamodb, many, condition)
    assert refused.value.response["Error"]["Message"] == text


def test_partiql_does_not_read_such_an_index(dynamodb, many):
    with pytest.raises(ClientError, match="cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys"):
        dynamodb.execute_statement(Statement=f'SELECT * FROM "{many}"."many" WHERE h1 = \'T\'')
    assert dynamodb.execute_statement(Statement=f'SELECT * FROM "{many}" WHERE p = \'a\'')["Items"]


def test_keys_follow_their_items(dynamodb, many):
    dynamodb.update_item(TableName=many, Key={"p": {"S": "a"}}, UpdateExpression="SET r2 = :a", ExpressionAttributeValues={":a": {"S": "a"}})
    assert ask(dynamodb, many, "h1 = :T AND h2 = :x AND r1 = :live AND r2 = :a")[0] == "acb"
    dynamodb.update_item(TableName=many, Key={"p": {"S": "a"}}, UpdateExpression="REMOVE n")
    assert ask(dynamodb, many, "h1 = :T AND h2 = :x AND r1 = :live AND r2 = :a")[0] == "cb"
    with pytest.raises(ClientError, match="Type mismatch for Index Key n Expected: N Actual: S IndexName: many"):
        dynamodb.put_item(TableName=many, Item={"p": {"S": "z"}, "n": {"S": "1"}})
