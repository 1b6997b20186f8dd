"""Object Lock: configurations, retention in both modes, legal holds, and the deletes that they refuse. Texts are those that the real
service sent (recordings of AWS, 2026-02)."""

import datetime
import uuid

import botocore.exceptions
import pytest

PROTECTED = (403, "AccessDenied", "Access Denied because object protected by object lock.")
MALFORMED = (400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def later(**delta):
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(**delta)


@pytest.fixture
def locked(s3):
    """A bucket with Object Lock, left to its session: compliance can't be undone."""
    name = "lock-" + uuid.uuid4().hex[:16]
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


def put(s3, bucket, **arguments):
    return {"Bucket": bucket, "Key": "k", "VersionId": s3.put_object(Bucket=bucket, Key="k", Body=b"x", **arguments)["VersionId"]}


def test_a_bucket_with_lock_has_versions_for_good(s3, locked):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    assert refused(s3.put_bucket_versioning, Bucket=locked, VersioningConfiguration={"Status": "Suspended"}) == (
        409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
    s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Enabled"})


def test_configurations(s3, locked, bucket):
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=wanted)
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == wanted
    assert refused(s3.get_object_lock_configuration, Bucket=bucket)[:2] == (404, "ObjectLockConfigurationNotFoundError")
    enable = {"Bucket": bucket, "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    assert refused(s3.put_object_lock_configuration, **enable)[:2] == (409, "InvalidBucketState")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(**enable)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}


@pytest.mark.parametrize("retention, expected", [
    ({"Mode": "GOVERNANCE", "Days": 0}, (400, "InvalidArgument", "Default retention period must be a positive integer value.")),
    ({"Mode": "GOVERNANCE", "Years": -1}, (400, "InvalidArgument", "Default retention period must be a positive integer value.")),
    ({"Mode": "GOVERNANCE", "Days": 999_999_999}, (400, "InvalidArgument", "Default retention period too large.")),
    ({"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, MALFORMED),
    ({"Mode": "GOVERNANCE"}, MALFORMED), ({"Days": 1}, MALFORMED), ({"Mode": "governance", "Days": 1}, MALFORMED), ({}, MALFORMED),
])
def test_what_is_wrong_with_a_default(s3, locked, retention, expected):
    assert refused(s3.put_object_lock_configuration, Bucket=locked, ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}) == expected


def test_default_retention_counts_from_the_put(s3, locked):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}})
    version = put(s3, locked)
    head = s3.head_object(**version)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert abs(head["ObjectLockRetainUntilDate"] - head["LastModified"] - datetime.timedelta(days=365)) < datetime.timedelta(seconds=2)
    own = put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(days=2))
    assert s3.head_object(**own)["ObjectLockMode"] == "GOVERNANCE"
    upload = s3.create_multipart_upload(Bucket=locked, Key="m")["UploadId"]
    part = s3.upload_part(Bucket=locked, Key="m", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(Bucket=locked, Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.head_object(Bucket=locked, Key="m")["ObjectLockMode"] == "COMPLIANCE"


def test_governance(s3, locked):
    until = later(days=2)
    version = put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    assert s3.get_object_retention(**version)["Retention"] == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    assert refused(s3.delete_object, **version) == PROTECTED
    errors = s3.delete_objects(Bucket=locked, Delete={"Objects": [{"Key": "k", "VersionId": version["VersionId"]}]})["Errors"]
    assert [(e["Code"], e["Message"]) for e in errors] == [PROTECTED[1:]]
    change = lambda mode, at, **more: dict(version, Retention={"Mode": mode, "RetainUntilDate": at}, **more)
    assert refused(s3.put_object_retention, **change("GOVERNANCE", later(days=1))) == PROTECTED
    assert refused(s3.put_object_retention, **change("COMPLIANCE", until)) == PROTECTED
    s3.put_object_retention(**change("GOVERNANCE", later(days=3)))
    s3.put_object_retention(**change("GOVERNANCE", later(days=1), BypassGovernanceRetention=True))
    s3.put_object_retention(**version, Retention={}, BypassGovernanceRetention=True)
    assert refused(s3.get_object_retention, **version)[:2] == (404, "NoSuchObjectLockConfiguration")
    s3.put_object_retention(**change("GOVERNANCE", later(days=1)))
    s3.delete_object(**version, BypassGovernanceRetention=True)
    assert refused(s3.head_object, **version)[0] == 404


def test_compliance(s3, locked):
    until = later(days=2)
    version = put(s3, locked, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    assert refused(s3.delete_object, **version, BypassGovernanceRetention=True) == PROTECTED
    for mode, at in (("COMPLIANCE", later(days=1)), ("GOVERNANCE", later(days=3))):
        assert refused(s3.put_object_retention, **version, Retention={"Mode": mode, "RetainUntilDate": at}, BypassGovernanceRetention=True) == PROTECTED
    s3.put_object_retention(**version, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": later(days=3)})
    marker = s3.delete_object(Bucket=locked, Key="k")  # A marker above it is no loss.
    assert marker["DeleteMarker"] is True
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    assert refused(s3.put_object_retention, Bucket=locked, Key="k", VersionId=marker["VersionId"], Retention=retention)[:2] == (405, "MethodNotAllowed")
    assert s3.get_object(**version)["Body"].read() == b"x"


def test_retention_ends(s3, locked):
    version = put(s3, locked, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=later(seconds=1))
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=5)
    while datetime.datetime.now() < deadline:
        try:
            s3.delete_object(**version)
            return
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied"
    raise AssertionError("still locked")


def test_legal_hold(s3, locked):
    version = put(s3, locked)
    assert refused(s3.get_object_legal_hold, **version)[:2] == (404, "NoSuchObjectLockConfiguration")
    assert "ObjectLockLegalHoldStatus" not in s3.head_object(**version)
    s3.put_object_legal_hold(**version, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**version)["LegalHold"] == {"Status": "ON"}
    assert refused(s3.delete_object, **version, BypassGovernanceRetention=True) == PROTECTED
    s3.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
    assert s3.head_object(**version)["ObjectLockLegalHoldStatus"] == "OFF"
    assert refused(s3.put_object_legal_hold, **version, LegalHold={"Status": "abc"}) == MALFORMED
    s3.delete_object(**version)
    held = put(s3, locked, ObjectLockLegalHoldStatus="ON")
    copy = s3.copy_object(Bucket=locked, Key="copy", CopySource=f"{locked}/k")
    assert "ObjectLockLegalHoldStatus" not in s3.head_object(Bucket=locked, Key="copy", VersionId=copy["VersionId"])
    s3.put_object_legal_hold(**held, LegalHold={"Status": "OFF"})


def test_what_is_wrong_with_a_lock(s3, locked, bucket):
    put_with = lambda **arguments: refused(s3.put_object, Bucket=locked, Key="k", Body=b"x", **arguments)
    both = (400, "InvalidArgument", "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
    assert put_with(ObjectLockMode="GOVERNANCE") == both
    assert put_with(ObjectLockRetainUntilDate=later(days=1)) == both
    assert put_with(ObjectLockMode="abc", ObjectLockRetainUntilDate=later(days=1)) == (400, "InvalidArgument", "Unknown wormMode directive.")
    future = (400, "InvalidArgument", "The retain until date must be in the future!")
    assert put_with(ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(days=-1)) == future
    assert put_with(ObjectLockLegalHoldStatus="abc") == (400, "InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'")
    version = put(s3, locked)
    assert refused(s3.put_object_retention, **version, Retention={"Mode": "GOVERNANCE"}) == MALFORMED
    assert refused(s3.put_object_retention, **version, Retention={"Mode": "abc", "RetainUntilDate": later(days=1)}) == MALFORMED
    # Shown in the time of S3's home.
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.put_object_retention(**version, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": datetime.datetime(2020, 1, 1)})
    error = caught.value.response["Error"]
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("RetainUntilDate", "Tue Dec 31 16:00:00 PST 2019")

    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    missing = (400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
    assert refused(s3.get_object_retention, Bucket=bucket, Key="k") == missing
    assert refused(s3.put_object_legal_hold, Bucket=bucket, Key="k", LegalHold={"Status": "ON"}) == missing
    assert refused(s3.put_object, Bucket=bucket, Key="k", ObjectLockLegalHoldStatus="ON")[:2] == (400, "InvalidRequest")
    only = (400, "InvalidArgument", "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.")
    for bypass in (True, False):
        assert refused(s3.delete_object, Bucket=bucket, Key="k", BypassGovernanceRetention=bypass) == only
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": "k"}]}, BypassGovernanceRetention=True) == only
