"""Backups and point-in-time recovery."""

import datetime
import time

import pytest


@pytest.fixture
def numbers(dynamodb, table_name):
    name = table_name()
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    return name


def put(dynamodb, table, key, value):
    dynamodb.put_item(TableName=table, Item={"p": {"S": key}, "v": {"N": str(value)}})


def items(dynamodb, table):
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    return {item["p"]["S"]: int(item["v"]["N"]) for item in dynamodb.scan(TableName=table)["Items"]}


def test_a_backup_is_made_listed_restored_and_deleted(dynamodb, numbers, table_name):
    put(dynamodb, numbers, "a", 1)
    arn = dynamodb.create_backup(TableName=numbers, BackupName="before")["BackupDetails"]["BackupArn"]
    put(dynamodb, numbers, "a", 2)
    for _ in range(100):
        backup = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
        if backup["BackupDetails"]["BackupStatus"] == "AVAILABLE":
            break
        time.sleep(0.02)
    assert backup["SourceTableDetails"]["ItemCount"] == 1
    assert [summary["BackupName"] for summary in dynamodb.list_backups(TableName=numbers)["BackupSummaries"]] == ["before"]
    restored = table_name()
    begun = dynamodb.restore_table_from_backup(TargetTableName=restored, BackupArn=arn)["TableDescription"]
    assert begun["TableStatus"] == "CREATING" and begun["RestoreSummary"]["SourceBackupArn"] == arn
    assert items(dynamodb, restored) == {"a": 1}
    assert dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "DELETED"
    with pytest.raises(dynamodb.exceptions.BackupNotFoundException):
        dynamodb.describe_backup(BackupArn=arn)


# Members as LocalStack recorded them on AWS, 2025-10.
def test_a_table_comes_back_as_it_was(dynamodb, numbers, table_name):
    with pytest.raises(dynamodb.exceptions.PointInTimeRecoveryUnavailableException):
        dynamodb.restore_table_to_point_in_time(SourceTableName=numbers, TargetTableName=table_name(), UseLatestRestorableTime=True)
    told = dynamodb.update_continuous_backups(TableName=numbers, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    recovery = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED" and recovery["RecoveryPeriodInDays"] == 35
    put(dynamodb, numbers, "a", 1)
    put(dynamodb, numbers, "b", 1)
    time.sleep(1.1)  # RestoreDateTime is told in whole seconds.
    moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    time.sleep(0.1)
    put(dynamodb, numbers, "a", 2)
    dynamodb.delete_item(TableName=numbers, Key={"p": {"S": "b"}})
    then, now = table_name(), table_name()
    dynamodb.restore_table_to_point_in_time(SourceTableName=numbers, TargetTableName=then, RestoreDateTime=moment)
    dynamodb.restore_table_to_point_in_time(SourceTableName=numbers, TargetTableName=now, UseLatestRestorableTime=True)
    assert items(dynamodb, then) == {"a": 1, "b": 1}
    assert items(dynamodb, now) == {"a": 2}
