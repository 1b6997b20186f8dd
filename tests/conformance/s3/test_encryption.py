"""Encryption: what a bucket and a request ask for, KMS's keys and their refusals, keys of the client's own. Texts are those that
the real service sent (recordings of AWS, 2026-02)."""

import base64
import hashlib
import pathlib
import uuid

import botocore.exceptions
import pytest

import support

MIB = 1024 * 1024


def refused(call, **named):
    """(status, code, message) of the error that a call ends in."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def own_key(letter, prefix=""):
    """The three parameters of a client's key."""
    key = letter.encode() * 32
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
            f"{prefix}SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode()}


@pytest.fixture(scope="module")
def kms(endpoint):
    return support.client("kms", endpoint)


@pytest.fixture
def key(kms):
    return kms.create_key(Description="a test's")["KeyMetadata"]


# --- keys of the client's own ---------------------------------------------------------------------------------------


# Inline and in a file; whole, in parts of a block, and across blocks.
@pytest.mark.parametrize("size", [0, 1, 1000, 100_000])
def test_a_clients_key_gives_back_what_it_took(s3, bucket, size):
    body = bytes(i * 7 % 256 for i in range(size))
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **own_key("a"))
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"] == own_key("a")["SSECustomerKeyMD5"]
    assert "ServerSideEncryption" not in put
    assert put["ETag"] != '"' + hashlib.md5(body).hexdigest() + '"'
    got = s3.get_object(Bucket=bucket, Key="k", **own_key("a"))
    assert got["Body"].read() == body and got["ContentLength"] == size
    assert got["SSECustomerKeyMD5"] == own_key("a")["SSECustomerKeyMD5"]
    for first in (0, 1, 15, 16, 17, 999):
        if first < size:
            part = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{first + 40}", **own_key("a"))
            assert part["Body"].read() == body[first:first + 41]


# What S3 promises of SSE-C: without the key the bytes are of no use. Looked for in every file of the data directory.
def test_bodies_under_a_clients_key_are_unreadable_on_disk(tmp_path):
    secret = b"the secret that must not lie on a disk " * 3
    large = secret * 2000
    server = support.Cloche(tmp_path / "data").start()
    s3 = support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}})
    s3.create_bucket(Bucket="b-unreadable")
    s3.put_object(Bucket="b-unreadable", Key="small", Body=secret, **own_key("a"))
    s3.put_object(Bucket="b-unreadable", Key="large", Body=large, **own_key("a"))
    s3.put_object(Bucket="b-unreadable", Key="plain", Body=b"this one may be read by everybody")
    upload = s3.create_multipart_upload(Bucket="b-unreadable", Key="parts", **own_key("a"))["UploadId"]
    s3.upload_part(Bucket="b-unreadable", Key="parts", UploadId=upload, PartNumber=1, Body=large, **own_key("a"))
    assert server.stop() == 0
    raw = [path.read_bytes() for path in pathlib.Path(server.data).rglob("*") if path.is_file()]
    assert any(b"this one may be read" in one for one in raw)
    forbidden = [secret[:39], b"a" * 32, own_key("a")["SSECustomerKey"].encode()]
    assert not any(text in one for one in raw for text in forbidden)
    status, report = server.doctor()
    assert status == 0, report
    server.start()
    s3 = support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}})
    assert s3.get_object(Bucket="b-unreadable", Key="large", **own_key("a"))["Body"].read() == large
    assert server.stop() == 0


def test_an_object_under_a_clients_key_wants_that_key(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **own_key("a"))
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    without = (400, "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must "
               "be provided to retrieve the object.")
    wrong = (403, "AccessDenied", "Requests specifying Server Side Encryption with Customer provided keys must provide the "
             "correct secret key.")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == without
    assert refused(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["ETag"]) == without
    assert refused(s3.head_object, Bucket=bucket, Key="k")[0] == 400
    assert refused(s3.get_object, Bucket=bucket, Key="k", **own_key("b")) == wrong
    assert refused(s3.head_object, Bucket=bucket, Key="k", **own_key("b"))[0] == 403
    assert refused(s3.get_object, Bucket=bucket, Key="plain", **own_key("a")) == (
        400, "InvalidRequest", "The encryption parameters are not applicable to this object.")
    s3.delete_object(Bucket=bucket, Key="k")  # Needs no key.


def test_what_is_wrong_with_a_clients_key(s3, bucket):
    good = own_key("a")
    put = lambda **arguments: refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **arguments)
    assert put(**good, ServerSideEncryption="AES256")[1:] == (
        "InvalidArgument", "Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
    assert put(**{**good, "SSECustomerAlgorithm": "KMS"})[1:] == (
        "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.")
    assert "valid encryption algorithm" in put(SSECustomerKey=good["SSECustomerKey"], SSECustomerKeyMD5=good["SSECustomerKeyMD5"])[2]
    assert "appropriate secret key" in put(SSECustomerAlgorithm="AES256", SSECustomerKeyMD5=good["SSECustomerKeyMD5"])[2]
    assert "calculated MD5 hash" in put(**{**good, "SSECustomerKeyMD5": own_key("b")["SSECustomerKeyMD5"]})[2]
    short = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(b"short").decode(),
             "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(b"short").digest()).decode()}
    assert "invalid for the specified algorithm" in put(**short)[2]


def test_multipart_under_a_clients_key(s3, bucket):
    parts = [b"a" * (5 * MIB), b"b" * 1000]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **own_key("a"))["UploadId"]
    place = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    appropriate = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters."
    assert refused(s3.upload_part, **place, PartNumber=1, Body=b"x")[2] == appropriate
    assert refused(s3.upload_part, **place, PartNumber=1, Body=b"x", **own_key("b"))[2] == (
        "The provided encryption parameters did not match the ones used originally.")
    named = [{"PartNumber": n, "ETag": s3.upload_part(**place, PartNumber=n, Body=body, **own_key("a"))["ETag"]}
             for n, body in enumerate(parts, 1)]
    done = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": named})
    assert "SSECustomerAlgorithm" not in done and "ServerSideEncryption" not in done and "ChecksumCRC64NVME" not in done
    assert s3.get_object(Bucket=bucket, Key="k", **own_key("a"))["Body"].read() == b"".join(parts)
    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2, **own_key("a"))
    assert (second["PartsCount"], second["Body"].read()) == (2, parts[1])
    across = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={5 * MIB - 3}-{5 * MIB + 2}", **own_key("a"))
    assert across["Body"].read() == b"aaabbb"
    plain = s3.create_multipart_upload(Bucket=bucket, Key="p")["UploadId"]
    assert refused(s3.upload_part, Bucket=bucket, Key="p", UploadId=plain, PartNumber=1, Body=b"x", **own_key("a"))[2] == appropriate


# From each kind to each kind, with bytes inline and in files: what arrives is what left, under the target's key alone.
@pytest.mark.parametrize("size", [10, 2 * MIB])
def test_copies_between_keys(s3, bucket, size):
    body = bytes(i % 251 for i in range(1000)) * (size // 1000 + 1)
    s3.put_object(Bucket=bucket, Key="own", Body=body, **own_key("a"))
    s3.put_object(Bucket=bucket, Key="plain", Body=body)
    sources = {"own": own_key("a", "CopySource"), "plain": {}}
    for source, source_key in sources.items():
        for target_key in ({}, own_key("b")):
            s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/{source}", **source_key, **target_key)
            assert s3.get_object(Bucket=bucket, Key="copy", **target_key)["Body"].read() == body
            if not target_key:
                assert s3.head_object(Bucket=bucket, Key="copy")["ETag"] == '"' + hashlib.md5(body).hexdigest() + '"'
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", **own_key("b"))["UploadId"]
    place = {"Bucket": bucket, "Key": "parts", "UploadId": upload}
    part = s3.upload_part_copy(**place, PartNumber=1, CopySource=f"{bucket}/own", CopySourceRange="bytes=3-7",
                               **own_key("a", "CopySource"), **own_key("b"))
    assert part["SSECustomerAlgorithm"] == "AES256"
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]})
    assert s3.get_object(Bucket=bucket, Key="parts", **own_key("b"))["Body"].read() == body[3:8]
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=f"{bucket}/own")[1] == "InvalidRequest"
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=f"{bucket}/own", **own_key("b", "CopySource"))[1] == "AccessDenied"


def test_a_bucket_can_block_clients_keys(s3, bucket):
    s3.put_object(Bucket=bucket, Key="old", Body=b"x", **own_key("a"))
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={
        "Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]})
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **own_key("a"))[:2] == (403, "AccessDenied")
    assert refused(s3.create_multipart_upload, Bucket=bucket, Key="k", **own_key("a"))[:2] == (403, "AccessDenied")
    assert s3.get_object(Bucket=bucket, Key="old", **own_key("a"))["Body"].read() == b"x"
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={
        "Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **own_key("a"))


# --- keys of KMS ----------------------------------------------------------------------------------------------------


def test_objects_tell_their_key(s3, bucket, key):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"])
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    assert "BucketKeyEnabled" not in put and put["ETag"] != '"' + hashlib.md5(b"hello").hexdigest() + '"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ServerSideEncryption"], got["SSEKMSKeyId"], got["Body"].read()) == ("aws:kms", key["Arn"], b"hello")
    managed = s3.put_object(Bucket=bucket, Key="m", Body=b"x", ServerSideEncryption="aws:kms", BucketKeyEnabled=True)
    assert managed["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:") and managed["BucketKeyEnabled"] is True
    assert managed["SSEKMSKeyId"] != key["Arn"]
    again = s3.put_object(Bucket=bucket, Key="m2", Body=b"x", ServerSideEncryption="aws:kms")
    assert again["SSEKMSKeyId"] == managed["SSEKMSKeyId"]
    double = s3.put_object(Bucket=bucket, Key="d", Body=b"x", ServerSideEncryption="aws:kms:dsse", BucketKeyEnabled=True)
    assert double["ServerSideEncryption"] == "aws:kms:dsse" and "BucketKeyEnabled" not in double
    plain = s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", ServerSideEncryption="AES256")
    assert plain["CopyObjectResult"]["ETag"] == '"' + hashlib.md5(b"hello").hexdigest() + '"'


def test_multipart_with_a_key_of_kms(s3, bucket, key):
    created = s3.create_multipart_upload(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"],
                                         BucketKeyEnabled=True)
    place = {"Bucket": bucket, "Key": "k", "UploadId": created["UploadId"]}
    part = s3.upload_part(**place, PartNumber=1, Body=b"x")
    done = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    for answer in (created, part, done, s3.head_object(Bucket=bucket, Key="k")):
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"], answer["BucketKeyEnabled"]) == ("aws:kms", key["Arn"], True)


def test_names_of_keys(s3, kms, bucket, key):
    alias = "alias/" + uuid.uuid4().hex
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    for name in (key["KeyId"], key["Arn"], alias, key["Arn"].rsplit(":", 1)[0] + ":" + alias):
        put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=name)
        assert put["SSEKMSKeyId"] == key["Arn"]
    put = lambda name: refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=name)
    nobodys = "134f2428-cec1-4b25-a1ae-9048164dba47"
    arn = key["Arn"].replace(key["KeyId"], nobodys)
    assert put("fake-key-id") == (400, "KMS.NotFoundException", "Invalid keyId 'fake-key-id'")
    assert put(nobodys) == (400, "KMS.NotFoundException", f"Key '{arn}' does not exist")
    assert put(arn) == (400, "KMS.NotFoundException", f"Key '{arn}' does not exist")
    assert put(key["Arn"].replace("us-east-1", "us-west-2")) == (400, "KMS.NotFoundException", "Invalid arn us-west-2")
    for call in (s3.create_multipart_upload, s3.copy_object):
        extra = {"CopySource": f"{bucket}/k"} if call == s3.copy_object else {}
        assert refused(call, Bucket=bucket, Key="c", ServerSideEncryption="aws:kms", SSEKMSKeyId="fake-key-id", **extra)[1] == "KMS.NotFoundException"


def test_the_managed_alias_is_always_there(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    named = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/aws/s3")
    assert named["SSEKMSKeyId"] == put["SSEKMSKeyId"]


def test_keys_that_can_not_be_used(s3, kms, bucket, key):
    asked = {"Bucket": bucket, "Key": "k", "Body": b"x", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["KeyId"]}
    s3.put_object(**asked)
    kms.disable_key(KeyId=key["KeyId"])
    disabled = (400, "KMS.DisabledException", f"{key['Arn']} is disabled.")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == disabled
    assert refused(s3.put_object, **asked) == disabled
    kms.enable_key(KeyId=key["KeyId"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert refused(s3.get_object, Bucket=bucket, Key="k") == (400, "KMS.KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
    s3.head_object(Bucket=bucket, Key="k")  # Needs no key.
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"


def test_what_is_wrong_with_a_method(s3, bucket, key):
    put = lambda **arguments: refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **arguments)
    assert put(ServerSideEncryption="aes:kms") == (400, "InvalidArgument", "The encryption method specified is not supported")
    requires = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
    assert put(SSEKMSKeyId=key["KeyId"]) == (400, "InvalidArgument", requires)
    assert put(ServerSideEncryption="AES256", SSEKMSKeyId=key["KeyId"]) == (400, "InvalidArgument", requires)
    assert put(ServerSideEncryption="aws:kms", SSEKMSEncryptionContext="no base64")[1] == "InvalidArgument"


# --- the bucket's default -------------------------------------------------------------------------------------------


def test_a_buckets_default(s3, kms, bucket, key):
    default = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == default
    wanted = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["KeyId"]},
                         "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == wanted
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == ("aws:kms", key["Arn"], True)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k")  # In place: the bucket's encryption is a change.
    s3.delete_bucket_encryption(Bucket=bucket)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == default
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_what_is_wrong_with_a_default(s3, bucket):
    put = lambda rules, name=bucket: refused(s3.put_bucket_encryption, Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    aes = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert put([])[1] == "MalformedXML"
    assert put([aes, aes])[1] == "MalformedXML"
    assert put([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}])[1] == "MalformedXML"
    assert put([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "x"}}])[1:] == (
        "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
    assert put([], "nobodys-" + bucket)[1] == "NoSuchBucket"
