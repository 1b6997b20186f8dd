"""Versioning: what puts and deletes do to the versions of a key, in all three states of a bucket."""

import botocore.exceptions
import pytest


def versions(s3, bucket, **arguments):
    """(key, version id, is it a marker, is it the latest) in the order of the listing, page by page."""
    rows = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **arguments):
        rows += [(row["Key"], row["VersionId"], False, row["IsLatest"]) for row in page.get("Versions", [])]
        rows += [(row["Key"], row["VersionId"], True, row["IsLatest"]) for row in page.get("DeleteMarkers", [])]
    return rows


def enable(s3, bucket, status="Enabled"):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def test_the_state_of_a_bucket(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    enable(s3, bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    enable(s3, bucket, "Suspended")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    with pytest.raises(botocore.exceptions.ClientError, match="IllegalVersioningConfigurationException"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={})


def test_every_version_stays_readable(s3, bucket):
    enable(s3, bucket)
    ids = [s3.put_object(Bucket=bucket, Key="k", Body=str(i).encode())["VersionId"] for i in range(5)]
    assert len(set(ids)) == 5
    for i, version in enumerate(ids):
        assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == str(i).encode()
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == ids[-1]
    assert [row[1] for row in versions(s3, bucket)] == ids[::-1]
    assert [row[3] for row in versions(s3, bucket)] == [True, False, False, False, False]


def test_a_delete_marker_hides_and_its_removal_shows_again(s3, bucket):
    enable(s3, bucket)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    deleted = s3.delete_object(Bucket=bucket, Key="k")
    assert deleted["DeleteMarker"] is True
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", deleted["VersionId"])
    with pytest.raises(botocore.exceptions.ClientError, match="MethodNotAllowed"):
        s3.get_object(Bucket=bucket, Key="k", VersionId=deleted["VersionId"])
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == b"x"
    assert s3.delete_object(Bucket=bucket, Key="k", VersionId=deleted["VersionId"])["DeleteMarker"] is True
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == version


def test_the_null_version(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    enable(s3, bucket)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"enabled")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    enable(s3, bucket, "Suspended")
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"suspended").get("VersionId", "null") == "null"
    assert [row[1] for row in versions(s3, bucket)] == ["null", version]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"suspended"
    s3.delete_object(Bucket=bucket, Key="k")
    assert [(row[1], row[2]) for row in versions(s3, bucket)] == [(version, False), ("null", True)]
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"enabled"


def test_deleting_the_newest_version_shows_the_one_before(s3, bucket):
    enable(s3, bucket)
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"2")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=second)
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == first
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first)
    assert versions(s3, bucket) == []


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_versions(s3, bucket, size):
    enable(s3, bucket)
    for key in ["a/1", "a/2", "b", "b", "b", "c"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="b")
    whole = versions(s3, bucket)
    assert len(whole) == 7
    assert sorted(versions(s3, bucket, PaginationConfig={"PageSize": size})) == sorted(whole)
    page = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [row["Prefix"] for row in page["CommonPrefixes"]] == ["a/"]


def test_a_versioned_bucket_is_empty_without_versions_only(s3, bucket):
    enable(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    with pytest.raises(botocore.exceptions.ClientError, match="You must delete all versions"):
        s3.delete_bucket(Bucket=bucket)
