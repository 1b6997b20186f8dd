"""Tags of buckets. Codes, texts and statuses: recordings of AWS, 2025."""

import uuid

import botocore.exceptions
import pytest


def tags(**pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs.items()]}


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    error = dict(caught.value.response["Error"])
    return {name: error.get(name) for name in ("Code", "Message", "TagKey", "TagValue") if name in error}


def test_put_get_delete(s3, bucket):
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == {"Code": "NoSuchTagSet", "Message": "The TagSet does not exist"}
    put = s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(b="1", a="", c="é ü"))
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(b="1", a="", c="é ü")["TagSet"]
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(d="2"))
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(d="2")["TagSet"]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    assert refused(s3.get_bucket_tagging, Bucket=bucket)["Code"] == "NoSuchTagSet"
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(e="3"))
    for _ in range(2):
        assert s3.delete_bucket_tagging(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_tagging, Bucket=bucket)["Code"] == "NoSuchTagSet"


@pytest.mark.parametrize("tag_set, expected", [
    ([("k", "v"), ("k", "w")], {"Code": "InvalidTag", "Message": "Cannot provide multiple Tags with the same key", "TagKey": "k"}),
    ([("a,b", "v")], {"Code": "InvalidTag", "Message": "The TagKey you have provided is invalid", "TagKey": "a,b"}),
    ([("k" * 129, "v")], {"Code": "InvalidTag", "Message": "The TagKey you have provided is invalid", "TagKey": "k" * 129}),
    ([("k", "v,w")], {"Code": "InvalidTag", "Message": "The TagValue you have provided is invalid", "TagKey": "k", "TagValue": "v,w"}),
    ([("aws:k", "v")], {"Code": "InvalidTag", "Message": "System tags cannot be added/updated by requester", "TagKey": "aws:k"}),
    ([(f"k{i}", "v") for i in range(51)], {"Code": "BadRequest", "Message": "Bucket tag count cannot be greater than 50"}),
])
def test_what_a_tag_may_be(s3, bucket, tag_set, expected):
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in tag_set]}
    assert refused(s3.put_bucket_tagging, Bucket=bucket, Tagging=tagging) == expected


def test_lengths_count_characters(s3, bucket):
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "é" * 128, "Value": "ü" * 256}]})


def test_a_bucket_made_with_tags(s3):
    name = "tagged-" + uuid.uuid4().hex[:12]
    configuration = {"Tags": tags(k="v")["TagSet"]}
    made = s3.create_bucket(Bucket=name, CreateBucketConfiguration=configuration)
    assert made["BucketArn"] == "arn:aws:s3:::" + name
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == configuration["Tags"]
    # Creating one's own bucket again succeeds in us-east-1, unless it brings tags.
    s3.create_bucket(Bucket=name)
    assert refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration=configuration)["Code"] == "BucketAlreadyOwnedByYou"
    s3.delete_bucket(Bucket=name)
    # The tags went with it.
    s3.create_bucket(Bucket=name)
    assert refused(s3.get_bucket_tagging, Bucket=name)["Code"] == "NoSuchTagSet"
    s3.delete_bucket(Bucket=name)
    system = {"Tags": tags(**{"aws:k": "v"})["TagSet"]}
    assert refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration=system)["Message"].startswith("User-defined tag keys can't start with")
