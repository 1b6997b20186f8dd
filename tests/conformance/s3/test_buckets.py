"""Buckets: names, places, owners."""

import urllib.error
import urllib.request
import uuid

import botocore.exceptions
import pytest

import support


def code_of(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]["Code"]


@pytest.mark.parametrize("name", ["ab", "Upper", "a_b", "a..b", "-ab", "192.168.0.1"])
def test_bad_names(s3, name):
    assert code_of(s3.create_bucket, Bucket=name) == "InvalidBucketName"


def test_create_again_in_us_east_1_succeeds(s3, bucket):
    assert s3.create_bucket(Bucket=bucket)["Location"] == "/" + bucket
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


def test_other_regions(endpoint):
    west = support.client("s3", endpoint, region_name="eu-west-1")
    name = "region-" + uuid.uuid4().hex[:12]
    assert code_of(west.create_bucket, Bucket=name) == "IllegalLocationConstraintException"
    west.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert west.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    # The old name of eu-west-1 is told as it was given (recording of AWS, 2025).
    west.create_bucket(Bucket=name + "-eu", CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert west.get_bucket_location(Bucket=name + "-eu")["LocationConstraint"] == "EU"
    row = west.list_buckets(Prefix=name + "-eu")["Buckets"][0]
    assert (row["BucketRegion"], row["BucketArn"]) == ("eu-west-1", f"arn:aws:s3:::{name}-eu")
    west.delete_bucket(Bucket=name + "-eu")
    assert code_of(west.create_bucket, Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == "BucketAlreadyOwnedByYou"
    west.delete_bucket(Bucket=name)


def test_other_accounts(s3, bucket, endpoint):
    other = support.client("s3", endpoint, aws_access_key_id="111111111111")
    assert code_of(other.create_bucket, Bucket=bucket) == "BucketAlreadyExists"
    assert bucket not in [row["Name"] for row in other.list_buckets()["Buckets"]]
    assert bucket in [row["Name"] for row in s3.list_buckets()["Buckets"]]


def test_expected_owner(s3, bucket):
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="000000000000")
    assert code_of(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="111111111111") == "AccessDenied"


def test_only_empty_buckets_go(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    assert code_of(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"
    assert code_of(s3.delete_bucket, Bucket=bucket + "x") == "NoSuchBucket"


def test_what_is_not_built_says_so(endpoint):
    request = urllib.request.Request(endpoint + "/WriteGetObjectResponse", b"", method="POST",
                                     headers={"x-amz-request-route": "r", "x-amz-request-token": "t"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 501
    assert "Cloche does not implement s3.WriteGetObjectResponse yet" in caught.value.read().decode()


def test_pages_of_buckets(s3):
    prefix = "paged-" + uuid.uuid4().hex[:8]
    names = [f"{prefix}-{i}" for i in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    seen, token = [], {}
    while True:
        page = s3.list_buckets(Prefix=prefix, MaxBuckets=2, **token)
        seen += [row["Name"] for row in page["Buckets"]]
        if "ContinuationToken" not in page:
            break
        token = {"ContinuationToken": page["ContinuationToken"]}
    assert seen == names
    for name in names:
        s3.delete_bucket(Bucket=name)
