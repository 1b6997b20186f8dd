"""Objects: what is put is what is got, in whole and in parts, under every condition. The judge could be the real S3."""

import base64
import datetime
import hashlib
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

import support


def refused(call, *arguments, **named):
    """The error that a call ends in: (code, status, the Error member)."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **named)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]


# Inline, around the limit between rows and files, and files; the ETag of a plain PUT is the MD5 (documented for SSE-S3 too).
@pytest.mark.parametrize("size", [0, 1, 1024, 32 * 1024, 32 * 1024 + 1, 300_000, 8 * 1024 * 1024])
def test_bodies_of_every_size_come_back(s3, bucket, size):
    body = bytes((i * 31 + size) % 251 for i in range(min(size, 4096))) * (size // 4096 + 1)
    body = body[:size]
    put = s3.put_object(Bucket=bucket, Key="a", Body=body)
    assert put["ETag"] == '"' + hashlib.md5(body).hexdigest() + '"'
    got = s3.get_object(Bucket=bucket, Key="a")
    assert got["ContentLength"] == size
    assert got["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key="a")["ContentLength"] == size


# Members recorded on the real service: these are there, and DisplayName, StorageClass STANDARD and the like are not.
def test_answers_have_the_members_of_the_real_service(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"hello")
    assert put["ServerSideEncryption"] == "AES256"
    assert put["ChecksumType"] == "FULL_OBJECT"
    assert "VersionId" not in put
    head = s3.head_object(Bucket=bucket, Key="a")
    assert head["AcceptRanges"] == "bytes"
    assert head["ContentType"] == "binary/octet-stream"
    assert head["Metadata"] == {}
    assert "StorageClass" not in head


def test_metadata_and_system_headers_come_back(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", Metadata={"Colour": "blue", "n": "1"}, ContentType="text/plain",
                  CacheControl="no-store", ContentDisposition="inline", ContentEncoding="gzip", ContentLanguage="en",
                  Expires=datetime.datetime(2030, 1, 1), StorageClass="STANDARD_IA")
    head = s3.head_object(Bucket=bucket, Key="a")
    assert head["Metadata"] == {"colour": "blue", "n": "1"}
    assert (head["ContentType"], head["CacheControl"], head["ContentDisposition"]) == ("text/plain", "no-store", "inline")
    assert (head["ContentEncoding"], head["ContentLanguage"], head["StorageClass"]) == ("gzip", "en", "STANDARD_IA")
    assert head["ResponseMetadata"]["HTTPHeaders"]["expires"] == "Tue, 01 Jan 2030 00:00:00 GMT"


@pytest.mark.parametrize("key", ["a/b/c", "ä ö/☃", "a+b&c=d?e#f", "//", "./..", "a" * 1024, "%41", "x\ty", "'\"<>"])
def test_keys_of_any_kind(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_key_is_at_most_1024_bytes(s3, bucket):
    code, status, error = refused(s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"")
    assert (code, status, error["MaxSizeAllowed"]) == ("KeyTooLongError", 400, "1024")


@pytest.mark.parametrize("size", [100, 100_000])
def test_ranges(s3, bucket, size):
    body = bytes(i % 256 for i in range(size))
    s3.put_object(Bucket=bucket, Key="a", Body=body)
    for header, first, last in [("bytes=0-9", 0, 9), ("bytes=90-", 90, size - 1), ("bytes=-5", size - 5, size - 1), ("bytes=50-999999", 50, size - 1)]:
        got = s3.get_object(Bucket=bucket, Key="a", Range=header)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"] == f"bytes {first}-{last}/{size}"
        assert got["Body"].read() == body[first : last + 1]
    code, status, error = refused(s3.get_object, Bucket=bucket, Key="a", Range=f"bytes={size}-")
    assert (code, status, error["ActualObjectSize"]) == ("InvalidRange", 416, str(size))


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["ETag"]
    assert s3.get_object(Bucket=bucket, Key="a", IfMatch=etag)["Body"].read() == b"x"
    assert refused(s3.get_object, Bucket=bucket, Key="a", IfMatch='"no"')[:2] == ("PreconditionFailed", 412)
    assert refused(s3.get_object, Bucket=bucket, Key="a", IfNoneMatch=etag)[1] == 304
    assert refused(s3.head_object, Bucket=bucket, Key="a", IfNoneMatch=etag)[1] == 304


def test_conditional_writes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"x", IfNoneMatch="*")["ETag"]
    code, status, error = refused(s3.put_object, Bucket=bucket, Key="a", Body=b"y", IfNoneMatch="*")
    assert (code, status, error["Condition"]) == ("PreconditionFailed", 412, "If-None-Match")
    s3.put_object(Bucket=bucket, Key="a", Body=b"y", IfMatch=etag)
    assert refused(s3.put_object, Bucket=bucket, Key="a", Body=b"z", IfMatch=etag)[:2] == ("PreconditionFailed", 412)
    assert refused(s3.put_object, Bucket=bucket, Key="new", Body=b"z", IfMatch=etag)[:2] == ("NoSuchKey", 404)


def test_what_is_not_there_is_named(s3, bucket):
    assert refused(s3.get_object, Bucket=bucket, Key="none")[2] == {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": "none"}
    code, _, error = refused(s3.get_object, Bucket=bucket + "x", Key="none")
    assert (code, error["BucketName"]) == ("NoSuchBucket", bucket + "x")
    assert refused(s3.head_object, Bucket=bucket, Key="none")[0] == "404"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_in_trailers_and_headers(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"hello world" * 10_000, ChecksumAlgorithm=algorithm)
    member = "Checksum" + algorithm
    assert put[member]
    head = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (put[member], "FULL_OBJECT")
    s3.put_object(Bucket=bucket, Key="b", Body=b"hello world" * 10_000, **{member: put[member]})
    code, _, error = refused(s3.put_object, Bucket=bucket, Key="c", Body=b"other", **{member: put[member]})
    assert (code, error["Message"]) == ("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
    assert refused(s3.head_object, Bucket=bucket, Key="c")[1] == 404


def test_a_wrong_content_md5_is_refused_and_nothing_is_kept(s3, bucket):
    code, _, error = refused(s3.put_object, Bucket=bucket, Key="a", Body=b"x", ContentMD5="Q3uTDbhLgHnC3YBKcZNrXw==")
    assert (code, error["ExpectedDigest"]) == ("BadDigest", "437b930db84b8079c2dd804a71936b5f")
    assert refused(s3.put_object, Bucket=bucket, Key="a", Body=b"x", ContentMD5="nonsense")[0] == "InvalidDigest"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_delete_objects(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{i}", Body=b"x")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k0"}, {"Key": "none"}]})
    assert [row["Key"] for row in done["Deleted"]] == ["k0", "none"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k1"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k2", "k3", "k4"]


def test_copy_with_directives(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"copy me", Metadata={"x": "1"}, ContentType="text/plain", Tagging="t=1")
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a b"})
    assert copied["CopyObjectResult"]["ETag"] == s3.head_object(Bucket=bucket, Key="a b")["ETag"]
    head = s3.head_object(Bucket=bucket, Key="c")
    assert (head["Metadata"], head["ContentType"]) == ({"x": "1"}, "text/plain")
    assert s3.get_object_tagging(Bucket=bucket, Key="c")["TagSet"] == [{"Key": "t", "Value": "1"}]
    s3.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": bucket, "Key": "a b"}, MetadataDirective="REPLACE", Metadata={"y": "2"})
    assert s3.head_object(Bucket=bucket, Key="d")["Metadata"] == {"y": "2"}
    assert s3.get_object(Bucket=bucket, Key="d")["Body"].read() == b"copy me"
    assert refused(s3.copy_object, Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "c"})[0] == "InvalidRequest"
    assert refused(s3.copy_object, Bucket=bucket, Key="e", CopySource={"Bucket": bucket, "Key": "none"})[0] == "NoSuchKey"
    etag = head["ETag"]
    s3.copy_object(Bucket=bucket, Key="e", CopySource={"Bucket": bucket, "Key": "c"}, CopySourceIfMatch=etag)
    assert refused(s3.copy_object, Bucket=bucket, Key="e", CopySource={"Bucket": bucket, "Key": "c"}, CopySourceIfNoneMatch=etag)[1] == 412


# Not the real service's answer, and on purpose: what is not built must not be taken as if it were.
@pytest.mark.parametrize("arguments", [{"WriteOffsetBytes": 1}])
def test_what_is_not_built_is_refused(s3, bucket, arguments):
    assert refused(s3.put_object, Bucket=bucket, Key="a", Body=b"x", **arguments)[:2] == ("NotImplemented", 501)


# Headers carry no more than US-ASCII: S3 speaks RFC 2047 there (recordings of AWS, 2026-02).
def test_metadata_beyond_ascii(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"", Metadata={"q": "=?UTF-8?Q?=C3=84M=C3=84Z_S3?=", "plain": "=?UTF-8?B?YWJj?="})
    assert s3.head_object(Bucket=bucket, Key="a")["Metadata"] == {"q": "=?UTF-8?Q?=C3=84M=C3=84Z_S3?=", "plain": "abc"}


def test_content_encoding_keeps_its_form(s3, bucket):
    for sent, kept in (("deflate, gzip", "deflate, gzip"), ("aws-chunked, deflate, gzip", "deflate, gzip"), ("gzip,aws-chunked", "gzip")):
        s3.put_object(Bucket=bucket, Key="a", Body=b"x", ContentEncoding=sent)
        assert s3.head_object(Bucket=bucket, Key="a")["ContentEncoding"] == kept


# DeleteObjects must carry a digest of its body, and the right one.
def test_delete_objects_wants_a_digest(s3, bucket, endpoint):
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"

    def post(**headers):
        request = urllib.request.Request(f"{endpoint}/{bucket}?delete", data=body, method="POST", headers=headers)
        try:
            return urllib.request.urlopen(request).status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    status, text = post()
    assert status == 400 and "Missing required header for this request: Content-MD5 OR x-amz-checksum-*" in text
    assert post(**{"Content-MD5": digest})[0] == 200
    assert "<Code>BadDigest</Code>" in post(**{"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})[1]
    assert "<Code>InvalidDigest</Code>" in post(**{"Content-MD5": "abc"})[1]
    assert "<Code>BadDigest</Code>" in post(**{"x-amz-checksum-crc32": "AAAAAA=="})[1]


def test_ids_of_versions_that_never_were(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    never = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"
    assert refused(s3.get_object, Bucket=bucket, Key="a", VersionId=never)[:2] == ("InvalidArgument", 400)
    assert refused(s3.delete_object, Bucket=bucket, Key="a", VersionId=never)[:2] == ("InvalidArgument", 400)
    errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a", "VersionId": never}]})["Errors"]
    assert [error["Code"] for error in errors] == ["NoSuchVersion"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"y")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    assert refused(s3.get_object, Bucket=bucket, Key="a", VersionId=version)[:2] == ("NoSuchVersion", 404)
    s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    assert refused(s3.delete_object, Bucket=bucket, Key="a", VersionId=version[:-4] + "ABCD")[:2] == ("InvalidArgument", 400)


def test_another_key_for_an_object(s3, bucket, endpoint):
    kms = support.client("kms", endpoint)
    key = kms.create_key()["KeyMetadata"]
    before = s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.update_object_encryption(Bucket=bucket, Key="a", ObjectEncryption={"SSEKMS": {"KMSKeyArn": key["Arn"], "BucketKeyEnabled": True}})
    head = s3.head_object(Bucket=bucket, Key="a")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["BucketKeyEnabled"], head["ETag"]) == ("aws:kms", key["Arn"], True, before["ETag"])


def test_where_an_object_may_redirect(s3, bucket):
    for good in ("/other", "http://example.com/", "https://example.com/"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"x", WebsiteRedirectLocation=good)
        assert s3.head_object(Bucket=bucket, Key="a")["WebsiteRedirectLocation"] == good
    for bad in ("other", "ftp://example.com/", "/" + "a" * 2048):
        assert refused(s3.put_object, Bucket=bucket, Key="a", Body=b"x", WebsiteRedirectLocation=bad)[:2] == ("InvalidRedirectLocation", 400)
    # A copy does not redirect unless it is asked to.
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    assert "WebsiteRedirectLocation" not in s3.head_object(Bucket=bucket, Key="b")


# Go encodes a blank in the copy source as a form does; S3 takes both, and a URL too (recordings of AWS, 2026-02).
@pytest.mark.parametrize("source", ["{bucket}/a+b%2Bc", "{bucket}%2Fa%20b%2Bc", "/{bucket}/a%20b%2Bc", "https://s3.amazonaws.com/{bucket}/a+b%2Bc"])
def test_forms_of_a_copy_source(s3, bucket, endpoint, source):
    s3.put_object(Bucket=bucket, Key="a b+c", Body=b"x")
    headers = {"x-amz-copy-source": source.format(bucket=bucket)}
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket}/copy", data=b"", method="PUT", headers=headers)).read()
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"x"


# Times of documents are whole seconds with milliseconds behind; what a page says of itself comes before its rows.
def test_form_of_a_listing(s3, bucket, endpoint):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for query in ("", "?list-type=2", "?versions"):
        text = urllib.request.urlopen(f"{endpoint}/{bucket}{query}").read().decode()
        assert ".000Z</LastModified>" in text
        assert text.index("<Name>") < text.index("<IsTruncated>") < text.index("<Key>a</Key>")


def base64_of(hexadecimal):
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


# The algorithms of 2026-04. Values of b"a": xxHash's published ones (big-endian), and what hashlib makes.
NEW_CHECKSUMS = {"SHA512": base64.b64encode(hashlib.sha512(b"a").digest()).decode(), "MD5": base64.b64encode(hashlib.md5(b"a").digest()).decode(),
                 "XXHASH64": base64_of("d24ec4f1a98c6e5b"), "XXHASH3": base64_of("e6c632b61e964e1f"),
                 "XXHASH128": base64_of("a96faf705af16834e6c632b61e964e1f")}


@pytest.mark.parametrize("algorithm", NEW_CHECKSUMS)
def test_the_newer_checksums(s3, bucket, algorithm):
    member, value = "Checksum" + algorithm, NEW_CHECKSUMS[algorithm]
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"a", **{member: value})
    assert (put[member], put["ChecksumType"]) == (value, "FULL_OBJECT")
    head = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (value, "FULL_OBJECT")
    assert s3.get_object_attributes(Bucket=bucket, Key="a", ObjectAttributes=["Checksum"])["Checksum"][member] == value
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ChecksumAlgorithm"] == [algorithm]
    assert refused(s3.put_object, Bucket=bucket, Key="b", Body=b"b", **{member: value})[0] == "BadDigest"
    assert refused(s3.put_object, Bucket=bucket, Key="b", Body=b"b", **{member: "eA=="})[0] == "InvalidRequest"
    # Copies have the source's, or the one that is asked for.
    s3.put_object(Bucket=bucket, Key="plain", Body=b"a")
    assert s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/plain", ChecksumAlgorithm=algorithm)["CopyObjectResult"][member] == value
    assert s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/b")["CopyObjectResult"][member] == value


# Of uploads they are composite, the digest of the parts' digests ("Checking object integrity").
@pytest.mark.parametrize("algorithm", ["SHA512", "MD5"])
def test_the_newer_checksums_of_uploads(s3, bucket, algorithm):
    member, digest = "Checksum" + algorithm, getattr(hashlib, algorithm.lower())
    assert refused(s3.create_multipart_upload, Bucket=bucket, Key="a", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")[0] == "InvalidRequest"
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a", ChecksumAlgorithm=algorithm)
    assert upload["ChecksumType"] == "COMPOSITE"
    name = {"Bucket": bucket, "Key": "a", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**name, PartNumber=1, Body=b"a", **{member: NEW_CHECKSUMS[algorithm]})
    whole = base64.b64encode(digest(base64.b64decode(NEW_CHECKSUMS[algorithm])).digest()).decode()
    done = s3.complete_multipart_upload(**name, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"], member: part[member]}]})
    assert (done[member], done["ChecksumType"]) == (whole + "-1", "COMPOSITE")


@pytest.mark.parametrize("algorithm", ["XXHASH64", "XXHASH3", "XXHASH128"])
def test_checksums_of_parts_under_a_client_s_key(s3, bucket, algorithm):
    member = "Checksum" + algorithm
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    name = {"Bucket": bucket, "Key": "a", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="a", ChecksumAlgorithm=algorithm, **key)["UploadId"]}
    part = s3.upload_part(**name, PartNumber=1, Body=b"a", **{member: NEW_CHECKSUMS[algorithm]}, **key)
    assert part[member] == NEW_CHECKSUMS[algorithm]
    assert s3.list_parts(**name)["Parts"][0][member] == NEW_CHECKSUMS[algorithm]
    s3.complete_multipart_upload(**name, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"], member: part[member]}]})
    assert s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED", **key)[member].endswith("=-1")
