"""cloche log: what did my program send? What changed something is in the log; what failed is kept beside it, bounded and in memory."""

import json
import urllib.error
import urllib.request

import boto3
import pytest

import support


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = support.Cloche(tmp_path_factory.mktemp("log") / "data", "--clock", "2030-01-01T00:00:00Z").start()
    yield server
    assert server.stop() == 0, "".join(server.output)


@pytest.fixture(scope="module")
def story(server):
    """Half an hour of a program."""
    s3, dynamodb = support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}}), support.client("dynamodb", server.endpoint)

    def later(minutes):
        server.run("clock", "advance", f"{minutes}m")

    server.run("clock", "freeze", "2030-01-01T00:00:00Z")
    s3.create_bucket(Bucket="photos")
    fails(lambda: s3.get_object(Bucket="photos", Key="a b/ü"), "NoSuchKey")
    later(10)
    s3.put_object(Bucket="photos", Key="cat", Body=b"1")
    server.run("checkpoint", "middle")
    fails(lambda: dynamodb.put_item(TableName="orders", Item={"p": {"S": "a-secret-in-a-body"}}), "ResourceNotFoundException")
    fails(lambda: dynamodb.batch_write_item(RequestItems={"orders": [{"DeleteRequest": {"Key": {"p": {"S": "x"}}}}], "others": [{"DeleteRequest": {"Key": {"p": {"S": "x"}}}}]}), "ResourceNotFoundException")
    later(10)
    s3.put_object(Bucket="photos", Key="dog", Body=b"2")
    s3.delete_object(Bucket="photos", Key="cat")
    fails(lambda: s3.head_object(Bucket="photos", Key="cat"), "404")
    later(10)
    return s3, dynamodb


def fails(what, code):
    with pytest.raises(Exception) as raised:
        what()
    assert raised.value.response["Error"]["Code"] == code, raised.value


def log(server, *arguments):
    return json.loads(server.run("log", "--json", *arguments))


def operations(told):
    return [request for event in told["events"] for request in event["requests"]]


def failures(told):
    return [(failure["operation"], failure.get("resource"), failure["status"], failure["code"]) for failure in told["failures"]]


GET, PUT, BATCH, HEAD = (("s3.GetObject", "photos/a b/ü", 404, "NoSuchKey"), ("dynamodb.PutItem", "orders", 400, "ResourceNotFoundException"),
                         ("dynamodb.BatchWriteItem", "orders, others", 400, "ResourceNotFoundException"), ("s3.HeadObject", "photos/cat", 404, "NoSuchKey"))


def test_records_are_found_by_operation_and_time(server, story):
    puts = ["s3.PutObject photos/dog", "s3.PutObject photos/cat"]
    assert operations(log(server, "--operation", "PutObject")) == puts
    assert operations(log(server, "--operation", "s3.putobject")) == puts
    assert operations(log(server, "--operation", "Put")) == []
    assert operations(log(server, "--operation", "PutObject", "--resource", "cat")) == puts[1:]
    assert operations(log(server, "--service", "dynamodb")) == []
    assert operations(log(server, "--since", "15m")) == ["s3.DeleteObject photos/cat", puts[0]]
    assert operations(log(server, "--since", "2030-01-01T00:15:00Z", "--operation", "PutObject")) == puts[:1]
    assert operations(log(server, "--until", "15m", "--operation", "PutObject")) == puts[1:]
    assert operations(log(server, "--since", "middle", "--operation", "PutObject")) == puts[:1]
    assert operations(log(server, "--from", "middle", "--operation", "PutObject")) == puts[1:]
    assert operations(log(server, "--until", "0")) == [] and operations(log(server, "--until", "2029-01-01T00:00:00Z")) == []
    assert "nowhere" in server.run("log", "--since", "nowhere", status=1)


def test_failed_requests_are_found(server, story):
    told = log(server, "--failed")
    assert "events" not in told and told["dropped"] == 0
    assert failures(told) == [HEAD, BATCH, PUT, GET]
    assert all(failure["request_id"] and failure["account"] == "000000000000" and failure["region"] == "us-east-1" for failure in told["failures"])
    assert [failure["time"] for failure in told["failures"]] == [f"2030-01-01T00:{minute}:00.000Z" for minute in ("20", "10", "10", "00")]
    assert failures(log(server, "--failed", "--service", "dynamodb")) == [BATCH, PUT]
    assert failures(log(server, "--failed", "--resource", "orders", "-n", "1")) == [BATCH]
    assert failures(log(server, "--failed", "--operation", "headobject")) == [HEAD]
    assert failures(log(server, "--status", "404")) == [HEAD, GET] == failures(log(server, "--status", "NoSuchKey"))
    assert failures(log(server, "--status", "4xx", "--since", "15m")) == [HEAD]
    assert failures(log(server, "--status", "5XX")) == []
    assert failures(log(server, "--failed", "--since", "middle")) == [HEAD, BATCH, PUT]
    assert failures(log(server, "--failed", "--until", "middle")) == [GET]
    assert failures(log(server, "--failed", "--since", "25m", "--until", "15m")) == [BATCH, PUT]


# As a person reads it: one timeline of both.
def test_the_text_is_one_timeline(server, story):
    text = server.run("log", "--with-failed")
    words = [word for word in text.split() if word.startswith(("s3.", "dynamodb."))]
    assert words == ["s3.HeadObject", "s3.DeleteObject", "s3.PutObject", "dynamodb.BatchWriteItem", "dynamodb.PutItem", "s3.PutObject", "s3.GetObject", "s3.CreateBucket"]
    assert "404  s3.HeadObject photos/cat NoSuchKey" in text
    assert server.run("log", "--with-failed", "-n", "1").count("s3.") == 1
    assert "s3.PutObject" not in server.run("log", "--failed")


# What a client sent in confidence is nowhere in it: bodies, signatures, keys.
def test_no_secret_is_kept(server, story):
    session = boto3.client("s3", endpoint_url=server.endpoint, aws_access_key_id="AKIASECRETKEYID", aws_secret_access_key="x", aws_session_token="TOKENTOKEN", region_name="us-east-1")
    url = session.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "signed-for-you"})
    # Signed by the system's clock, which is not the environment's.
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url, timeout=5)
    # No operation is known: the request line is told, without its query.
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(server.endpoint + "/photos/x?nothing=TOKENTOKEN", method="PATCH"), timeout=5)
    text = server.run("log", "--failed", "--json")
    assert "signed-for-you" in text and "PATCH /photos/x" in text
    for secret in ("TOKENTOKEN", "AKIASECRETKEYID", "X-Amz", "a-secret-in-a-body"):
        assert secret not in text


def test_branches_have_their_own_and_it_ends_with_the_process(tmp_path):
    server = support.Cloche(tmp_path / "data").start()
    fails(lambda: support.client("s3", server.endpoint).get_object(Bucket="of-the-trunk", Key="k"), "NoSuchBucket")
    branch = server.admin("POST", "/_cloche/branches", {})[1]["endpoint"]
    fails(lambda: support.client("s3", branch).get_object(Bucket="of-the-branch", Key="k"), "NoSuchBucket")
    assert [failure["resource"] for failure in log(server, "--failed")["failures"]] == ["of-the-trunk/k"]
    server.stop()
    server.start()
    assert log(server, "--failed") == {"failures": [], "dropped": 0}
    assert server.stop() == 0


# There is no log then, but what failed is known all the same.
def test_without_a_log(tmp_path):
    server = support.Cloche(tmp_path / "data", "--durability", "memory").start()
    s3 = support.client("s3", server.endpoint)
    for i in range(1_005):
        fails(lambda i=i: s3.head_bucket(Bucket=f"none-{i}"), "404")
    told = log(server, "--failed", "--since", "1h", "-n", "2000")
    assert len(told["failures"]) == 1_000 and told["dropped"] == 5
    assert told["failures"][0]["resource"] == "none-1004"
    server.run("log", status=1)
    server.run("log", "--failed", "--since", "1", status=1)
    assert server.stop() == 0
