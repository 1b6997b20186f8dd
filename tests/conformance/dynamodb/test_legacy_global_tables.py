"""Global tables of version 2017.11.29. Source: "Global tables version 2017.11.29 (Legacy)", Developer Guide; API Reference. Texts of what is
not found as AWS answered in October 2026, when it made no new ones any more (docs/decisions/0031)."""

import time
import uuid

import pytest
from botocore.exceptions import ClientError

import support

REGIONS = HOME, AWAY, FAR = "us-east-1", "eu-west-1", "ap-south-1"
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.fixture
def regions(endpoint):
    return {region: support.client("dynamodb", endpoint, region_name=region) for region in REGIONS}


@pytest.fixture
def name(regions):
    """A name under which tables are deleted in all regions after the test."""
    name = "test-" + uuid.uuid4().hex[:16]
    yield name
    for dynamodb in regions.values():
        try:
            dynamodb.delete_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            pass


def until(call, wanted):
    """What replication brings comes soon, and not at once."""
    end = time.monotonic() + 10
    while (found := call()) != wanted and time.monotonic() < end:
        time.sleep(0.01)
    assert found == wanted


def make(dynamodb, name, key="p", **more):
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    dynamodb.create_table(**{"TableName": name, "ProvisionedThroughput": units, "StreamSpecification": STREAM,
                             "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}], **more})


def group(*names):
    return [{"RegionName": name} for name in names]


def code(call, **request):
    with pytest.raises(ClientError) as refused:
        call(**request)
    return refused.value.response["Error"]["Code"]


def test_tables_are_joined_and_replicated(regions, name):
    home, away, far = regions.values()
    make(home, name)
    make(away, name)
    made = home.create_global_table(GlobalTableName=name, ReplicationGroup=group(HOME, AWAY))["GlobalTableDescription"]
    assert made["GlobalTableStatus"] == "CREATING" and made["GlobalTableArn"] == f"arn:aws:dynamodb::000000000000:global-table/{name}"
    described = away.describe_global_table(GlobalTableName=name)["GlobalTableDescription"]
    assert described["GlobalTableStatus"] == "ACTIVE" and [r["RegionName"] for r in described["ReplicationGroup"]] == [AWAY, HOME]
    assert described["GlobalTableName"] == name and described["CreationDateTime"] == made["CreationDateTime"]
    listed = [t for t in home.list_global_tables()["GlobalTables"] if t["GlobalTableName"] == name]
    assert listed == [{"GlobalTableName": name, "ReplicationGroup": group(AWAY, HOME)}]
    assert name in [t["GlobalTableName"] for t in home.list_global_tables(RegionName=AWAY)["GlobalTables"]]
    assert name not in [t["GlobalTableName"] for t in home.list_global_tables(RegionName=FAR)["GlobalTables"]]
    # DescribeTable speaks of version 2019.11.21 alone.
    assert not {"Replicas", "GlobalTableVersion"} & set(home.describe_table(TableName=name)["Table"])

    make(far, name)
    home.update_global_table(GlobalTableName=name, ReplicaUpdates=[{"Create": {"RegionName": FAR}}])
    away.put_item(TableName=name, Item={"p": {"S": "a"}, "v": {"N": "1"}})
    items = {}
    for region, dynamodb in regions.items():
        until(lambda: "aws:rep:updateregion" in dynamodb.get_item(TableName=name, Key={"p": {"S": "a"}}).get("Item", {}), True)
        items[region] = dynamodb.get_item(TableName=name, Key={"p": {"S": "a"}})["Item"]
    assert items[HOME] == items[AWAY] == items[FAR]
    assert items[HOME]["aws:rep:updateregion"] == {"S": AWAY} and items[HOME]["aws:rep:deleting"] == {"BOOL": False} and float(items[HOME]["aws:rep:updatetime"]["N"]) > 1e9
    home.update_item(TableName=name, Key={"p": {"S": "a"}}, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": {"N": "2"}})
    for dynamodb in regions.values():
        until(lambda: [dynamodb.get_item(TableName=name, Key={"p": {"S": "a"}})["Item"][n] for n in ("v", "aws:rep:updateregion")], [{"N": "2"}, {"S": HOME}])
    home.delete_item(TableName=name, Key={"p": {"S": "a"}})
    for dynamodb in regions.values():
        until(lambda: dynamodb.scan(TableName=name)["Count"], 0)

    # A replica that is removed stays, and goes its own way.
    home.update_global_table(GlobalTableName=name, ReplicaUpdates=[{"Delete": {"RegionName": FAR}}])
    far.put_item(TableName=name, Item={"p": {"S": "alone"}})
    assert far.get_item(TableName=name, Key={"p": {"S": "alone"}})["Item"] == {"p": {"S": "alone"}}
    assert home.scan(TableName=name)["Count"] == 0
    assert code(far.describe_global_table, GlobalTableName=name) == "GlobalTableNotFoundException"


# "Requirements for adding a new replica table."
def test_what_a_replica_has_to_be(regions, name):
    home, away, far = regions.values()
    create = {"GlobalTableName": name, "ReplicationGroup": group(HOME, AWAY)}
    make(home, name)
    assert code(home.create_global_table, **create) == "TableNotFoundException"
    for wrong in ({"StreamSpecification": {"StreamEnabled": False}}, {"StreamSpecification": {**STREAM, "StreamViewType": "KEYS_ONLY"}}, {"key": "other"}):
        make(away, name, **wrong)
        assert code(home.create_global_table, **create) == "ValidationException"
        away.delete_table(TableName=name)
    make(away, name)
    away.put_item(TableName=name, Item={"p": {"S": "data"}})
    assert code(home.create_global_table, **create) == "ValidationException"
    away.delete_item(TableName=name, Key={"p": {"S": "data"}})
    home.create_global_table(**create)
    assert code(home.create_global_table, **create) == "GlobalTableAlreadyExistsException"
    update = {"GlobalTableName": name}
    assert code(home.update_global_table, **update, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}]) == "ReplicaAlreadyExistsException"
    assert code(home.update_global_table, **update, ReplicaUpdates=[{"Create": {"RegionName": FAR}}]) == "TableNotFoundException"
    assert code(home.update_global_table, **update, ReplicaUpdates=[{"Delete": {"RegionName": FAR}}]) == "ReplicaNotFoundException"
    assert code(home.update_global_table, **update, ReplicaUpdates=[]) == "ValidationException"
    assert code(home.update_table, TableName=name, ReplicaUpdates=[{"Create": {"RegionName": FAR}}]) == "ValidationException"


def test_what_is_not_there(regions, name):
    home = regions[HOME]
    make(home, name)  # A table of one region is no global one.
    for call, text in ((home.describe_global_table, "Global table not found: "), (home.describe_global_table_settings, "")):
        with pytest.raises(home.exceptions.GlobalTableNotFoundException, match=f"{text}Global table with name: '{name}' does not exist"):
            call(GlobalTableName=name)
    assert code(home.update_global_table, GlobalTableName=name, ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}]) == "GlobalTableNotFoundException"
    assert code(home.update_global_table_settings, GlobalTableName=name, GlobalTableBillingMode="PAY_PER_REQUEST") == "GlobalTableNotFoundException"


def test_settings(regions, name):
    home, away, _ = regions.values()
    make(home, name)
    make(away, name)
    home.create_global_table(GlobalTableName=name, ReplicationGroup=group(HOME, AWAY))
    off = {"AutoScalingDisabled": True, "ScalingPolicies": []}
    told = home.describe_global_table_settings(GlobalTableName=name)
    assert told["GlobalTableName"] == name and told["ReplicaSettings"] == [
        {"RegionName": region, "ReplicaStatus": "ACTIVE", "ReplicaBillingModeSummary": {"BillingMode": "PROVISIONED"},
         "ReplicaProvisionedReadCapacityUnits": 5, "ReplicaProvisionedReadCapacityAutoScalingSettings": off,
         "ReplicaProvisionedWriteCapacityUnits": 5, "ReplicaProvisionedWriteCapacityAutoScalingSettings": off} for region in (AWAY, HOME)]
    scaling = {"MinimumUnits": 3, "MaximumUnits": 8, "ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50.0}}}
    home.update_global_table_settings(
        GlobalTableName=name, GlobalTableProvisionedWriteCapacityUnits=12, GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate=scaling,
        ReplicaSettingsUpdate=[{"RegionName": AWAY, "ReplicaProvisionedReadCapacityUnits": 7, "ReplicaTableClass": "STANDARD_INFREQUENT_ACCESS"}])
    there, here = away.describe_global_table_settings(GlobalTableName=name)["ReplicaSettings"]
    assert [(r["ReplicaProvisionedReadCapacityUnits"], r["ReplicaProvisionedWriteCapacityUnits"]) for r in (there, here)] == [(7, 8), (5, 8)]
    assert there["ReplicaTableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS" and "ReplicaTableClassSummary" not in here
    assert here["ReplicaProvisionedWriteCapacityAutoScalingSettings"]["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"] == {"TargetValue": 50.0}
    assert home.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"] == 8
    assert code(home.update_global_table_settings, GlobalTableName=name,
                ReplicaSettingsUpdate=[{"RegionName": FAR, "ReplicaProvisionedReadCapacityUnits": 7}]) == "ReplicaNotFoundException"
    assert code(home.update_global_table_settings, GlobalTableName=name,
                GlobalTableGlobalSecondaryIndexSettingsUpdate=[{"IndexName": "nope", "ProvisionedWriteCapacityUnits": 7}]) == "IndexNotFoundException"
    home.update_global_table_settings(GlobalTableName=name, GlobalTableBillingMode="PAY_PER_REQUEST")
    assert {r["ReplicaBillingModeSummary"]["BillingMode"] for r in home.describe_global_table_settings(GlobalTableName=name)["ReplicaSettings"]} == {"PAY_PER_REQUEST"}
