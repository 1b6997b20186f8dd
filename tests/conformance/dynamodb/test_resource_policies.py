"""Policies of tables, and Kinesis streams as destinations. Sources: "Resource-based policies for DynamoDB", Developer Guide; LocalStack's
recording of AWS, 2025-07 (test_kinesis_streaming_destination_crud)."""

import json

import pytest
from botocore.exceptions import ClientError

import support


def arn_of(dynamodb, table):
    return dynamodb.describe_table(TableName=table)["Table"]["TableArn"]


def policy(arn, effect="Allow", principal="*", action="dynamodb:GetItem"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": principal, "Action": action, "Resource": arn}]})


def code(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_a_policy_is_kept_by_revision(dynamodb, table):
    arn = arn_of(dynamodb, table)
    assert code(dynamodb.get_resource_policy, ResourceArn=arn) == "PolicyNotFoundException"
    first = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn))["RevisionId"]
    assert dynamodb.get_resource_policy(ResourceArn=arn)["Policy"] == policy(arn)
    assert dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn))["RevisionId"] == first
    assert code(dynamodb.put_resource_policy, ResourceArn=arn, Policy=policy(arn, "Deny"), ExpectedRevisionId="1") == "PolicyNotFoundException"
    assert code(dynamodb.put_resource_policy, ResourceArn=arn, Policy=policy(arn), ExpectedRevisionId="NO_POLICY") == "PolicyNotFoundException"
    second = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn, "Deny"), ExpectedRevisionId=first)["RevisionId"]
    assert second != first
    assert dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)["RevisionId"] == second
    assert "RevisionId" not in dynamodb.delete_resource_policy(ResourceArn=arn)
    assert code(dynamodb.put_resource_policy, ResourceArn=arn, Policy="{}") == "ValidationException"
    assert code(dynamodb.get_resource_policy, ResourceArn=arn + "x") == "ResourceNotFoundException"


# Within an account either policy is enough, and a denial in either is final.
def test_policies_are_judged_when_enforced(tmp_path):
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"users": [
        {"name": "root", "account": "111111111111", "accessKey": "ROOT", "secretKey": "s"},
        {"name": "ada", "account": "111111111111", "accessKey": "ADA", "secretKey": "s", "policies": []},
    ]}))
    server = support.Cloche(tmp_path / "data", "--users", str(users), "--iam", "enforce").start()
    try:
        root = support.client("dynamodb", server.endpoint, aws_access_key_id="ROOT", aws_secret_access_key="s")
        ada = support.client("dynamodb", server.endpoint, aws_access_key_id="ADA", aws_secret_access_key="s")
        root.create_table(TableName="table", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
        arn = arn_of(root, "table")
        key = {"TableName": "table", "Key": {"p": {"S": "a"}}}
        assert code(ada.get_item, **key) == "AccessDeniedException"
        root.put_resource_policy(ResourceArn=arn, Policy=policy(arn, principal={"AWS": "arn:aws:iam::111111111111:user/ada"}))
        ada.get_item(**key)
        assert code(ada.delete_item, **key) == "AccessDeniedException"
        root.put_resource_policy(ResourceArn=arn, Policy=policy(arn, "Deny"))
        assert code(ada.get_item, **key) == "AccessDeniedException"
    finally:
        server.stop()


def test_kinesis_destinations_are_kept(dynamodb, table):
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
    to = {"TableName": table, "StreamArn": stream}
    enabled = dynamodb.enable_kinesis_streaming_destination(**to)
    assert (enabled["DestinationStatus"], enabled["StreamArn"], enabled["TableName"]) == ("ENABLING", stream, table)
    assert enabled["EnableKinesisStreamingConfiguration"] == {}

    def destinations():
        return dynamodb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"]

    assert destinations() == [{"StreamArn": stream, "DestinationStatus": "ACTIVE"}]
    with pytest.raises(ClientError, match="cannot be null or contain only null values"):
        dynamodb.update_kinesis_streaming_destination(**to)
    precision = {"UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"}}
    assert dynamodb.update_kinesis_streaming_destination(**to, **precision)["DestinationStatus"] == "UPDATING"
    with pytest.raises(ClientError, match="Precision is already set to the desired value of MICROSECOND for tableId: "):
        dynamodb.update_kinesis_streaming_destination(**to, **precision)
    assert dynamodb.disable_kinesis_streaming_destination(**to)["DestinationStatus"] == "DISABLING"
    assert destinations()[0]["DestinationStatus"] == "DISABLED"
    with pytest.raises(ClientError, match="No streaming destination with streamArn: " + stream + " found for table with tableName: " + table):
        dynamodb.disable_kinesis_streaming_destination(**to)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException, match="Table: no-such-table not found"):
        dynamodb.describe_kinesis_streaming_destination(TableName="no-such-table")
