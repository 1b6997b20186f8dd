"""Directory buckets: names, sessions, what they refuse, renames, appends. Rules: "Differences for directory buckets", "Directory bucket
naming rules", "Appending data to objects in directory buckets", "Renaming objects in directory buckets", API Reference."""

import base64
import json
import uuid
import zlib

import botocore.exceptions
import pytest

import support

CONFIGURATION = {"Location": {"Type": "AvailabilityZone", "Name": "use1-az4"}, "Bucket": {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"}}


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def express(s3):
    """The name of an empty directory bucket. boto3 signs for it with a session by itself."""
    name = f"express-{uuid.uuid4().hex[:8]}--use1-az4--x-s3"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=CONFIGURATION)
    yield name
    for row in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=row["Key"])
    s3.delete_bucket(Bucket=name)


def test_what_a_bucket_is(s3, express):
    arn = f"arn:aws:s3express:us-east-1:000000000000:bucket/{express}"
    head = s3.head_bucket(Bucket=express)
    assert (head["BucketArn"], head["BucketLocationType"], head["BucketLocationName"]) == (arn, "AvailabilityZone", "use1-az4")
    assert express not in [row["Name"] for row in s3.list_buckets()["Buckets"]]
    assert [row["BucketArn"] for row in s3.list_directory_buckets()["Buckets"] if row["Name"] == express] == [arn]
    first = s3.list_directory_buckets(MaxDirectoryBuckets=1)
    assert len(first["Buckets"]) == 1
    assert refused(s3.create_bucket, Bucket=express, CreateBucketConfiguration=CONFIGURATION)[0] == "BucketAlreadyOwnedByYou"


@pytest.mark.parametrize("name, zone", [
    ("base--use1-az5--x-s3", "use1-az4"), ("ba.se--use1-az4--x-s3", "use1-az4"), ("Base--use1-az4--x-s3", "use1-az4"), ("--use1-az4--x-s3", "use1-az4"),
    ("base--x-s3", "use1-az4"), ("x" * 50 + "--use1-az4--x-s3", "use1-az4")])
def test_bad_names(s3, name, zone):
    wrong = {**CONFIGURATION, "Location": {"Type": "AvailabilityZone", "Name": zone}}
    assert refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration=wrong) == ("InvalidBucketName", 400)


def test_a_general_name_is_no_directory_bucket(s3):
    assert refused(s3.create_bucket, Bucket="plain-" + uuid.uuid4().hex[:8], CreateBucketConfiguration=CONFIGURATION) == ("InvalidBucketName", 400)


def test_objects(s3, express):
    put = s3.put_object(Bucket=express, Key="dir/a", Body=b"hello", Metadata={"m": "v"})
    assert len(put["ETag"]) == 34 and put["ETag"] != '"5d41402abc4b2a76b9719d911017c592"'
    head = s3.head_object(Bucket=express, Key="dir/a")
    assert (head["StorageClass"], head["Metadata"], head["ETag"]) == ("EXPRESS_ONEZONE", {"m": "v"}, put["ETag"])
    assert s3.get_object(Bucket=express, Key="dir/a", Range="bytes=1-2")["Body"].read() == b"el"
    s3.copy_object(Bucket=express, Key="b", CopySource=f"{express}/dir/a")
    page = s3.list_objects_v2(Bucket=express, Delimiter="/")
    assert [row["StorageClass"] for row in page["Contents"]] == ["EXPRESS_ONEZONE"] and page["CommonPrefixes"] == [{"Prefix": "dir/"}]
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=express, Prefix="dir/")["Contents"]] == ["dir/a"]
    assert refused(s3.delete_object, Bucket=express, Key="b", IfMatchSize=6) == ("PreconditionFailed", 412)
    s3.delete_object(Bucket=express, Key="b", IfMatchSize=5)
    assert refused(s3.head_object, Bucket=express, Key="b")[1] == 404


def test_what_directory_buckets_lack(s3, express):
    s3.put_object(Bucket=express, Key="a", Body=b"x")
    for call, named in [(s3.list_objects, {}), (s3.list_object_versions, {}), (s3.get_bucket_location, {}), (s3.get_bucket_acl, {}),
                        (s3.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}), (s3.get_bucket_cors, {}),
                        (s3.get_object_tagging, {"Key": "a"}), (s3.get_object_acl, {"Key": "a"}), (s3.get_bucket_website, {})]:
        assert refused(call, Bucket=express, **named) == ("MethodNotAllowed", 405), call.__name__
    for more in ({"Tagging": "a=b"}, {"ACL": "private"}, {"WebsiteRedirectLocation": "/x"}, {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}):
        assert refused(s3.put_object, Bucket=express, Key="b", Body=b"x", **more) == ("NotImplemented", 501)
    assert refused(s3.put_object, Bucket=express, Key="b", Body=b"x", StorageClass="STANDARD")[0] == "InvalidStorageClass"
    for more in ({"Prefix": "a"}, {"Delimiter": "a"}, {"StartAfter": "a"}):
        assert refused(s3.list_objects_v2, Bucket=express, **more) == ("InvalidRequest", 400)
    assert refused(s3.get_object, Bucket=express, Key="a", VersionId="x" * 32)[1] == 400
    assert s3.get_object(Bucket=express, Key="a", VersionId="null")["Body"].read() == b"x"


def test_uploads_have_consecutive_parts(s3, express):
    name = {"Bucket": express, "Key": "a"}
    upload = s3.create_multipart_upload(**name)["UploadId"]
    etags = {number: s3.upload_part(**name, UploadId=upload, PartNumber=number, Body=b"x" * (5 << 20) if number == 1 else b"y")["ETag"] for number in (1, 2, 3)}
    assert refused(s3.complete_multipart_upload, **name, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etags[1]}, {"PartNumber": 3, "ETag": etags[3]}]})[1] == 400
    s3.complete_multipart_upload(**name, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etags[1]}, {"PartNumber": 2, "ETag": etags[2]}]})
    assert s3.head_object(**name)["ContentLength"] == (5 << 20) + 1


def test_appends(s3, express, bucket):
    name = {"Bucket": express, "Key": "log"}
    crc = lambda text: base64.b64encode(zlib.crc32(text).to_bytes(4, "big")).decode()
    assert refused(s3.put_object, **name, Body=b"x", WriteOffsetBytes=5) == ("InvalidWriteOffset", 400)
    first = s3.put_object(**name, Body=b"one ", WriteOffsetBytes=0, ChecksumCRC32=crc(b"one "))
    second = s3.put_object(**name, Body=b"two", WriteOffsetBytes=4, ChecksumCRC32=crc(b"two"))
    assert second["Size"] == 7 and second["ETag"] != first["ETag"]
    assert s3.get_object(**name)["Body"].read() == b"one two"
    assert s3.head_object(**name, ChecksumMode="ENABLED")["ChecksumCRC32"] == crc(b"one two")
    assert refused(s3.put_object, **name, Body=b"x", WriteOffsetBytes=4) == ("InvalidWriteOffset", 400)
    assert refused(s3.put_object, **name, Body=b"x", WriteOffsetBytes=7, ChecksumAlgorithm="SHA256") == ("InvalidRequest", 400)
    big = b"z" * 300_000
    s3.put_object(**name, Body=big, WriteOffsetBytes=7, IfMatch=second["ETag"])
    assert s3.get_object(**name, Range="bytes=5-8")["Body"].read() == b"wozz"
    assert s3.get_object(**name)["Body"].read() == b"one two" + big
    assert refused(s3.put_object, Bucket=bucket, Key="a", Body=b"x", WriteOffsetBytes=0) == ("NotImplemented", 501)


def test_renames(s3, express, bucket):
    put = s3.put_object(Bucket=express, Key="a b", Body=b"one", Metadata={"m": "v"})
    s3.rename_object(Bucket=express, Key="c/d", RenameSource="a%20b")
    got = s3.get_object(Bucket=express, Key="c/d")
    assert (got["Body"].read(), got["ETag"], got["Metadata"]) == (b"one", put["ETag"], {"m": "v"})
    assert refused(s3.head_object, Bucket=express, Key="a b")[1] == 404
    assert refused(s3.rename_object, Bucket=express, Key="x", RenameSource="a%20b") == ("NoSuchKey", 404)
    s3.put_object(Bucket=express, Key="e", Body=b"two")
    assert refused(s3.rename_object, Bucket=express, Key="e", RenameSource="c/d", DestinationIfNoneMatch="*") == ("PreconditionFailed", 412)
    assert refused(s3.rename_object, Bucket=express, Key="e", RenameSource="c/d", SourceIfMatch='"x"') == ("PreconditionFailed", 412)
    # With a token the same request succeeds again, and another one under the same token does not.
    for _ in range(2):
        s3.rename_object(Bucket=express, Key="e", RenameSource="c/d", SourceIfMatch=put["ETag"], ClientToken="token-1")
    assert s3.get_object(Bucket=express, Key="e")["Body"].read() == b"one"
    assert refused(s3.rename_object, Bucket=express, Key="e", RenameSource="other", ClientToken="token-1") == ("IdempotencyParameterMismatch", 400)
    s3.rename_object(Bucket=express, Key="e", RenameSource="e")
    assert s3.get_object(Bucket=express, Key="e")["Body"].read() == b"one"
    assert refused(s3.rename_object, Bucket=bucket, Key="x", RenameSource="y")[1] == 405




def test_sessions(endpoint, s3, express):
    session = s3.create_session(Bucket=express, SessionMode="ReadOnly")
    assert set(session["Credentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert refused(s3.create_session, Bucket=express, SessionMode="Both")[0] == "InvalidArgument"
    assert refused(s3.create_session, Bucket="plain")[0] in ("InvalidBucketName", "NoSuchBucket")


# A session is for its bucket, in its mode, and for nothing else; whoever may make one may do with objects what it allows.
def test_sessions_under_policies(tmp_path):
    allowed = "enforced--use1-az4--x-s3"
    users = tmp_path / "users.json"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3express:CreateSession", "Resource": f"arn:aws:s3express:us-east-1:111122223333:bucket/{allowed}"}]}
    users.write_text(json.dumps({"users": [
        {"name": "root", "account": "111122223333", "accessKey": "AKIAROOT", "secretKey": "one"},
        {"name": "ada", "account": "111122223333", "accessKey": "AKIAADA", "secretKey": "two", "policies": [policy]},
        {"name": "bob", "account": "111122223333", "accessKey": "AKIABOB", "secretKey": "three", "policies": []}]}))
    server = support.Cloche(tmp_path / "data", "--users", str(users), "--auth", "verify", "--iam", "enforce").start()
    try:
        root = support.client("s3", server.endpoint, aws_access_key_id="AKIAROOT", aws_secret_access_key="one")
        ada = support.client("s3", server.endpoint, aws_access_key_id="AKIAADA", aws_secret_access_key="two")
        bob = support.client("s3", server.endpoint, aws_access_key_id="AKIABOB", aws_secret_access_key="three")
        root.create_bucket(Bucket=allowed, CreateBucketConfiguration=CONFIGURATION)
        root.create_bucket(Bucket="other--use1-az4--x-s3", CreateBucketConfiguration=CONFIGURATION)
        root.create_bucket(Bucket="general")
        ada.put_object(Bucket=allowed, Key="a", Body=b"x")
        assert ada.get_object(Bucket=allowed, Key="a")["Body"].read() == b"x"
        assert refused(ada.put_object, Bucket="other--use1-az4--x-s3", Key="a", Body=b"x") == ("AccessDenied", 403)
        assert refused(bob.put_object, Bucket=allowed, Key="a", Body=b"x") == ("AccessDenied", 403)
        assert refused(ada.put_bucket_policy, Bucket=allowed, Policy="{}") == ("AccessDenied", 403)
        # The session's own keys, taken where they are not meant for.
        session = ada.create_session(Bucket=allowed, SessionMode="ReadOnly")["Credentials"]
        keys = {"aws_access_key_id": session["AccessKeyId"], "aws_secret_access_key": session["SecretAccessKey"]}
        thief = support.client("s3", server.endpoint, **keys)
        assert refused(thief.list_objects_v2, Bucket="general") == ("AccessDenied", 403)
        assert refused(thief.list_buckets) == ("AccessDenied", 403)
        table = support.client("dynamodb", server.endpoint, **keys)
        assert refused(table.list_tables)[0] == "AccessDeniedException"
        forged = support.client("s3", server.endpoint, aws_access_key_id=session["AccessKeyId"][:-1] + "A", aws_secret_access_key="x")
        assert refused(forged.list_buckets)[0] in ("InvalidAccessKeyId", "SignatureDoesNotMatch")
    finally:
        server.stop()
