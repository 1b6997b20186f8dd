"""Server access logs: the configuration, and lines that are really written. Codes and texts: recordings of AWS, 2023; the format:
"Amazon S3 server access log format"."""

import json
import re
import time
import urllib.request
import uuid

import botocore.exceptions
import pytest

import support


def enable(s3, source, target, **more):
    s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log/", **more}})


def refused(call, *arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments)
    return caught.value.response["Error"]


def test_put_and_get(s3, bucket):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    grants = [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}, "Permission": "WRITE"}]
    enable(s3, bucket, bucket, TargetGrants=grants, TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == {
        "TargetBucket": bucket, "TargetPrefix": "log/", "TargetGrants": grants,
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_targets(s3, bucket, endpoint):
    error = refused(enable, s3, bucket, "none-" + bucket)
    assert (error["Code"], error["Message"], error["TargetBucket"]) == (
        "InvalidTargetBucketForLogging", "The target bucket for logging does not exist", "none-" + bucket)
    elsewhere = "west-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    error = refused(enable, s3, bucket, elsewhere)
    assert (error["Code"], error["Message"], error["TargetBucketLocation"]) == (
        "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed. ", "us-west-2")
    s3.delete_bucket(Bucket=elsewhere)


FIELDS = re.compile(
    r'(?P<owner>[0-9a-f]{64}) (?P<bucket>\S+) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] (?P<ip>\S+) (?P<requester>\S+) '
    r'(?P<request>[0-9A-Z]{16}) (?P<operation>\S+) (?P<key>\S+) "(?P<uri>[^"]*)" (?P<status>\d+) (?P<error>\S+) (?P<sent>\S+) (?P<size>\S+) '
    r'(?P<took>\d+) (?P<turn>\S+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)" (?P<version>\S+) (?P<host_id>\S+) (?P<signature>\S+) (?P<cipher>\S+) '
    r'(?P<auth>\S+) (?P<host>\S+) (?P<tls>\S+) (?P<arn>\S+) (?P<acl>\S+)')


def lines_of(s3, target):
    rows = s3.list_objects_v2(Bucket=target).get("Contents", [])
    text = "".join(s3.get_object(Bucket=target, Key=row["Key"])["Body"].read().decode() for row in rows)
    return [row["Key"] for row in rows], [FIELDS.fullmatch(line) for line in text.splitlines()]


def test_lines_are_written(tmp_path):
    server = support.Cloche(tmp_path / "data").start()
    s3 = support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}})
    s3.create_bucket(Bucket="source")
    s3.create_bucket(Bucket="target")
    enable(s3, "source", "target")
    s3.put_object(Bucket="source", Key="a b", Body=b"abc")
    answer = s3.get_object(Bucket="source", Key="a b")
    answer["Body"].read()
    refused(lambda: s3.get_object(Bucket="source", Key="none"))
    s3.list_objects_v2(Bucket="source")
    s3.delete_object(Bucket="source", Key="a b")
    with urllib.request.urlopen(urllib.request.Request(server.endpoint + "/_cloche/clock", json.dumps({"action": "advance", "by": "61s"}).encode())):
        pass
    for _ in range(200):  # The time has come.
        keys, lines = lines_of(s3, "target")
        if lines:
            break
        time.sleep(0.01)
    assert re.fullmatch(r"log/\d{4}(-\d\d){5}-[0-9A-F]{16}", keys[0])
    assert all(lines)
    seen = [(line["operation"], line["key"], line["status"], line["error"], line["sent"], line["size"]) for line in lines]
    assert seen[-5:-2] == [("REST.PUT.OBJECT", "a+b", "200", "-", "-", "3"), ("REST.GET.OBJECT", "a+b", "200", "-", "3", "3"),
                           ("REST.GET.OBJECT", "none", "404", "NoSuchKey", seen[-3][4], "-")]
    assert [line[0] for line in seen[-2:]] == ["REST.GET.BUCKET", "REST.DELETE.OBJECT"]
    got = lines[-4]
    assert got["request"] == answer["ResponseMetadata"]["RequestId"] and got["host_id"] == answer["ResponseMetadata"]["HostId"]
    assert got["uri"] == "GET /source/a%20b HTTP/1.1" and got["signature"] == "SigV4" and got["auth"] == "AuthHeader"
    assert "Boto3" in got["agent"] and got["owner"] == s3.list_buckets()["Owner"]["ID"]
    # What was gathered when it ends is written too.
    enable(s3, "source", "target", TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}})
    s3.head_bucket(Bucket="source")
    assert server.stop() == 0
    server.start()
    s3 = support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}})
    keys, lines = lines_of(s3, "target")
    assert any(re.fullmatch(r"log/000000000000/us-east-1/source/\d{4}/\d\d/\d\d/\d{4}(-\d\d){5}-[0-9A-F]{16}", key) for key in keys)
    assert "REST.HEAD.BUCKET" in [line["operation"] for line in lines]
    assert server.stop() == 0
    assert server.doctor()[0] == 0
