"""S3 Metadata: configurations of both versions. Rules: "Metadata table configurations", "... limitations", API Reference."""

import botocore.exceptions
import pytest

JOURNAL = {"RecordExpiration": {"Expiration": "ENABLED", "Days": 7}}
TABLES = "arn:aws:s3tables:us-east-1:000000000000:bucket/"


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def configuration(s3, bucket):
    return s3.get_bucket_metadata_configuration(Bucket=bucket)["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"]


def test_a_configuration(s3, bucket):
    assert refused(s3.get_bucket_metadata_configuration, Bucket=bucket) == ("MetadataConfigurationNotFound", 404)
    s3.create_bucket_metadata_configuration(Bucket=bucket, MetadataConfiguration={
        "JournalTableConfiguration": {**JOURNAL, "EncryptionConfiguration": {"SseAlgorithm": "AES256"}}, "InventoryTableConfiguration": {"ConfigurationState": "ENABLED"}})
    got = configuration(s3, bucket)
    assert got["DestinationResult"] == {"TableBucketType": "aws", "TableBucketArn": TABLES + "aws-s3", "TableNamespace": "b_" + bucket}
    journal, inventory = got["JournalTableConfigurationResult"], got["InventoryTableConfigurationResult"]
    assert (journal["TableName"], journal["TableStatus"], journal["RecordExpiration"]) == ("journal", "ACTIVE", JOURNAL["RecordExpiration"])
    assert (inventory["TableName"], inventory["TableStatus"], inventory["ConfigurationState"]) == ("inventory", "ACTIVE", "ENABLED")
    for table in (journal, inventory):
        assert table["TableArn"].startswith(TABLES + "aws-s3/table/") and "EncryptionConfiguration" not in table
    assert journal["TableArn"] != inventory["TableArn"]
    # There is one, and the first version's operations leave it alone.
    assert refused(s3.create_bucket_metadata_configuration, Bucket=bucket, MetadataConfiguration={"JournalTableConfiguration": JOURNAL})[1] == 409
    assert refused(s3.get_bucket_metadata_table_configuration, Bucket=bucket) == ("MethodNotAllowed", 405)
    assert refused(s3.delete_bucket_metadata_table_configuration, Bucket=bucket) == ("MethodNotAllowed", 405)

    s3.update_bucket_metadata_journal_table_configuration(Bucket=bucket, JournalTableConfiguration={"RecordExpiration": {"Expiration": "DISABLED"}})
    s3.update_bucket_metadata_inventory_table_configuration(Bucket=bucket, InventoryTableConfiguration={"ConfigurationState": "DISABLED"})
    changed = configuration(s3, bucket)
    assert changed["JournalTableConfigurationResult"] == {**journal, "RecordExpiration": {"Expiration": "DISABLED"}}
    assert changed["InventoryTableConfigurationResult"] == {"ConfigurationState": "DISABLED"}
    s3.update_bucket_metadata_inventory_table_configuration(Bucket=bucket, InventoryTableConfiguration={"ConfigurationState": "ENABLED"})
    assert configuration(s3, bucket)["InventoryTableConfigurationResult"]["TableArn"] != inventory["TableArn"]

    s3.delete_bucket_metadata_configuration(Bucket=bucket)
    assert refused(s3.delete_bucket_metadata_configuration, Bucket=bucket) == ("MetadataConfigurationNotFound", 404)
    assert refused(s3.update_bucket_metadata_journal_table_configuration, Bucket=bucket, JournalTableConfiguration=JOURNAL)[1] == 404


def test_the_first_version(s3, bucket):
    destination = {"TableBucketArn": TABLES + "mine", "TableName": "of_objects"}
    s3.create_bucket_metadata_table_configuration(Bucket=bucket, MetadataTableConfiguration={"S3TablesDestination": destination})
    got = s3.get_bucket_metadata_table_configuration(Bucket=bucket)["GetBucketMetadataTableConfigurationResult"]
    result = got["MetadataTableConfigurationResult"]["S3TablesDestinationResult"]
    assert got["Status"] == "ACTIVE" and result["TableNamespace"] == "aws_s3_metadata"
    assert {name: result[name] for name in destination} == destination and result["TableArn"].startswith(TABLES + "mine/table/")
    # The second version reads it too.
    seen = configuration(s3, bucket)
    assert seen["DestinationResult"]["TableBucketType"] == "customer"
    assert seen["JournalTableConfigurationResult"]["TableArn"] == result["TableArn"]
    assert refused(s3.update_bucket_metadata_journal_table_configuration, Bucket=bucket, JournalTableConfiguration=JOURNAL)[1] == 405
    s3.delete_bucket_metadata_table_configuration(Bucket=bucket)
    assert refused(s3.get_bucket_metadata_table_configuration, Bucket=bucket)[0] == "MetadataConfigurationNotFound"
    for wrong in ({**destination, "TableBucketArn": TABLES.replace("us-east-1", "us-west-2") + "mine"}, {**destination, "TableName": "Big"}):
        assert refused(s3.create_bucket_metadata_table_configuration, Bucket=bucket, MetadataTableConfiguration={"S3TablesDestination": wrong})[1] == 400


@pytest.mark.parametrize("wrong", [
    {"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "ENABLED", "Days": 6}}},
    {"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "ENABLED"}}},
    {"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "SOMETIMES"}}},
    {"JournalTableConfiguration": {**JOURNAL, "EncryptionConfiguration": {"SseAlgorithm": "aws:kms"}}},
    {"JournalTableConfiguration": JOURNAL, "InventoryTableConfiguration": {"ConfigurationState": "ON"}},
    {"InventoryTableConfiguration": {"ConfigurationState": "ENABLED"}},
])
def test_what_is_refused(s3, bucket, wrong):
    assert refused(s3.create_bucket_metadata_configuration, Bucket=bucket, MetadataConfiguration=wrong) == ("MalformedXML", 400)
