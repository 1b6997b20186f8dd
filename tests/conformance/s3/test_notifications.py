"""Notification configurations, and the events that they make. Codes, texts and members: recordings of AWS, 2022 to 2025.
Nobody delivers events yet: what waits is read from Cloche's own admin API."""

import json
import urllib.request

import botocore.exceptions
import pytest

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


def waiting(endpoint, bucket):
    with urllib.request.urlopen(f"{endpoint}/_cloche/s3/events/{bucket}") as response:
        return [(event["to"], event["message"]) for event in json.load(response)]


def records(endpoint, bucket):
    return [message["Records"][0] for _, message in waiting(endpoint, bucket) if "Records" in message]


def put(s3, bucket, skip=True, **configuration):
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=skip)


def rules(*pairs):
    return {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in pairs]}}


def test_put_and_get(s3, bucket):
    assert set(s3.get_bucket_notification_configuration(Bucket=bucket)) == {"ResponseMetadata"}
    put(s3, bucket, EventBridgeConfiguration={}, QueueConfigurations=[
        {"Id": "mine", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"], "Filter": rules(("prefix", "a/"), ("SUFFIX", ".txt"))},
        {"QueueArn": QUEUE, "Events": ["s3:ObjectRemoved:Delete"]}])
    got = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert got["EventBridgeConfiguration"] == {}
    first, second = got["QueueConfigurations"]
    assert first == {"Id": "mine", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"], "Filter": rules(("Prefix", "a/"), ("Suffix", ".txt"))}
    assert len(second.pop("Id")) >= 32 and second == {"QueueArn": QUEUE, "Events": ["s3:ObjectRemoved:Delete"]}
    put(s3, bucket)
    assert set(s3.get_bucket_notification_configuration(Bucket=bucket)) == {"ResponseMetadata"}


@pytest.mark.parametrize("configuration, expected", [
    ({"QueueArn": "nonsense", "Events": ["s3:ObjectCreated:*"]},
     {"Code": "InvalidArgument", "Message": "The ARN could not be parsed", "ArgumentName": "Queue", "ArgumentValue": "nonsense"}),
    ({"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"], "Filter": rules(("INVALID", "x"))},
     {"Code": "InvalidArgument", "Message": "filter rule name must be either prefix or suffix", "ArgumentName": "FilterRule.Name", "ArgumentValue": "INVALID"}),
    ({"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [{"Name": "prefix"}]}}},
     {"Code": "MalformedXML", "Message": "The XML you provided was not well-formed or did not validate against our published schema"}),
    ({"QueueArn": QUEUE, "Events": ["s3:Nothing"]},
     {"Code": "InvalidArgument", "Message": "The event 's3:Nothing' is not supported for notifications", "ArgumentName": "Event", "ArgumentValue": "s3:Nothing"}),
])
def test_what_a_configuration_may_be(s3, bucket, configuration, expected):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        put(s3, bucket, QueueConfigurations=[configuration])
    assert caught.value.response["Error"] == expected


def test_a_new_configuration_sends_a_test(s3, bucket, endpoint):
    put(s3, bucket, QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}],
        TopicConfigurations=[{"TopicArn": TOPIC, "Events": ["s3:ObjectRemoved:*"]}])
    sent = waiting(endpoint, bucket)
    assert sorted(to for to, _ in sent) == [TOPIC, QUEUE]
    for _, message in sent:
        assert list(message) == ["Service", "Event", "Time", "Bucket", "RequestId", "HostId"]
        assert (message["Service"], message["Event"], message["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)


def test_each_change_is_told(s3, bucket, endpoint):
    s3.put_object(Bucket=bucket, Key="before", Body=b"x")
    put(s3, bucket, QueueConfigurations=[{"Id": "all", "QueueArn": QUEUE, "Events": [
        "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"]}])
    answer = s3.put_object(Bucket=bucket, Key="a b", Body=b"abc")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/a b")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"abcd")
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.put_object_tagging(Bucket=bucket, Key="copy", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="copy")
    s3.delete_object(Bucket=bucket, Key="copy")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "never there"}]})
    told = records(endpoint, bucket)
    assert [(record["eventName"], record["s3"]["object"]["key"], record["s3"]["object"].get("size"), record["eventVersion"]) for record in told] == [
        ("ObjectCreated:Put", "a+b", 3, "2.1"), ("ObjectCreated:Copy", "copy", 3, "2.1"),
        ("ObjectCreated:CompleteMultipartUpload", "parts", 4, "2.1"), ("ObjectTagging:Put", "copy", None, "2.3"),
        ("ObjectTagging:Delete", "copy", None, "2.3"), ("ObjectRemoved:Delete", "copy", None, "2.1"), ("ObjectRemoved:Delete", "never+there", None, "2.1")]
    first = told[0]
    assert first["s3"]["configurationId"] == "all"
    assert first["s3"]["object"]["eTag"] == answer["ETag"].strip('"')
    assert first["responseElements"] == {"x-amz-request-id": answer["ResponseMetadata"]["RequestId"], "x-amz-id-2": answer["ResponseMetadata"]["HostId"]}
    assert set(told[-1]["s3"]["object"]) == {"key", "sequencer"}
    ordered = [record["s3"]["object"]["sequencer"] for record in told if "sequencer" in record["s3"]["object"]]
    assert ordered == sorted(ordered)


def test_versions_and_markers(s3, bucket, endpoint):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, EventBridgeConfiguration={}, QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:Put", "s3:ObjectRemoved:*"]}])
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"abc")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    told = [(record["eventName"], record["s3"]["object"]["versionId"], record["s3"]["object"].get("eTag")) for record in records(endpoint, bucket)]
    assert told == [("ObjectCreated:Put", version, "900150983cd24fb0d6963f7d28e17f72"),
                    ("ObjectRemoved:DeleteMarkerCreated", marker, "d41d8cd98f00b204e9800998ecf8427e"), ("ObjectRemoved:Delete", version, None)]
    bridge = [message for to, message in waiting(endpoint, bucket) if to == "eventbridge"]
    assert [(event["detail-type"], event["detail"]["reason"], event["detail"].get("deletion-type")) for event in bridge] == [
        ("Object Created", "PutObject", None), ("Object Deleted", "DeleteObject", "Delete Marker Created"), ("Object Deleted", "DeleteObject", "Permanently Deleted")]
    assert list(bridge[0]) == ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert bridge[0]["detail"]["object"] | {"sequencer": "..."} == {
        "key": "k", "size": 3, "etag": "900150983cd24fb0d6963f7d28e17f72", "version-id": version, "sequencer": "..."}


def test_what_waits_is_bounded(s3, bucket, endpoint):
    put(s3, bucket, EventBridgeConfiguration={})
    for start in (0, 600):
        s3.delete_objects(Bucket=bucket, Delete={"Quiet": True, "Objects": [{"Key": f"k{i:04}"} for i in range(start, start + 600)]})
    keys = [message["detail"]["object"]["key"] for _, message in waiting(endpoint, bucket)]
    assert keys == [f"k{i:04}" for i in range(200, 1200)]


# Recorded: the queue is told that S3 itself has completed it, for the owner; EventBridge of the class, and of no place in a sequence.
def test_restores(endpoint, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", StorageClass="GLACIER")
    put(s3, bucket, EventBridgeConfiguration={}, QueueConfigurations=[{"Id": "q", "QueueArn": QUEUE, "Events": ["s3:ObjectRestore:*"]}])
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 2})
    post, completed = records(endpoint, bucket)
    owner = post["s3"]["bucket"]["ownerIdentity"]["principalId"]
    assert (post["eventName"], post["eventVersion"]) == ("ObjectRestore:Post", "2.1")
    assert (completed["eventName"], completed["userIdentity"]) == ("ObjectRestore:Completed", {"principalId": "AmazonCustomer:" + owner})
    assert set(completed["glacierEventData"]["restoreEventData"]) == {"lifecycleRestorationExpiryTime", "lifecycleRestoreStorageClass"}
    assert {"eTag", "key", "sequencer", "size"} == set(completed["s3"]["object"])
    begun, done = [message for to, message in waiting(endpoint, bucket) if to == "eventbridge" and "Restore" in message["detail-type"]]
    common = {"bucket", "object", "request-id", "requester", "source-storage-class", "version"}
    assert (begun["detail-type"], set(begun["detail"])) == ("Object Restore Initiated", common | {"source-ip-address"})
    assert (done["detail-type"], set(done["detail"])) == ("Object Restore Completed", common | {"restore-expiry-time"})
    assert begun["detail"]["source-storage-class"] == "GLACIER" and set(done["detail"]["object"]) == {"etag", "key", "size"}
