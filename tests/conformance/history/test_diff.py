"""diff and log speak in buckets, objects, tables and items, as clients know them."""

import json

import pytest

import support


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = support.Cloche(tmp_path_factory.mktemp("diff") / "data").start()
    yield server
    assert server.stop() == 0, "".join(server.output)


@pytest.fixture
def s3(server):
    return support.client("s3", server.endpoint)


@pytest.fixture
def dynamodb(server):
    return support.client("dynamodb", server.endpoint)


def diff(server, *arguments):
    return json.loads(server.run("diff", *arguments, "--json"))


def short(told):
    """(what, service, bucket or table, kind, name) of each change."""
    return [(change["change"][0], change["service"], change["owner"]["name"], change["kind"], change.get("name")) for change in told["changes"]]


def make_table(dynamodb, name, **more):
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **more)


def test_objects(server, s3):
    s3.create_bucket(Bucket="photos")
    for key, body in (("changed", b"x" * 3), ("gone", b"y"), ("kept", b"z")):
        s3.put_object(Bucket="photos", Key=key, Body=body, ContentType="text/plain")
    server.run("checkpoint", "objects")
    new_etag = s3.put_object(Bucket="photos", Key="changed", Body=b"x" * 50_000, Metadata={"a": "b"})["ETag"]
    s3.delete_object(Bucket="photos", Key="gone")
    s3.put_object(Bucket="photos", Key="new", Body=b"n")
    s3.put_object(Bucket="photos", Key="came", Body=b"n")
    s3.delete_object(Bucket="photos", Key="came")
    told = diff(server, "objects")
    assert short(told) == [("c", "s3", "photos", "object", "changed"), ("r", "s3", "photos", "object", "gone"), ("a", "s3", "photos", "object", "new")]
    assert (told["added"], told["removed"], told["changed"]) == (1, 1, 1)
    changed = told["changes"][0]
    assert (changed["bytes_before"], changed["bytes_after"]) == (3, 50_000)
    assert changed["after"]["ETag"] == new_etag and changed["after"]["Metadata"] == {"a": "b"} and changed["before"]["ContentType"] == "text/plain"
    # The other way round it is the opposite.
    assert short(diff(server, str(told["b"]), "objects")) == [
        ("c", "s3", "photos", "object", "changed"), ("a", "s3", "photos", "object", "gone"), ("r", "s3", "photos", "object", "new")]
    text = server.run("diff", "objects", "--resource", "photos/")
    assert "s3 bucket photos\n" in text and "~ object changed  3 B -> 48.8 KiB\n" in text and "- object gone  1 B\n" in text, text
    assert "ETag" in text and "1 added, 1 removed, 1 changed between lsn" in text and "\x1b" not in text


def test_versions(server, s3):
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="versions", Key="k", Body=b"1")
    server.run("checkpoint", "versions")
    second = s3.put_object(Bucket="versions", Key="k", Body=b"2")["VersionId"]
    # The first version only moved.
    told = diff(server, "versions")
    assert short(told) == [("a", "s3", "versions", "object", "k")] and told["changes"][0]["version"] == second
    marker = s3.delete_object(Bucket="versions", Key="k")["VersionId"]
    told = diff(server, "versions")
    assert [(change["kind"], change["version"]) for change in told["changes"]] == [("delete marker", marker), ("object", second)]


def test_buckets_and_their_settings(server, s3):
    server.run("checkpoint", "buckets")
    s3.create_bucket(Bucket="settled")
    s3.put_bucket_tagging(Bucket="settled", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    upload = s3.create_multipart_upload(Bucket="settled", Key="big")["UploadId"]
    s3.upload_part(Bucket="settled", Key="big", UploadId=upload, PartNumber=1, Body=b"p" * 100)
    told = diff(server, "buckets", "--resource", "settled")
    kinds = {(change["kind"], change.get("name"), change.get("version")) for change in told["changes"]}
    assert {("bucket", None, None), ("bucket setting", "tagging", None), ("upload", "big", upload), ("part", "part 1", upload)} <= kinds
    tagging = next(change for change in told["changes"] if change.get("name") == "tagging")
    assert tagging["after"]["TagSet"] == [{"Key": "a", "Value": "b"}]
    # A bucket that is gone is still called by its name.
    s3.abort_multipart_upload(Bucket="settled", Key="big", UploadId=upload)
    s3.delete_bucket(Bucket="settled")
    assert short(diff(server, str(told["b"]), "--resource", "settled"))[0] == ("r", "s3", "settled", "bucket", None)
    assert diff(server, "buckets", "--resource", "settled")["changes"] == []


def test_items(server, dynamodb):
    make_table(dynamodb, "things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for name in ("a", "b", "c"):
        dynamodb.put_item(TableName="things", Item={"id": {"S": name}, "n": {"N": "1"}})
    server.run("checkpoint", "items")
    dynamodb.update_item(TableName="things", Key={"id": {"S": "a"}}, UpdateExpression="SET n = :n, m = :m", ExpressionAttributeValues={":n": {"N": "2"}, ":m": {"S": "x"}})
    dynamodb.delete_item(TableName="things", Key={"id": {"S": "b"}})
    dynamodb.put_item(TableName="things", Item={"id": {"S": "d"}})
    dynamodb.update_table(TableName="things", DeletionProtectionEnabled=True)
    told = diff(server, "items", "--service", "dynamodb")
    # Stream records and index entries follow from the items, and are not told.
    assert short(told) == [("c", "dynamodb", "things", "table", None), ("c", "dynamodb", "things", "item", '{"id":{"S":"a"}}'),
                           ("r", "dynamodb", "things", "item", '{"id":{"S":"b"}}'), ("a", "dynamodb", "things", "item", '{"id":{"S":"d"}}')]
    assert told["changes"][1]["before"] == {"id": {"S": "a"}, "n": {"N": "1"}}
    assert told["changes"][0]["after"]["DeletionProtectionEnabled"] is True and "ItemCount" not in told["changes"][0]["after"]
    text = server.run("diff", "items", "--service", "dynamodb")
    assert "dynamodb table things (us-east-1)\n" in text and '~ item id="a"' in text and "~ n  1 -> 2\n" in text and '+ m  "x"\n' in text, text
    assert diff(server, "items", "--service", "s3")["changes"] == []
    assert len(diff(server, "items", "-n", "1")["changes"]) == 1 and diff(server, "items", "-n", "1")["removed"] == 1
    assert "... and 3 more" in server.run("diff", "items", "-n", "1")


def test_keys(server):
    kms = support.client("kms", server.endpoint)
    server.run("checkpoint", "keys")
    key = kms.create_key(Description="mine")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    told = diff(server, "keys")
    assert short(told) == [("a", "kms", key, "key", None), ("a", "kms", key, "alias", "alias/mine")]
    assert told["changes"][0]["after"]["Description"] == "mine"


def test_a_rewind_is_told_like_all_else(server, s3):
    s3.create_bucket(Bucket="wound")
    server.run("checkpoint", "wound")
    for number in range(15):
        s3.put_object(Bucket="wound", Key=str(number), Body=b"x")
    server.run("rewind", "wound")
    assert "no difference" in server.run("diff", "wound")
    event = json.loads(server.run("log", "-n", "1", "--json"))["events"][0]
    assert event["requests"][0].startswith("cloche.Rewind") and event["removed"] == 15
    assert "... 15 changes in all: 0 added, 15 removed, 0 changed" in server.run("log", "-n", "1")


def test_the_log_names_what_changed(server, s3, dynamodb):
    s3.create_bucket(Bucket="logged")
    s3.put_object(Bucket="logged", Key="a/key", Body=b"x" * 2048)
    make_table(dynamodb, "logged")
    dynamodb.put_item(TableName="logged", Item={"id": {"S": "a"}, "text": {"S": "x" * 100}})
    text = server.run("log", "-n", "4")
    assert "+ object a/key  2.0 KiB in s3 bucket logged\n" in text and '+ item id="a"  107 B in dynamodb table logged (us-east-1)\n' in text, text
    event = json.loads(server.run("log", "--json", "--service", "s3", "--resource", "logged/a"))["events"][0]
    assert event["requests"] == ["s3.PutObject logged/a/key"] and event["bytes"] > 0
    assert event["changes"] == [{"change": "added", "service": "s3", "owner": {"kind": "bucket", "name": "logged", "account": "000000000000", "region": "us-east-1"},
                                 "kind": "object", "name": "a/key", "bytes_after": 2048}]


def test_nothing_of_a_client_reaches_the_terminal(server, s3):
    s3.create_bucket(Bucket="hostile")
    point = json.loads(server.run("log", "-n", "1", "--json"))["events"][0]["lsn"]
    s3.put_object(Bucket="hostile", Key="\x1b[31mred\nline", Body=b"x")
    text = server.run("diff", str(point)) + server.run("log", "-n", "1")
    assert "\x1b" not in text and "\\x1b[31mred\\x0aline" in text


def test_bad_requests(server):
    assert "there is no checkpoint called nobody" in server.run("diff", "nobody", status=1)
    assert "the history ends at lsn" in server.run("diff", "1", "999999999", status=1)
    for path in ("/_cloche/diff", "/_cloche/diff?a=1&limit=x", "/_cloche/diff?a=%20"):
        status, answer = server.admin("GET", path)
        assert status == 400 and answer["error"] and answer["code"]
