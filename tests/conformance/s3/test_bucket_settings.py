"""Configurations with ids, and switches: inventory, analytics, metrics, intelligent tiering, acceleration, ABAC. Codes, texts and
statuses: recordings of AWS, 2023 to 2025."""

import botocore.exceptions
import pytest

MALFORMED = ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
MISSING = ("NoSuchConfiguration", "The specified configuration does not exist.")

INVENTORY = {"Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::there", "Format": "CSV"}}, "IsEnabled": True, "Id": "i",
             "IncludedObjectVersions": "All", "OptionalFields": ["Size", "ETag"], "Schedule": {"Frequency": "Daily"}}
ANALYTICS = {"Id": "i", "Filter": {"Prefix": "p"}, "StorageClassAnalysis": {"DataExport": {
    "OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::there", "Prefix": "x"}}}}}
METRICS = {"Id": "i", "Filter": {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}]}}}
TIERING = {"Id": "i", "Filter": {"Prefix": "p"}, "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
KINDS = [("inventory", "InventoryConfiguration", INVENTORY), ("analytics", "AnalyticsConfiguration", ANALYTICS),
         ("metrics", "MetricsConfiguration", METRICS), ("intelligent_tiering", "IntelligentTieringConfiguration", TIERING)]


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Named:
    def __init__(self, s3, bucket, kind, member):
        self.member = member
        self.calls = {verb: getattr(s3, f"{verb}_bucket_{kind}_configuration") for verb in ("put", "get", "delete")}
        self.all = getattr(s3, f"list_bucket_{kind}_configurations")
        self.bucket = bucket

    def put(self, configuration, id=None):
        return self.calls["put"](Bucket=self.bucket, Id=id or configuration["Id"], **{self.member: configuration})

    def get(self, id):
        return self.calls["get"](Bucket=self.bucket, Id=id)[self.member]

    def delete(self, id):
        return self.calls["delete"](Bucket=self.bucket, Id=id)

    def list(self, **more):
        return self.all(Bucket=self.bucket, **more)


@pytest.mark.parametrize("kind, member, configuration", KINDS)
def test_put_get_list_delete(s3, bucket, kind, member, configuration):
    named = Named(s3, bucket, kind, member)
    assert refused(named.get, id="i") == MISSING
    assert (named.list()["IsTruncated"], member + "List" in named.list()) == (False, False)
    for id in ("z", "a", "m"):
        assert named.put({**configuration, "Id": id})["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert named.get("m") == {**configuration, "Id": "m"}
    assert [one["Id"] for one in named.list()[member + "List"]] == ["a", "m", "z"]
    assert named.delete("m")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(named.delete, id="m") == MISSING
    assert [one["Id"] for one in named.list()[member + "List"]] == ["a", "z"]


def test_pages(s3, bucket):
    named = Named(s3, bucket, "metrics", "MetricsConfiguration")
    for i in range(102):
        named.put({"Id": f"{i:03}"})
    first = named.list()
    assert first["IsTruncated"] and len(first["MetricsConfigurationList"]) == 100
    rest = named.list(ContinuationToken=first["NextContinuationToken"])
    assert (rest["IsTruncated"], rest["ContinuationToken"]) == (False, first["NextContinuationToken"])
    assert [one["Id"] for one in rest["MetricsConfigurationList"]] == ["100", "101"]


@pytest.mark.parametrize("change, expected", [
    ({"Id": "other"}, ("IdMismatch", "Document ID does not match the specified configuration ID.")),
    ({"Destination": {"S3BucketDestination": {"Bucket": "there", "Format": "CSV"}}}, ("InvalidS3DestinationBucket", "Invalid bucket ARN.")),
    ({"Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::there", "Format": "WRONG"}}}, MALFORMED),
    ({"Schedule": {"Frequency": "Hourly"}}, MALFORMED),
    ({"IncludedObjectVersions": "Wrong"}, MALFORMED),
    ({"OptionalFields": ["Wrong"]}, MALFORMED),
])
def test_what_an_inventory_may_be(s3, bucket, change, expected):
    assert refused(Named(s3, bucket, "inventory", "InventoryConfiguration").put, configuration={**INVENTORY, **change}, id="i") == expected


def test_ids_of_the_other_kinds(s3, bucket):
    for kind, member, configuration in KINDS[1:]:
        assert refused(Named(s3, bucket, kind, member).put, configuration=configuration, id="different") == MALFORMED


def test_acceleration(s3, bucket):
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": status})
        assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == status
    assert refused(s3.put_bucket_accelerate_configuration, Bucket=bucket, AccelerateConfiguration={"Status": "enabled"}) == MALFORMED
    assert refused(s3.put_bucket_accelerate_configuration, Bucket="a.b", AccelerateConfiguration={"Status": "Enabled"}) == (
        "InvalidRequest", "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")


def test_abac(s3, bucket):
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Disabled"}
    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Enabled"})
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Enabled"}
    assert refused(s3.put_bucket_abac, Bucket=bucket, AbacStatus={"Status": "On"}) == MALFORMED
