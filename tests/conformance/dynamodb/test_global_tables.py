"""Replicas of tables in other regions (version 2019.11.21). Source: "Global tables", Developer Guide, and its tutorial; the text about
replicas that are not there is AWS's (LocalStack, test_global_tables_version_2019)."""

import time

import pytest
from botocore.exceptions import ClientError

import support

HOME, AWAY, FAR = "us-east-1", "eu-west-1", "ap-south-1"


@pytest.fixture
def regions(endpoint, table):
    made = {region: support.client("dynamodb", endpoint, region_name=region) for region in (HOME, AWAY, FAR)}
    yield made
    for region in (AWAY, FAR):
        try:
            made[region].delete_table(TableName=table)
        except made[region].exceptions.ResourceNotFoundException:
            pass


def until(call, wanted):
    """What replication brings comes soon, and not at once."""
    end = time.monotonic() + 10
    while (found := call()) != wanted and time.monotonic() < end:
        time.sleep(0.01)
    assert found == wanted


def item(p, **more):
    return {"p": {"S": p}, "s": {"N": "1"}, **{name: {"S": text} for name, text in more.items()}}


def contents(dynamodb, table, **more):
    return sorted((i["p"]["S"], i.get("x", {}).get("S")) for i in dynamodb.scan(TableName=table, **more)["Items"])


def replicas(dynamodb, table):
    return sorted(r["RegionName"] for r in dynamodb.describe_table(TableName=table)["Table"].get("Replicas", []))


def test_items_are_the_same_in_all_regions(regions, table):
    home, away, far = regions.values()
    home.put_item(TableName=table, Item=item("before", x="1", g="g"))
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": FAR}}])
    assert replicas(home, table) == [FAR, AWAY] and replicas(away, table) == [FAR, HOME] and replicas(far, table) == [AWAY, HOME]
    described = away.describe_table(TableName=table)["Table"]
    assert described["GlobalTableVersion"] == "2019.11.21" and AWAY in described["TableArn"]

    # What was there, what comes, from whichever region, and what goes; indexes with them.
    away.put_item(TableName=table, Item=item("away", x="2", g="g"))
    far.put_item(TableName=table, Item=item("far", x="3"))
    for dynamodb in (home, away, far):
        until(lambda: contents(dynamodb, table), [("away", "2"), ("before", "1"), ("far", "3")])
        until(lambda: [i[0] for i in contents(dynamodb, table, IndexName="by_g")], ["away", "before"])
    home.delete_item(TableName=table, Key={"p": {"S": "away"}, "s": {"N": "1"}})
    away.update_item(TableName=table, Key={"p": {"S": "far"}, "s": {"N": "1"}}, UpdateExpression="SET x = :x", ExpressionAttributeValues={":x": {"S": "4"}})
    for dynamodb in (home, away, far):
        until(lambda: contents(dynamodb, table), [("before", "1"), ("far", "4")])


# Two regions that write the same item at the same time agree in the end on one of the two.
def test_the_last_writer_wins(regions, table):
    home, away, _ = regions.values()
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    for i in range(50):
        home.put_item(TableName=table, Item=item("shared", x=f"home {i}"))
        away.put_item(TableName=table, Item=item("shared", x=f"away {i}"))
    until(lambda: contents(home, table) == contents(away, table), True)
    time.sleep(0.1)
    assert contents(home, table) == contents(away, table) == [("shared", "away 49")]


def test_replicas_go_one_by_one(regions, table):
    home, away, far = regions.values()
    with pytest.raises(ClientError, match="Cannot add or delete the local region through ReplicaUpdates"):
        home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": HOME}}])
    for region in (AWAY, FAR):
        home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": region}}])
    with pytest.raises(ClientError, match="one or more replicas already existed as tables"):
        home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    home.update_table(TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    with pytest.raises(away.exceptions.ResourceNotFoundException):
        away.describe_table(TableName=table)
    with pytest.raises(ClientError, match="one or more replicas were not part of the global table"):
        home.update_table(TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    assert replicas(far, table) == [HOME]
    far.delete_table(TableName=table)
    assert "Replicas" not in home.describe_table(TableName=table)["Table"]


# A write that came from another region has its record in the stream of each.
def test_streams_tell_of_what_came(regions, endpoint, table_name):
    home, away, _ = regions.values()
    name = table_name()
    home.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                      AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                      StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    home.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    try:
        home.put_item(TableName=name, Item={"p": {"S": "a"}})
        until(lambda: away.scan(TableName=name)["Count"], 1)
        streams = support.client("dynamodbstreams", endpoint, region_name=AWAY)
        arn = away.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        assert [(r["eventName"], r["awsRegion"], r["dynamodb"]["Keys"]) for r in records] == [("INSERT", AWAY, {"p": {"S": "a"}})]
    finally:
        away.delete_table(TableName=name)


# Settings synchronization: how a table is billed, units of writing, indexes and time to live are the same everywhere; what is a
# region's own stays.
def test_settings_are_shared(regions, table_name):
    home, away, _ = regions.values()
    name = table_name()
    home.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                      AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    home.put_item(TableName=name, Item={"p": {"S": "a"}, "g": {"S": "x"}, "until": {"N": "1"}})
    home.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    until(lambda: away.scan(TableName=name)["Count"], 1)
    try:
        index = {"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
        away.update_table(TableName=name, AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}], GlobalSecondaryIndexUpdates=[{"Create": index}])
        for dynamodb in (home, away):
            until(lambda: dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"], "ACTIVE")
            assert [i["p"]["S"] for i in dynamodb.scan(TableName=name, IndexName="by_g")["Items"]] == ["a"]
        home.put_item(TableName=name, Item={"p": {"S": "b"}, "g": {"S": "x"}})
        until(lambda: away.scan(TableName=name, IndexName="by_g")["Count"], 2)

        units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
        home.update_table(TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=units, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by_g", "ProvisionedThroughput": units}}])
        home.update_table(TableName=name, ReplicaUpdates=[{"Update": {"RegionName": AWAY, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 9}}}])
        home.update_table(TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}, DeletionProtectionEnabled=True)
        told = [dynamodb.describe_table(TableName=name)["Table"] for dynamodb in (home, away)]
        assert [(t["ProvisionedThroughput"]["ReadCapacityUnits"], t["ProvisionedThroughput"]["WriteCapacityUnits"]) for t in told] == [(7, 8), (9, 8)]
        assert [t["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] for t in told] == [6, 6]
        assert [t["DeletionProtectionEnabled"] for t in told] == [True, False]
        away.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
        assert home.describe_table(TableName=name)["Table"]["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        home.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_g"}}])
        described = away.describe_table(TableName=name)["Table"]
        assert "GlobalSecondaryIndexes" not in described and described["AttributeDefinitions"] == [{"AttributeName": "p", "AttributeType": "S"}]

        away.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
        assert home.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
        home.put_item(TableName=name, Item={"p": {"S": "c"}, "until": {"N": str(int(time.time()) - 60)}})
        for dynamodb in (home, away):
            until(lambda: sorted(i["p"]["S"] for i in dynamodb.scan(TableName=name)["Items"]), ["a", "b"])
        home.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": False, "AttributeName": "until"})
        assert away.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    finally:
        home.update_table(TableName=name, DeletionProtectionEnabled=False)
        away.delete_table(TableName=name)


# What follows is what AWS was measured to answer in October 2026.
def test_what_may_be_asked_of_replicas_at_once(regions, table):
    home = regions[HOME]

    def refused(text, *updates, **more):
        with pytest.raises(ClientError, match=text) as error:
            home.update_table(TableName=table, ReplicaUpdates=list(updates), **more)
        assert error.value.response["Error"]["Code"] == "ValidationException"

    away, far = {"Create": {"RegionName": AWAY}}, {"Create": {"RegionName": FAR}}
    refused("Replica modification must be the only operation in the request", away, DeletionProtectionEnabled=True)
    refused("more than one create or delete replica actions not allowed", away, far)
    refused("more than one type of replica actions not allowed", {**away, "Delete": {"RegionName": AWAY}})
    refused("Cannot add or delete the local region through ReplicaUpdates", {"Create": {"RegionName": HOME}})
    refused(rf"Please retry the request without these replicas: \[{FAR}\]", {"Update": {"RegionName": FAR, "TableClassOverride": "STANDARD"}})
    # A table without a stream gets one, which may not be closed while there are replicas.
    assert "LatestStreamArn" not in home.describe_table(TableName=table)["Table"]
    home.update_table(TableName=table, ReplicaUpdates=[away, away])
    described = home.describe_table(TableName=table)["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert described["GlobalTableSettingsReplicationMode"] == "ENABLED_WITH_OVERRIDES"
    with pytest.raises(ClientError, match="Disabling Stream is not allowed for a Global Table replica"):
        home.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    refused("no actions specified", {"Update": {"RegionName": AWAY}})
    refused("KMSMasterKeyId must be specified for each replica", {"Update": {"RegionName": AWAY, "KMSMasterKeyId": "alias/aws/dynamodb"}})


def replica(dynamodb, table, region):
    return next(r for r in dynamodb.describe_table(TableName=table)["Table"]["Replicas"] if r["RegionName"] == region)


# Settings of a replica's own: told where they differ, from both sides.
def test_overrides_by_request(regions, table):
    home, away, _ = regions.values()
    home.update_table(TableName=table, OnDemandThroughput={"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 50})
    assert home.describe_table(TableName=table)["Table"]["OnDemandThroughput"] == {"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 50}
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 100}}}])
    assert away.describe_table(TableName=table)["Table"]["OnDemandThroughput"] == {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50}
    assert replica(home, table, AWAY)["OnDemandThroughputOverride"] == {"MaxReadRequestUnits": 100}
    assert replica(away, table, HOME)["OnDemandThroughputOverride"] == {"MaxReadRequestUnits": 500}
    home.update_table(TableName=table, ReplicaUpdates=[{"Update": {
        "RegionName": AWAY, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 500}, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS",
        "GlobalSecondaryIndexes": [{"IndexName": "by_g", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 7}}]}}])
    told = replica(home, table, AWAY)
    assert "OnDemandThroughputOverride" not in told and told["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert told["GlobalSecondaryIndexes"][0]["IndexName"] == "by_g" and told["GlobalSecondaryIndexes"][0]["OnDemandThroughputOverride"] == {"MaxReadRequestUnits": 7}
    assert away.describe_table(TableName=table)["Table"]["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert "TableClassSummary" not in home.describe_table(TableName=table)["Table"]


@pytest.fixture
def provisioned(regions, table_name):
    """A table of 5 and 5 units with a global index, and a replica."""
    name, units = table_name(), {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    regions[HOME].create_table(TableName=name, ProvisionedThroughput=units, KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                               AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in "pg"],
                               GlobalSecondaryIndexes=[{"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                                        "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": units}])
    regions[HOME].update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    yield name
    regions[AWAY].delete_table(TableName=name)


def test_overrides_of_units(regions, provisioned):
    home, away, _ = regions.values()
    assert "ProvisionedThroughputOverride" not in replica(home, provisioned, AWAY)
    with pytest.raises(ClientError, match="MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"):
        home.update_table(TableName=provisioned, ReplicaUpdates=[{"Update": {"RegionName": AWAY, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 1}}}])
    for units, told in ((10, {"ReadCapacityUnits": 10}), (5, None)):
        home.update_table(TableName=provisioned, ReplicaUpdates=[{"Update": {"RegionName": AWAY, "ProvisionedThroughputOverride": {"ReadCapacityUnits": units}}}])
        assert replica(home, provisioned, AWAY).get("ProvisionedThroughputOverride") == told
        there = away.describe_table(TableName=provisioned)["Table"]["ProvisionedThroughput"]
        assert (there["ReadCapacityUnits"], there["WriteCapacityUnits"]) == (units, 5)


OFF = {"AutoScalingDisabled": True, "ScalingPolicies": []}


def scaling(least, most, target=70.0, **more):
    return {"MinimumUnits": least, "MaximumUnits": most,
            "ScalingPolicyUpdate": {"PolicyName": "mine", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": target, **more}}}


def test_auto_scaling_of_replicas(regions, provisioned):
    home, away, _ = regions.values()
    described = home.describe_table_replica_auto_scaling(TableName=provisioned)["TableAutoScalingDescription"]
    assert described == away.describe_table_replica_auto_scaling(TableName=provisioned)["TableAutoScalingDescription"]
    assert list(described) == ["TableName", "TableStatus", "Replicas"]
    assert [r["RegionName"] for r in described["Replicas"]] == [AWAY, HOME]
    for told in described["Replicas"]:
        assert told["ReplicaProvisionedReadCapacityAutoScalingSettings"] == told["ReplicaProvisionedWriteCapacityAutoScalingSettings"] == OFF
        assert told["GlobalSecondaryIndexes"] == [{"IndexName": "by_g", "IndexStatus": "ACTIVE", "ProvisionedReadCapacityAutoScalingSettings": OFF,
                                                   "ProvisionedWriteCapacityAutoScalingSettings": OFF}]
    home.update_table_replica_auto_scaling(
        TableName=provisioned, ProvisionedWriteCapacityAutoScalingUpdate=scaling(8, 20, ScaleInCooldown=-1, DisableScaleIn=True),
        GlobalSecondaryIndexUpdates=[{"IndexName": "by_g", "ProvisionedWriteCapacityAutoScalingUpdate": scaling(1, 4)}],
        ReplicaUpdates=[{"RegionName": AWAY, "ReplicaProvisionedReadCapacityAutoScalingUpdate": scaling(6, 6, 19.9)}])
    there, here = away.describe_table_replica_auto_scaling(TableName=provisioned)["TableAutoScalingDescription"]["Replicas"]
    write = there["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert write == here["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert (write["MinimumUnits"], write["MaximumUnits"]) == (8, 20) and write["AutoScalingRoleArn"].startswith("arn:aws:iam::000000000000:role/")
    assert write["ScalingPolicies"] == [{"PolicyName": "mine", "TargetTrackingScalingPolicyConfiguration": {
        "DisableScaleIn": True, "ScaleInCooldown": -1, "TargetValue": 70.0}}]
    assert here["ReplicaProvisionedReadCapacityAutoScalingSettings"] == OFF and there["ReplicaProvisionedReadCapacityAutoScalingSettings"]["MinimumUnits"] == 6
    # The units are brought within the bounds.
    units = [d.describe_table(TableName=provisioned)["Table"] for d in (home, away)]
    assert [(t["ProvisionedThroughput"]["ReadCapacityUnits"], t["ProvisionedThroughput"]["WriteCapacityUnits"]) for t in units] == [(5, 8), (6, 8)]
    assert [t["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] for t in units] == [4, 4]
    home.update_table_replica_auto_scaling(TableName=provisioned, ProvisionedWriteCapacityAutoScalingUpdate={"AutoScalingDisabled": True})
    assert home.describe_table_replica_auto_scaling(TableName=provisioned)["TableAutoScalingDescription"]["Replicas"][1][
        "ReplicaProvisionedWriteCapacityAutoScalingSettings"] == OFF


def test_refusals_of_auto_scaling(regions, table, provisioned):
    home = regions[HOME]

    def refused(code, text, name=provisioned, **request):
        with pytest.raises(ClientError, match=text) as error:
            home.update_table_replica_auto_scaling(TableName=name, **request)
        assert error.value.response["Error"]["Code"] == code

    def read(update, region=AWAY):
        return {"ReplicaUpdates": [{"RegionName": region, **({"ReplicaProvisionedReadCapacityAutoScalingUpdate": update} if update is not None else {})}]}

    refused("ResourceNotFoundException", f"Global table with name: '{table}' does not exist.", name=table)
    refused("ValidationException", "Maximum capacity cannot be less than minimum capacity .Service: AWSApplicationAutoScaling", **read(scaling(5, 4)))
    refused("ValidationException", "DynamoDBReadCapacityUtilization, target value must be between '10.0' and '90.0', but was '90.1'", **read(scaling(1, 4, 90.1)))
    refused("ValidationException", "For target tracking scaling, target value must be between .* but was '0.0'", **read(scaling(1, 4, 0.0)))
    refused("ValidationException", "Parameters 'MaximumUnits', 'ScalingPolicyUpdate', 'MinimumUnits' are required unless auto scaling is being disabled", **read({}))
    refused("ValidationException", f"at least one update parameter must be specified for region: ‘{AWAY}’", **read(None))
    refused("ResourceNotFoundException", rf"a replica does not exist in regions: ‘\[{FAR}\]’", **read(scaling(1, 4), FAR))
    refused("ResourceNotFoundException", r"the global secondary indexes with names: ‘\[nope\]’ do not exist",
            GlobalSecondaryIndexUpdates=[{"IndexName": "nope", "ProvisionedWriteCapacityAutoScalingUpdate": scaling(1, 4)}])
    home.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    refused("ValidationException", "Replicas 'EU-WEST-1', 'US-EAST-1' BillingMode is PayPerRequest. You must convert", name=table, **read(scaling(1, 4)))
