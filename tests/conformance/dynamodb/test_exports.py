"""Exports of tables into buckets. Source: "DynamoDB table export output format", Developer Guide; what AWS was measured to do in 2026
where it says more: names of the checksum files, keys from the bucket's root, members that are absent."""

import base64
import datetime
import gzip
import hashlib
import json
import time
import uuid

import boto3.dynamodb.types
import pytest
from botocore.exceptions import ClientError

import support

SERIALIZER = boto3.dynamodb.types.TypeSerializer()


def recovering(dynamodb, name):
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    return dynamodb.describe_table(TableName=name)["Table"]["TableArn"]


@pytest.fixture
def things(dynamodb, table_name):
    """(name, ARN) of a table with partition key p (S) and point-in-time recovery."""
    name = table_name()
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    return name, recovering(dynamodb, name)


def ended(dynamodb, arn):
    end = time.monotonic() + 20
    while (export := dynamodb.describe_export(ExportArn=arn)["ExportDescription"])["ExportStatus"] == "IN_PROGRESS":
        assert time.monotonic() < end
        time.sleep(0.02)
    return export


def export(dynamodb, arn, bucket, **more):
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, **more)["ExportDescription"]
    return ended(dynamodb, begun["ExportArn"])


def body(s3, bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def lines(s3, export):
    """All lines of the data files that the manifests name, held against what the manifests say of them."""
    bucket = export["S3Bucket"]
    summary = body(s3, bucket, export["ExportManifest"])
    folder = export["ExportManifest"].rpartition("/")[0]
    assert body(s3, bucket, folder + "/manifest-summary.md5") == base64.b64encode(hashlib.md5(summary).digest())
    files = body(s3, bucket, json.loads(summary)["manifestFilesS3Key"])
    assert body(s3, bucket, folder + "/manifest-files.md5") == base64.b64encode(hashlib.md5(files).digest())
    assert body(s3, bucket, folder + "/_started") == b""
    found = []
    for line in files.decode().splitlines():
        file = json.loads(line)
        data = s3.get_object(Bucket=bucket, Key=file["dataFileS3Key"])
        bytes_ = data["Body"].read()
        assert file["md5Checksum"] == base64.b64encode(hashlib.md5(bytes_).digest()).decode()
        assert data["ETag"] == f'"{file["etag"]}"'
        text = gzip.decompress(bytes_).decode().splitlines()
        assert len(text) == file["itemCount"]
        found += text
    assert len(found) == export["ItemCount"] == json.loads(summary)["itemCount"]
    return found


def sets_sorted(item):
    return {name: {kind: sorted(value) if kind in ("SS", "NS", "BS") else value for kind, value in attribute.items()} for name, attribute in item.items()}


def test_an_export_has_all_items_and_its_manifests(dynamodb, s3, bucket, things):
    name, arn = things
    items = {}
    for i in range(30):
        item = {"p": {"S": f"item {i} \"ü\""}, "n": {"N": str(i * 100)}, "b": {"B": b"\x00" + bytes([i])}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.5"]},
                "bs": {"BS": [b"x"]}, "m": {"M": {"in": {"L": [{"NULL": True}, {"BOOL": i % 2 == 0}]}}}, "e": {"S": ""}}
        dynamodb.put_item(TableName=name, Item=item)
        wire = json.loads(json.dumps(item, default=lambda b: base64.b64encode(b).decode()))
        items[item["p"]["S"]] = sets_sorted(wire)
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="to/here")["ExportDescription"]
    # Members as recorded on AWS in 2023, and measured in 2026.
    assert set(begun) == {"ExportArn", "ExportStatus", "StartTime", "TableArn", "TableId", "ExportTime", "ClientToken", "S3Bucket", "S3Prefix",
                          "S3SseAlgorithm", "ExportFormat"}
    assert begun["ExportStatus"] == "IN_PROGRESS" and begun["S3SseAlgorithm"] == "AES256" and begun["ExportFormat"] == "DYNAMODB_JSON"
    export_id = begun["ExportArn"].rpartition("/export/")[2]
    assert begun["ExportArn"] == f"{arn}/export/{export_id}"
    done = ended(dynamodb, begun["ExportArn"])
    assert set(done) == set(begun) | {"EndTime", "ExportManifest", "BilledSizeBytes", "ItemCount"}
    assert done["ExportStatus"] == "COMPLETED" and done["BilledSizeBytes"] > 0
    assert done["ExportManifest"] == f"to/here/AWSDynamoDB/{export_id}/manifest-summary.json"
    summary = json.loads(body(s3, bucket, done["ExportManifest"]))
    assert list(summary) == ["version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportTime", "s3Bucket", "s3Prefix", "s3SseAlgorithm",
                             "s3SseKmsKeyId", "manifestFilesS3Key", "billedSizeBytes", "itemCount", "outputFormat"]
    assert summary["version"] == "2020-06-30" and summary["s3SseKmsKeyId"] is None and summary["outputFormat"] == "DYNAMODB_JSON"
    assert datetime.datetime.fromisoformat(summary["startTime"]) <= datetime.datetime.fromisoformat(summary["endTime"])
    exported = [json.loads(line) for line in lines(s3, done)]
    assert all(list(line) == ["Item"] for line in exported)
    assert {line["Item"]["p"]["S"]: sets_sorted(line["Item"]) for line in exported} == items
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert all(key.startswith(f"to/here/AWSDynamoDB/{export_id}/") for key in keys) and len(keys) == 6


def test_an_export_of_an_earlier_second(dynamodb, s3, bucket, things):
    name, arn = things
    dynamodb.put_item(TableName=name, Item={"p": {"S": "a"}, "v": {"N": "1"}})
    dynamodb.put_item(TableName=name, Item={"p": {"S": "gone"}})
    time.sleep(1.1)  # ExportTime is told in whole seconds.
    moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    time.sleep(0.1)
    dynamodb.put_item(TableName=name, Item={"p": {"S": "a"}, "v": {"N": "2"}})
    dynamodb.delete_item(TableName=name, Key={"p": {"S": "gone"}})
    then = export(dynamodb, arn, bucket, ExportTime=moment, ExportType="FULL_EXPORT")
    assert then["ExportType"] == "FULL_EXPORT" and then["ExportTime"] == moment
    now = export(dynamodb, arn, bucket)
    assert sorted(lines(s3, then)) == ['{"Item":{"p":{"S":"a"},"v":{"N":"1"}}}', '{"Item":{"p":{"S":"gone"}}}']
    assert lines(s3, now) == ['{"Item":{"p":{"S":"a"},"v":{"N":"2"}}}']


# "Each line begins with an Ion version marker, followed by an item in Ion format."
def test_ion(dynamodb, s3, bucket, things):
    name, arn = things
    dynamodb.put_item(TableName=name, Item={"p": {"S": "say \"x\"\n"}, "a b": {"N": "600"}, "c": {"N": "-1.5"}, "d": {"B": b"xyz"}, "e": {"SS": ["a"]},
                                            "f": {"L": [{"N": "103"}, {"NULL": True}, {"BOOL": False}, {"M": {"null": {"S": ""}}}]}})
    done = export(dynamodb, arn, bucket, ExportFormat="ION")
    assert lines(s3, done) == ['$ion_1_0 {Item:{p:"say \\"x\\"\\n",\'a b\':6d2,c:-1.5,d:{{eHl6}},e:$dynamodb_SS::["a"],f:[103.,null,false,{\'null\':""}]}}']
    assert done["ExportFormat"] == "ION"


def test_an_empty_table_has_an_empty_file(dynamodb, s3, bucket, things):
    done = export(dynamodb, things[1], bucket)
    assert done["ItemCount"] == 0 and lines(s3, done) == []
    assert "/data/" in json.loads(body(s3, bucket, done["ExportManifest"].replace("summary", "files")))["dataFileS3Key"]


# FailureCode as AWS was measured to tell it; the bucket is looked at after the request was taken.
def test_an_export_without_a_bucket_fails(dynamodb, things):
    done = export(dynamodb, things[1], "no-such-bucket-" + uuid.uuid4().hex)
    assert done["ExportStatus"] == "FAILED" and done["FailureCode"] == "S3NoSuchBucket"
    assert done["FailureMessage"].startswith("The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; Request ID: ")
    assert "ExportManifest" not in done and "EndTime" in done


# "S3BucketOwner is a required parameter when exporting to a S3 bucket in another account."
def test_another_accounts_bucket(dynamodb, endpoint, bucket, things):
    other = support.client("dynamodb", endpoint, aws_access_key_id="111122223333")
    name = "test-" + uuid.uuid4().hex[:16]
    other.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                       AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    arn = recovering(other, name)
    assert export(other, arn, bucket)["FailureCode"] == "S3AccessDenied"
    done = export(other, arn, bucket, S3BucketOwner="000000000000")
    assert done["ExportStatus"] == "COMPLETED" and done["S3BucketOwner"] == "000000000000"
    other.delete_table(TableName=name)


def test_encrypted_with_a_key(dynamodb, s3, endpoint, bucket, things):
    key = support.client("kms", endpoint).create_key()["KeyMetadata"]["Arn"]
    done = export(dynamodb, things[1], bucket, S3SseAlgorithm="KMS", S3SseKmsKeyId=key)
    assert done["S3SseAlgorithm"] == "KMS" and done["S3SseKmsKeyId"] == key
    assert s3.head_object(Bucket=bucket, Key=done["ExportManifest"])["SSEKMSKeyId"] == key
    assert json.loads(body(s3, bucket, done["ExportManifest"]))["s3SseKmsKeyId"] == key
    failed = export(dynamodb, things[1], bucket, S3SseAlgorithm="KMS", S3SseKmsKeyId="no-such-key")
    assert failed["ExportStatus"] == "FAILED" and failed["FailureCode"].startswith("S3KMS.")


def test_a_token_makes_one_export_of_two_requests(dynamodb, bucket, things):
    token = str(uuid.uuid4())
    first = dynamodb.export_table_to_point_in_time(TableArn=things[1], S3Bucket=bucket, ClientToken=token)["ExportDescription"]
    again = dynamodb.export_table_to_point_in_time(TableArn=things[1], S3Bucket=bucket, ClientToken=token)["ExportDescription"]
    assert again["ExportArn"] == first["ExportArn"] and again["ClientToken"] == token
    for changed in ({"S3Prefix": "x"}, {"ExportFormat": "ION"}, {"S3BucketOwner": "000000000000"}, {"S3SseAlgorithm": "KMS"}):
        with pytest.raises(dynamodb.exceptions.ExportConflictException, match="Duplicate request detected"):
            dynamodb.export_table_to_point_in_time(TableArn=things[1], S3Bucket=bucket, ClientToken=token, **changed)
    ended(dynamodb, first["ExportArn"])


def test_refusals(dynamodb, bucket, things, table):
    name, arn = things

    def code(**request):
        with pytest.raises(ClientError) as refused:
            dynamodb.export_table_to_point_in_time(**{"TableArn": arn, "S3Bucket": bucket, **request})
        return refused.value.response["Error"]["Code"]

    now = int(time.time())
    assert code(TableArn=arn + "x") == "TableNotFoundException"
    assert code(TableArn=arn.replace(name, table)) == "PointInTimeRecoveryUnavailableException"
    assert code(ExportTime=now - 100_000) == code(ExportTime=now + 1000) == code(ExportTime=-1) == "InvalidExportTimeException"
    assert code(TableArn="QWERTY") == code(ExportType="QWERTY") == code(ExportFormat="") == code(S3Bucket="") == "ValidationException"
    assert code(ExportType="INCREMENTAL_EXPORT") == "ValidationException"
    with pytest.raises(dynamodb.exceptions.InvalidExportTimeException, match="Difference between export period"):
        dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, ExportType="INCREMENTAL_EXPORT",
                                               IncrementalExportSpecification={"ExportFromTime": now - 2, "ExportToTime": now})
    with pytest.raises(dynamodb.exceptions.ExportNotFoundException):
        dynamodb.describe_export(ExportArn=arn + "/export/01763732421123-5f0a9c1e")
    with pytest.raises(ClientError, match="ValidationException.*Invalid Export ARN"):
        dynamodb.describe_export(ExportArn=arn)


def test_lists_of_exports(dynamodb, things):
    arns = [export(dynamodb, things[1], "no-such-bucket-" + uuid.uuid4().hex)["ExportArn"] for _ in range(3)]
    told = dynamodb.list_exports(TableArn=things[1])["ExportSummaries"]
    assert told == [{"ExportArn": arn, "ExportStatus": "FAILED", "ExportType": "FULL_EXPORT"} for arn in sorted(arns, reverse=True)]
    paged, token = [], {}
    while token is not None:
        page = dynamodb.list_exports(TableArn=things[1], MaxResults=1, **token)
        paged += page["ExportSummaries"]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert paged == told
    assert {e["ExportArn"] for e in dynamodb.list_exports()["ExportSummaries"]} & set(arns)
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.list_exports(NextToken="0123456789abcdef" * 16)
    # Asked for by a table that is gone AWS lists none, and describes them all the same.
    dynamodb.delete_table(TableName=things[0])
    assert dynamodb.list_exports(TableArn=things[1])["ExportSummaries"] == []
    assert dynamodb.describe_export(ExportArn=arns[0])["ExportDescription"]["ExportArn"] == arns[0]
