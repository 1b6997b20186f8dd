"""Archived objects: unreadable until a copy is restored ("Restoring an archived object"; recordings of AWS, 2025)."""

import re

import botocore.exceptions
import pytest


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"].get("StorageClass")


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_objects_are_restored_before_they_are_read(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=storage_class)
    invalid = (403, "InvalidObjectState", storage_class)
    assert refused(s3.get_object, Bucket=bucket, Key="k") == invalid
    assert refused(s3.copy_object, Bucket=bucket, Key="c", CopySource=f"{bucket}/k") == invalid
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["StorageClass"] == storage_class and "Restore" not in head
    first = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}})
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert re.fullmatch(r'ongoing-request="false", expiry-date="\w+, \d\d \w+ \d{4} 00:00:00 GMT"', s3.head_object(Bucket=bucket, Key="k")["Restore"])
    for listing, member in ((s3.list_objects_v2, "Contents"), (s3.list_object_versions, "Versions")):
        assert "RestoreStatus" not in listing(Bucket=bucket)[member][0]
        status = listing(Bucket=bucket, OptionalObjectAttributes=["RestoreStatus"])[member][0]["RestoreStatus"]
        assert status["IsRestoreInProgress"] is False and status["RestoreExpiryDate"].hour == 0
    again = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 5})
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 200
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")
    assert s3.get_object(Bucket=bucket, Key="c")["Body"].read() == b"x"


def test_what_can_not_be_restored(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert refused(s3.restore_object, Bucket=bucket, Key="k", RestoreRequest={"Days": 1}) == (403, "InvalidObjectState", "STANDARD")
    assert refused(s3.restore_object, Bucket=bucket, Key="none", RestoreRequest={"Days": 1})[:2] == (404, "NoSuchKey")
    s3.put_object(Bucket=bucket, Key="deep", Body=b"x", StorageClass="DEEP_ARCHIVE")
    expedited = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    assert refused(s3.restore_object, Bucket=bucket, Key="deep", RestoreRequest=expedited)[:2] == (400, "InvalidArgument")
    assert refused(s3.restore_object, Bucket=bucket, Key="k", RestoreRequest={"Days": 1, "Tier": "Soon"})[:2] == (400, "MalformedXML")
