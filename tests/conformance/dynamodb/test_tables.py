"""Tables: making, describing, changing, dropping."""

import pytest
from botocore.exceptions import ClientError


def simple(name):
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    }


# What CreateTable answers and what DescribeTable says soon after.
def test_a_table_is_described(dynamodb, table_name):
    name = table_name()
    made = dynamodb.create_table(**simple(name), ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["TableArn"].endswith(":table/" + name)
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    assert table["ItemCount"] == 0
    assert name in dynamodb.list_tables()["TableNames"]


# The text is from LocalStack's recording of AWS, 2025-10.
def test_a_table_is_created_once(dynamodb, table_name):
    name = table_name()
    dynamodb.create_table(**simple(name), BillingMode="PAY_PER_REQUEST")
    with pytest.raises(dynamodb.exceptions.ResourceInUseException, match="Table already exists: " + name):
        dynamodb.create_table(**simple(name), BillingMode="PAY_PER_REQUEST")


def test_on_demand_has_no_throughput(dynamodb, table_name):
    with pytest.raises(ClientError, match="Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"):
        dynamodb.create_table(
            **simple(table_name()),
            BillingMode="PAY_PER_REQUEST",
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        )


def test_a_table_needs_keys(dynamodb, table_name):
    with pytest.raises(ClientError, match="1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null"):
        dynamodb.create_table(TableName=table_name(), AttributeDefinitions=simple("x")["AttributeDefinitions"], BillingMode="PAY_PER_REQUEST")


# A new global index is filled from what was there.
def test_an_index_can_be_added(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={"p": {"S": "a"}, "s": {"N": "1"}, "new": {"S": "x"}})
    dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "new", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by_new",
                    "KeySchema": [{"AttributeName": "new", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    for _ in range(100):
        indexes = {i["IndexName"]: i for i in dynamodb.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]}
        if indexes["by_new"]["IndexStatus"] == "ACTIVE":
            break
    answer = dynamodb.query(
        TableName=table, IndexName="by_new", KeyConditionExpression="#n = :x",
        ExpressionAttributeNames={"#n": "new"}, ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert answer["Count"] == 1


def test_a_dropped_table_is_gone(dynamodb, table_name):
    name = table_name()
    dynamodb.create_table(**simple(name), BillingMode="PAY_PER_REQUEST")
    assert dynamodb.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    with pytest.raises(ClientError, match="Requested resource not found: Table: " + name + " not found"):
        dynamodb.describe_table(TableName=name)


def test_tags_are_kept(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_time_to_live_is_remembered(dynamodb, table):
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    description = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert description == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}
