"""Replication into buckets of the same Cloche. Codes and texts: recordings of AWS, 2023; the rest: "Replicating objects"."""

import time
import uuid

import botocore.exceptions
import pytest


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def pair(s3, bucket):
    """Two buckets with versioning."""
    other = "replica-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=other)
    for name in (bucket, other):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield bucket, other
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=other):
        for row in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=other, Key=row["Key"], VersionId=row["VersionId"])
    s3.delete_bucket(Bucket=other)


def rule(other, markers="Disabled", **more):
    return {"ID": "r", "Priority": 1, "Status": "Enabled", "Filter": {}, "DeleteMarkerReplication": {"Status": markers},
            "Destination": {"Bucket": "arn:aws:s3:::" + other}, **more}


def put(s3, bucket, *rules):
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": "arn:aws:iam::000000000000:role/r", "Rules": list(rules)})


def settled(s3, bucket, key, version):
    for _ in range(200):
        if (head := s3.head_object(Bucket=bucket, Key=key, VersionId=version)).get("ReplicationStatus") != "PENDING":
            return head.get("ReplicationStatus")
        time.sleep(0.01)
    return "PENDING"


def test_put_get_delete(s3, pair):
    bucket, other = pair
    assert refused(s3.get_bucket_replication, Bucket=bucket) == ("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
    rules = [rule(other, Filter={"Prefix": "Tax"})]
    put(s3, bucket, *rules)
    got = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    assert got == {"Role": "arn:aws:iam::000000000000:role/r", "Rules": rules}
    for _ in range(2):
        assert s3.delete_bucket_replication(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_who_may(s3, pair):
    bucket, other = pair
    assert refused(put, s3=s3, bucket=bucket)[0] == "MalformedXML"
    wrong = ("InvalidRequest", "Destination bucket must have versioning enabled.")
    with pytest.raises(botocore.exceptions.ClientError, match=wrong[1]):
        put(s3, bucket, rule("does-not-exist-" + other))
    s3.put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(botocore.exceptions.ClientError, match=wrong[1]):
        put(s3, bucket, rule(other))
    s3.put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(botocore.exceptions.ClientError, match="Versioning must be 'Enabled' on the bucket to apply a replication configuration"):
        put(s3, bucket, rule(other))


def test_objects_arrive_with_their_ids(s3, pair):
    bucket, other = pair
    s3.put_object(Bucket=bucket, Key="in/before", Body=b"x")
    put(s3, bucket, rule(other, Filter={"Prefix": "in/"}, Destination={"Bucket": "arn:aws:s3:::" + other, "StorageClass": "STANDARD_IA"}))
    first = s3.put_object(Bucket=bucket, Key="in/k", Body=b"one" * 20_000, Metadata={"m": "v"}, Tagging="t=1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="in/k", Body=b"two")["VersionId"]
    outside = s3.put_object(Bucket=bucket, Key="out", Body=b"x")["VersionId"]
    assert [settled(s3, bucket, "in/k", version) for version in (first, second)] == ["COMPLETED"] * 2
    assert settled(s3, bucket, "out", outside) is None
    rows = s3.list_object_versions(Bucket=other)["Versions"]
    assert [(row["Key"], row["VersionId"], row["IsLatest"], row["StorageClass"]) for row in rows] == [
        ("in/k", second, True, "STANDARD_IA"), ("in/k", first, False, "STANDARD_IA")]
    replica = s3.get_object(Bucket=other, Key="in/k", VersionId=first)
    assert (replica["Body"].read(), replica["Metadata"], replica["ReplicationStatus"]) == (b"one" * 20_000, {"m": "v"}, "REPLICA")
    assert replica["LastModified"] == s3.head_object(Bucket=bucket, Key="in/k", VersionId=first)["LastModified"]
    # Tags that change follow.
    s3.put_object_tagging(Bucket=bucket, Key="in/k", VersionId=first, Tagging={"TagSet": [{"Key": "t", "Value": "2"}]})
    for _ in range(200):
        if (tags := s3.get_object_tagging(Bucket=other, Key="in/k", VersionId=first)["TagSet"]) == [{"Key": "t", "Value": "2"}]:
            break
        time.sleep(0.01)
    assert tags == [{"Key": "t", "Value": "2"}]
    # A deleted version stays at the destination.
    s3.delete_object(Bucket=bucket, Key="in/k", VersionId=second)
    assert s3.get_object(Bucket=other, Key="in/k")["Body"].read() == b"two"


@pytest.mark.parametrize("markers", ["Enabled", "Disabled"])
def test_delete_markers(s3, pair, markers):
    bucket, other = pair
    put(s3, bucket, rule(other, markers))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    last = s3.put_object(Bucket=bucket, Key="last", Body=b"x")["VersionId"]  # Work is done in its order.
    assert settled(s3, bucket, "last", last) == "COMPLETED"
    found = [row["VersionId"] for row in s3.list_object_versions(Bucket=other).get("DeleteMarkers", [])]
    assert found == ([marker] if markers == "Enabled" else [])


def test_a_destination_that_has_gone(s3, bucket):
    other = "replica-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=other)
    for name in (bucket, other):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, rule(other))
    s3.delete_bucket(Bucket=other)
    assert settled(s3, bucket, "k", s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]) == "FAILED"
