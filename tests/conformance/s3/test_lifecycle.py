"""Lifecycle configurations, and their execution on a clock that is moved. Codes, texts and headers: recordings of AWS, 2023 to 2025."""

import datetime
import json
import time
import urllib.request

import botocore.exceptions
import pytest

import support

MALFORMED = ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")


def rule(**members):
    return {"ID": "r", "Status": "Enabled", "Filter": {}, **members}


def put(s3, bucket, *rules, **more):
    return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}, **more)


def test_put_get_delete(s3, bucket):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"], error["BucketName"]) == (
        "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", bucket)
    rules = [
        rule(Expiration={"Date": datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)}),
        rule(ID="s", Filter={"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 10}}, Status="Disabled",
             Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}], NoncurrentVersionExpiration={"NoncurrentDays": 2, "NewerNoncurrentVersions": 3}),
        {"ID": "old", "Prefix": "x/", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]
    assert put(s3, bucket, *rules)["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert (got["Rules"], got["TransitionDefaultMinimumObjectSize"]) == (rules, "all_storage_classes_128K")
    put(s3, bucket, {"Prefix": "", "Status": "Enabled", "Expiration": {"Days": 1}}, TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert got["Rules"][0]["ID"] and got["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    for _ in range(2):
        assert s3.delete_bucket_lifecycle(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize("rules, expected", [
    ([], MALFORMED),
    ([{"ID": "r", "Status": "Enabled", "Expiration": {"Days": 7}}], MALFORMED),
    ([rule(Expiration={"Days": 7}, Status="enabled")], MALFORMED),
    ([rule(Expiration={"Days": 7}, NoncurrentVersionExpiration={})], MALFORMED),
    ([rule(Expiration={"Days": 7}, Filter={"And": {"Prefix": "a"}, "Prefix": ""})], MALFORMED),
    ([rule(Expiration={"Days": 7}, Filter={"ObjectSizeGreaterThan": 500, "Prefix": ""})], MALFORMED),
    ([rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True})], MALFORMED),
    ([rule(Expiration={"Date": datetime.datetime(2023, 1, 1, 2, 2)})], ("InvalidArgument", "'Date' must be at midnight GMT")),
    ([rule(Expiration={"Days": 0})], ("InvalidArgument", "'Days' for Expiration action must be a positive integer")),
    ([rule(Expiration={"Days": 1}, Filter={"And": {"Tags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}})],
     ("InvalidRequest", "Duplicate Tag Keys are not allowed.")),
    ([rule(Expiration={"Days": 1}), rule(Expiration={"Days": 2})],
     ("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")),
    ([rule(ID="a" * 256, Expiration={"Days": 1})], ("InvalidArgument", "ID length should not exceed allowed limit of 255")),
    ([rule()], ("InvalidRequest", "At least one action needs to be specified in a rule")),
    ([rule(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}])],
     ("InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'")),
])
def test_what_a_rule_may_be(s3, bucket, rules, expected):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        put(s3, bucket, *rules)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == expected


def test_the_size_that_transitions_begin_at(s3, bucket):
    with pytest.raises(botocore.exceptions.ClientError, match="Invalid TransitionDefaultMinimumObjectSize found: value"):
        put(s3, bucket, rule(Expiration={"Days": 1}), TransitionDefaultMinimumObjectSize="value")


def test_the_expiration_header(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, rule(ID="wide one", Filter={"Prefix": "t"}, Expiration={"Days": 9}), rule(ID="narrow", Filter={"Prefix": "te"}, Expiration={"Days": 7}),
        rule(ID="u", Filter={"Prefix": "u/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 3}))
    midnight = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0)

    def header(days, rule_id):
        return f'expiry-date="{(midnight + datetime.timedelta(days=days + 1)).strftime("%a, %d %b %Y %H:%M:%S GMT")}", rule-id="{rule_id}"'
    made = s3.put_object(Bucket=bucket, Key="test", Body=b"x")
    assert made["Expiration"] == header(7, "narrow")  # The earliest.
    assert s3.put_object(Bucket=bucket, Key="to", Body=b"x")["Expiration"] == header(9, "wide+one")
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="none", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="test")["Expiration"] == header(7, "narrow")
    assert s3.get_object(Bucket=bucket, Key="test")["Expiration"] == header(7, "narrow")
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="test", VersionId=made["VersionId"])
    assert s3.copy_object(Bucket=bucket, Key="test2", CopySource=f"{bucket}/none")["Expiration"] == header(7, "narrow")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="u/1")
    assert (upload["AbortDate"], upload["AbortRuleId"]) == ((midnight + datetime.timedelta(days=4)).replace(microsecond=0), "u")


@pytest.fixture
def own(tmp_path):
    """A Cloche whose clock may be moved."""
    server = support.Cloche(tmp_path / "data", "--seed", "7").start()
    yield server
    assert server.stop() == 0
    assert server.doctor()[0] == 0


def days(server, count):
    request = urllib.request.Request(server.endpoint + "/_cloche/clock", json.dumps({"action": "advance", "by": f"{count}d"}).encode())
    with urllib.request.urlopen(request) as response:
        return json.load(response)["now"]


def until(expected, look):
    for _ in range(200):
        if (seen := look()) == expected:
            return
        time.sleep(0.01)
    assert seen == expected


def test_rules_are_carried_out(own):
    s3 = support.client("s3", own.endpoint, config={"s3": {"addressing_style": "path"}})
    s3.create_bucket(Bucket="b-lifecycle")
    s3.put_bucket_notification_configuration(Bucket="b-lifecycle", NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_object(Bucket="b-lifecycle", Key="log/1", Body=b"x")
    s3.put_object(Bucket="b-lifecycle", Key="cold", Body=b"x" * 200_000)
    s3.put_object(Bucket="b-lifecycle", Key="keep", Body=b"x")
    upload = s3.create_multipart_upload(Bucket="b-lifecycle", Key="up")["UploadId"]
    s3.upload_part(Bucket="b-lifecycle", Key="up", UploadId=upload, PartNumber=1, Body=b"part")
    put(s3, "b-lifecycle", rule(ID="1", Filter={"Prefix": "log/"}, Expiration={"Days": 1}),
        rule(ID="2", Filter={"Prefix": "cold"}, Transitions=[{"Days": 1, "StorageClass": "GLACIER_IR"}]),
        rule(ID="3", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2}))

    def state():
        rows = [(row["Key"], row["StorageClass"]) for row in s3.list_objects_v2(Bucket="b-lifecycle")["Contents"]]
        return rows, "Uploads" in s3.list_multipart_uploads(Bucket="b-lifecycle")
    assert state() == ([("cold", "STANDARD"), ("keep", "STANDARD"), ("log/1", "STANDARD")], True)
    days(own, 1)
    until(([("cold", "GLACIER_IR"), ("keep", "STANDARD")], True), state)
    days(own, 1)
    until(([("cold", "GLACIER_IR"), ("keep", "STANDARD")], False), state)
    with urllib.request.urlopen(own.endpoint + "/_cloche/s3/events/b-lifecycle") as response:
        told = [event["message"] for event in json.load(response)]
    assert [(event["detail-type"], event["detail"].get("reason"), event["detail"]["object"]["key"]) for event in told[-2:]] == [
        ("Object Storage Class Changed", None, "cold"), ("Object Deleted", "Lifecycle Expiration", "log/1")]
    # What was due while nobody ran is done at the next start.
    own.kill()
    own.start()
    days(own, 1)
    until(2, lambda: support.client("s3", own.endpoint, config={"s3": {"addressing_style": "path"}}).list_objects_v2(Bucket="b-lifecycle")["KeyCount"])
