"""Checkpoint, rewind and log: real clients see after a rewind what they saw at the checkpoint; what was begun before goes on."""

import json

import botocore.exceptions
import pytest

import support


@pytest.fixture
def server(tmp_path):
    server = support.Cloche(tmp_path / "data").start()
    yield server
    assert server.stop() == 0, "".join(server.output)
    status, report = server.doctor()
    assert status == 0, report


def everything(s3, dynamodb, bucket):
    """What a client can read, without what differs from one answer to the next."""
    def bare(answer):
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    versions = bare(s3.list_object_versions(Bucket=bucket))
    return {
        "versions": versions,
        "bodies": {(v["Key"], v["VersionId"]): s3.get_object(Bucket=bucket, Key=v["Key"], VersionId=v["VersionId"])["Body"].read() for v in versions.get("Versions", [])},
        "uploads": bare(s3.list_multipart_uploads(Bucket=bucket)).get("Uploads"),
        "items": bare(dynamodb.scan(TableName="things")),
        "by_owner": bare(dynamodb.query(TableName="things", IndexName="by_owner", KeyConditionExpression="#o = :o", ExpressionAttributeNames={"#o": "owner"},
                                        ExpressionAttributeValues={":o": {"S": "ada"}})),
        "table": {name: value for name, value in dynamodb.describe_table(TableName="things")["Table"].items() if name not in ("ItemCount", "TableSizeBytes")},
        "ttl": dynamodb.describe_time_to_live(TableName="things")["TimeToLiveDescription"],
    }


def test_clients_read_what_they_saw_at_the_checkpoint(server):
    s3, dynamodb, streams = (support.client(name, server.endpoint) for name in ("s3", "dynamodb", "dynamodbstreams"))
    s3.create_bucket(Bucket="past")
    s3.put_bucket_versioning(Bucket="past", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two" * 50_000):
        s3.put_object(Bucket="past", Key="k", Body=body)
    upload = s3.create_multipart_upload(Bucket="past", Key="begun")["UploadId"]
    part = s3.upload_part(Bucket="past", Key="begun", UploadId=upload, PartNumber=1, Body=b"p" * 100_000)["ETag"]
    dynamodb.create_table(
        TableName="things", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "owner", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "by_owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    dynamodb.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    for number in range(30):
        dynamodb.put_item(TableName="things", Item={"id": {"S": str(number)}, "owner": {"S": "ada" if number % 3 else "bob"}, "n": {"N": str(number)}})
    arn = dynamodb.describe_table(TableName="things")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    before = everything(s3, dynamodb, "past")

    assert server.run("checkpoint", "clean").startswith("clean")
    s3.delete_object(Bucket="past", Key="k")
    s3.delete_object(Bucket="past", Key="k", VersionId=before["versions"]["Versions"][1]["VersionId"])
    s3.put_object(Bucket="past", Key="later", Body=b"x" * 200_000)
    s3.complete_multipart_upload(Bucket="past", Key="begun", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
    s3.create_bucket(Bucket="after")
    for number in range(0, 30, 2):
        dynamodb.delete_item(TableName="things", Key={"id": {"S": str(number)}})
    dynamodb.update_item(TableName="things", Key={"id": {"S": "1"}}, UpdateExpression="SET #o = :o", ExpressionAttributeNames={"#o": "owner"}, ExpressionAttributeValues={":o": {"S": "cy"}})
    dynamodb.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    after = everything(s3, dynamodb, "past")

    said = server.run("rewind", "clean")
    assert everything(s3, dynamodb, "past") == before
    with pytest.raises(botocore.exceptions.ClientError, match="404"):
        s3.head_bucket(Bucket="after")
    # What was open goes on: the upload takes another part and ends, the iterator reads what the stream has again.
    again = s3.upload_part(Bucket="past", Key="begun", UploadId=upload, PartNumber=1, Body=b"q" * 100_000)["ETag"]
    s3.complete_multipart_upload(Bucket="past", Key="begun", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": again}]})
    assert s3.get_object(Bucket="past", Key="begun")["Body"].read() == b"q" * 100_000
    assert len(streams.get_records(ShardIterator=iterator)["Records"]) == 30

    # The rewind itself is taken back; a restart in between changes nothing.
    back = said.split("`cloche rewind ")[1].split("`")[0]
    server.kill()
    server.start()
    s3, dynamodb = (support.client(name, server.endpoint) for name in ("s3", "dynamodb"))
    server.run("rewind", back)
    assert everything(s3, dynamodb, "past") == after
    server.run("rewind", "clean")
    assert everything(s3, dynamodb, "past") == before


def test_the_log_tells_who_changed_what(server):
    s3, dynamodb = (support.client(name, server.endpoint) for name in ("s3", "dynamodb"))
    s3.create_bucket(Bucket="told")
    s3.put_object(Bucket="told", Key="some/key", Body=b"x")
    dynamodb.create_table(TableName="told-too", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    lines = server.run("log").splitlines()
    assert any("s3.PutObject told/some/key" in line for line in lines), lines
    assert any("dynamodb.CreateTable told-too" in line for line in lines), lines
    events = json.loads(server.run("log", "--json", "--service", "s3", "--resource", "some/"))["events"]
    assert [event["requests"] for event in events] == [["s3.PutObject told/some/key"]] and events[0]["rows"] > 0
    assert len(json.loads(server.run("log", "--json", "-n", "1"))["events"]) == 1
    status, answer = server.admin("GET", "/_cloche/log?limit=x")
    assert status == 400 and "limit" in answer["error"]


def test_checkpoints_are_listed_and_removed(server):
    s3 = support.client("s3", server.endpoint)
    server.run("checkpoint", "empty")
    s3.create_bucket(Bucket="one")
    status, made = server.admin("POST", "/_cloche/checkpoints", {"name": "one-bucket"})
    assert status == 201 and made["name"] == "one-bucket"
    listed = json.loads(server.run("checkpoint", "--list", "--json"))["checkpoints"]
    assert [checkpoint["name"] for checkpoint in listed] == ["empty", "one-bucket"] and listed[1] == made
    server.run("rewind", "empty")
    assert s3.list_buckets()["Buckets"] == []
    server.run("rewind", "one-bucket")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["one"]
    server.run("checkpoint", "--remove", "empty")
    assert "there is no checkpoint called empty" in server.run("rewind", "empty", status=1)


@pytest.mark.parametrize("point, said", [
    ("no such thing", "is no point of the history"), ("nobody", "there is no checkpoint called nobody"), ("999999999", "the history ends at lsn")])
def test_points_that_are_not_there(server, point, said):
    assert said in server.run("rewind", point, status=1)
    status, answer = server.admin("POST", "/_cloche/rewind", {"to": point})
    assert status in (400, 404) and said in answer["error"] and answer["code"]


def test_bad_requests(server):
    assert server.admin("POST", "/_cloche/rewind", {})[0] == 400
    assert server.admin("GET", "/_cloche/rewind")[0] == 405
    assert server.admin("POST", "/_cloche/checkpoints", {"name": "5m"})[0] == 400
    assert server.admin("DELETE", "/_cloche/checkpoints/none")[0] == 404
    assert "give a name" in server.run("checkpoint", status=2)
