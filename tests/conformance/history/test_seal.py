"""Sealed files: what was sealed opens elsewhere as it was; equal state gives equal bytes; two runs of a script give the same."""

import hashlib
import json
import os
import re
import socket
import subprocess
import time

import botocore.exceptions
import pytest

import support

CLOCK = "2026-01-01T00:00:00Z"


@pytest.fixture
def cloche(tmp_path):
    """Starts servers over directories of their own; at the end each must have gone well."""
    servers = []

    def start(name, *arguments, command=()):
        server = support.Cloche(tmp_path / name, *arguments)
        servers.append(server)
        return server.start(*command)

    start.path = lambda name: str(tmp_path / name)
    yield start
    for server in servers:
        assert server.stop() == 0, "".join(server.output)
        status, report = server.doctor()
        assert status == 0, report


def seal(server, file, *arguments):
    return json.loads(server.run("seal", str(file), "--json", *arguments))["hash"]


def contents(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def make_table(dynamodb, name):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": t} for a, t in (("id", "S"), ("n", "N"), ("owner", "S"))],
        GlobalSecondaryIndexes=[{"IndexName": "by_owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})


def play(endpoint):
    """A script that uses what there is: versions, multipart uploads, settings, streams, indexes, keys."""
    s3, dynamodb, kms = (support.client(name, endpoint) for name in ("s3", "dynamodb", "kms"))
    answers = []
    for client in (s3, dynamodb, kms):
        client.meta.events.register("after-call", lambda http_response, **_: answers.append(
            (http_response.status_code, sorted((k, v) for k, v in http_response.headers.items() if k.lower() != "date"), http_response.content)))
    s3.create_bucket(Bucket="plain")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket="plain", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_bucket_lifecycle_configuration(Bucket="plain", LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 3}}]})
    for number in range(5):
        s3.put_object(Bucket="plain", Key=f"k{number}", Body=b"x" * 100 * number, Metadata={"n": str(number)})
        s3.put_object(Bucket="versioned", Key="same", Body=os.urandom(0) + bytes([number]) * 50_000)
    s3.delete_object(Bucket="versioned", Key="same")
    s3.put_object(Bucket="plain", Key="empty", Body=b"")
    upload = s3.create_multipart_upload(Bucket="plain", Key="whole")["UploadId"]
    parts = [{"PartNumber": n, "ETag": s3.upload_part(Bucket="plain", Key="whole", UploadId=upload, PartNumber=n, Body=bytes([n]) * (5 << 20))["ETag"]} for n in (1, 2)]
    s3.complete_multipart_upload(Bucket="plain", Key="whole", UploadId=upload, MultipartUpload={"Parts": parts})
    begun = s3.create_multipart_upload(Bucket="plain", Key="begun")["UploadId"]
    s3.upload_part(Bucket="plain", Key="begun", UploadId=begun, PartNumber=1, Body=b"b" * 70_000)
    make_table(dynamodb, "things")
    for number in range(20):
        dynamodb.put_item(TableName="things", Item={"id": {"S": "a"}, "n": {"N": str(number)}, "owner": {"S": f"o{number % 3}"}, "until": {"N": "4102444800"}})
    dynamodb.update_item(TableName="things", Key={"id": {"S": "a"}, "n": {"N": "3"}}, UpdateExpression="SET #o = :o", ExpressionAttributeNames={"#o": "owner"},
                         ExpressionAttributeValues={":o": {"S": "new"}})
    dynamodb.delete_item(TableName="things", Key={"id": {"S": "a"}, "n": {"N": "4"}})
    key = kms.create_key(Description="k")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return answers


def everything(endpoint):
    """What clients can read, without what differs from one answer to the next."""
    s3, dynamodb, streams, kms = (support.client(name, endpoint) for name in ("s3", "dynamodb", "dynamodbstreams", "kms"))

    def bare(answer):
        return {name: value for name, value in answer.items() if name not in ("ResponseMetadata", "ItemCount", "TableSizeBytes")}

    read = {"buckets": bare(s3.list_buckets())}
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        versions = bare(s3.list_object_versions(Bucket=name))
        read[name] = versions, bare(s3.list_multipart_uploads(Bucket=name)), [
            s3.get_object(Bucket=name, Key=v["Key"], VersionId=v["VersionId"])["Body"].read() for v in versions.get("Versions", [])]
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        shards = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(StreamArn=table["LatestStreamArn"], ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        read[name] = (bare(table), bare(dynamodb.scan(TableName=name)), bare(dynamodb.scan(TableName=name, IndexName="by_owner")),
                      streams.get_records(ShardIterator=iterator)["Records"], dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"])
    read["keys"] = [bare(kms.describe_key(KeyId=key["KeyId"])) for key in kms.list_keys()["Keys"]]
    return read


def test_what_was_sealed_opens_elsewhere(cloche):
    server = cloche("first")
    play(server.endpoint)
    before = everything(server.endpoint)
    file = cloche.path("file.cloche")
    said = server.run("seal", file)
    hash_said = said.splitlines()[0]
    assert re.fullmatch("sha256:[0-9a-f]{64}", hash_said) and "rows" in said
    opened = cloche("second", command=("open", file, "--hash", hash_said))
    assert hash_said in "".join(opened.output)
    assert everything(opened.endpoint) == before
    # It is the same state, and goes on: the upload ends, the stream takes a record, a new bucket and a new table have numbers of their own.
    assert seal(opened, cloche.path("again.cloche")) == hash_said
    assert contents(file) == contents(cloche.path("again.cloche"))
    s3, dynamodb = (support.client(name, opened.endpoint) for name in ("s3", "dynamodb"))
    begun = s3.list_multipart_uploads(Bucket="plain")["Uploads"][0]
    etag = s3.list_parts(Bucket="plain", Key="begun", UploadId=begun["UploadId"])["Parts"][0]["ETag"]
    s3.complete_multipart_upload(Bucket="plain", Key="begun", UploadId=begun["UploadId"], MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert s3.get_object(Bucket="plain", Key="begun")["Body"].read() == b"b" * 70_000
    s3.create_bucket(Bucket="new")
    assert "Contents" not in s3.list_objects_v2(Bucket="new")
    make_table(dynamodb, "new")
    assert dynamodb.scan(TableName="new")["Count"] == 0
    assert everything(server.endpoint) == before
    opened.kill()
    opened.start()
    assert "new" in everything(opened.endpoint)


def test_equal_state_gives_equal_bytes(cloche):
    """Whatever history led to it: here one with buckets and tables that are gone, overwritten objects, a rewind and a restart."""
    def end(endpoint):
        s3, dynamodb = (support.client(name, endpoint) for name in ("s3", "dynamodb"))
        s3.put_object(Bucket="kept", Key="k", Body=b"k" * 100_000)
        s3.put_object(Bucket="kept", Key="l", Body=b"l")
        dynamodb.put_item(TableName="kept", Item={"id": {"S": "a"}, "n": {"N": "1"}, "owner": {"S": "o"}})

    def make_kept(endpoint):
        support.client("s3", endpoint).create_bucket(Bucket="kept")
        dynamodb = support.client("dynamodb", endpoint)
        dynamodb.create_table(TableName="kept", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": a, "AttributeType": t} for a, t in (("id", "S"), ("n", "N"))],
                              KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}])

    plain, detour = cloche("plain", "--seed", "1"), cloche("detour", "--seed", "1")
    make_kept(plain.endpoint)
    make_kept(detour.endpoint)
    end(plain.endpoint)
    s3, dynamodb = (support.client(name, detour.endpoint) for name in ("s3", "dynamodb"))
    s3.create_bucket(Bucket="gone")
    s3.put_object(Bucket="gone", Key="x", Body=b"x" * 200_000)
    s3.delete_object(Bucket="gone", Key="x")
    s3.delete_bucket(Bucket="gone")
    dynamodb.create_table(TableName="gone", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    dynamodb.put_item(TableName="gone", Item={"id": {"S": "x"}})
    dynamodb.delete_table(TableName="gone")
    s3.put_object(Bucket="kept", Key="k", Body=b"something else")
    detour.run("checkpoint", "here")
    s3.create_bucket(Bucket="undone")
    detour.run("rewind", "here")
    detour.stop()
    detour.start()
    end(detour.endpoint)
    assert seal(plain, cloche.path("plain.cloche")) == seal(detour, cloche.path("detour.cloche"))
    assert contents(cloche.path("plain.cloche")) == contents(cloche.path("detour.cloche"))


def test_two_runs_of_a_script_are_equal(cloche):
    """With --seed and --clock: byte-equal sealed files, and byte-equal answers but for Date."""
    runs = []
    # A port is in some answers, so both have the same.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("one", "two"):
        server = cloche(name, "--seed", "42", "--clock", CLOCK, "--listen", f"127.0.0.1:{port}")
        answers = play(server.endpoint)
        runs.append((answers, seal(server, cloche.path(name + ".cloche")), contents(cloche.path(name + ".cloche"))))
        server.stop()
    for one, two in zip(runs[0][0], runs[1][0]):
        assert one == two
    assert runs[0] == runs[1]
    assert any(b"2026-01-01T00:00:00" in content for _, _, content in runs[0][0])


def test_the_clock_of_a_new_directory(cloche):
    server = cloche("clock", "--clock", "2031-05-06T07:08:09Z")
    assert server.admin("GET", "/_cloche/clock")[1]["now"].startswith("2031-05-06T07:08:09")
    server.stop()
    # An old directory keeps its own.
    server.arguments = ("--clock", "2040-01-01T00:00:00Z")
    server.start()
    assert server.admin("GET", "/_cloche/clock")[1]["now"].startswith("2031-05-06T07:08:09")


def test_a_part(cloche):
    server = cloche("whole")
    play(server.endpoint)
    before = everything(server.endpoint)
    file = cloche.path("part.cloche")
    server.run("seal", file, "--only", "s3:versioned,dynamodb:things")
    opened = cloche("part", command=("open", file))
    after = everything(opened.endpoint)
    assert [bucket["Name"] for bucket in after["buckets"]["Buckets"]] == ["versioned"] and after["keys"] == []
    assert after["versioned"] == before["versioned"] and after["things"] == before["things"]
    assert "nothing called nobody" in server.run("seal", cloche.path("no"), "--only", "s3:nobody", status=1)
    assert "no service called sqs" in server.run("seal", cloche.path("no"), "--only", "sqs", status=1)
    assert "names no part" in server.run("seal", cloche.path("no"), "--only", "s3:", status=1)


def test_files_and_directories_are_not_written_over(cloche):
    server = cloche("data")
    file = cloche.path("file")
    first = seal(server, file)
    assert "is there already" in server.run("seal", file, status=1)
    support.client("s3", server.endpoint).create_bucket(Bucket="more")
    assert seal(server, file, "--force") != first
    server.stop()
    for arguments, said in ((("--data", cloche.path("data")), "is not empty"), (("--data", cloche.path("n"), "--hash", "sha256:00"), "has the hash"),
                            (("--data", cloche.path("n"), "--auth", "maybe"), "--auth")):
        done = subprocess.run([support.BINARY, "open", file, *arguments], capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode != 0 and said in done.stderr, done
    with open(file, "r+b") as changed:
        changed.seek(1600)  # In the manifest.
        changed.write(b"x")
    done = subprocess.run([support.BINARY, "open", file, "--data", cloche.path("n")], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1 and "the manifest is not the one that was sealed" in done.stderr
    server.start()


def test_killed_while_blobs_come_in(cloche):
    server = cloche("source")
    s3 = support.client("s3", server.endpoint)
    s3.create_bucket(Bucket="many")
    bodies = {f"{n:03}": os.urandom(100_000) for n in range(150)}
    for key, body in bodies.items():
        s3.put_object(Bucket="many", Key=key, Body=body)
    file = cloche.path("file")
    seal(server, file)
    opened = cloche("opened", command=("open", file))
    for _ in range(3):
        # Some are asked for before they are in place, whether by the first process or a later one.
        for key in list(bodies)[::-20]:
            assert support.client("s3", opened.endpoint).get_object(Bucket="many", Key=key)["Body"].read() == bodies[key]
        opened.kill()
        opened.start()
    s3 = support.client("s3", opened.endpoint)
    assert all(s3.get_object(Bucket="many", Key=key)["Body"].read() == body for key, body in bodies.items())
    deadline = time.monotonic() + 20
    while os.path.exists(cloche.path("opened/sealed")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(cloche.path("opened/sealed"))
    os.remove(file)
    opened.kill()
    opened.start()
    assert support.client("s3", opened.endpoint).get_object(Bucket="many", Key="000")["Body"].read() == bodies["000"]


def test_opened_in_memory(cloche):
    server = cloche("source")
    play(server.endpoint)
    before = everything(server.endpoint)
    file = cloche.path("file")
    seal(server, file)
    memory = support.Cloche(cloche.path("unused"), "--durability", "memory").start("open", file)
    assert everything(memory.endpoint) == before
    assert memory.stop() == 0 and not os.path.exists(cloche.path("unused/state.db"))


def test_bad_requests(cloche):
    server = cloche("bad")
    for body in ({}, {"file": 5}, {"file": "relative"}, {"file": "/nowhere/at/all"}, {"file": cloche.path("x"), "only": "s3"}, {"file": cloche.path("x"), "only": [""]}):
        status, answer = server.admin("POST", "/_cloche/seal", body)
        assert status in (400, 503) and answer["error"], body
    assert server.admin("DELETE", "/_cloche/seal")[0] == 405
    assert server.admin("GET", "/_cloche/seal") == (200, {"running": False, "done": 0, "of": 0})
    with pytest.raises(botocore.exceptions.ClientError):
        support.client("s3", server.endpoint).head_bucket(Bucket="none")
