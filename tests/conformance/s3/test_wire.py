"""What S3's answers look like beneath the SDKs: framing, headers, text beyond US-ASCII. Facts: recordings of AWS, 2025 and 2026-02."""

import http.client
import json
import urllib.parse

import botocore.exceptions
import pytest

import support

AUTH = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=aa"}


def ask(endpoint, method, path, headers=None, body=None):
    """(status, headers in lower case, body); headers may be of any bytes."""
    connection = http.client.HTTPConnection(urllib.parse.urlparse(endpoint).netloc, timeout=20)
    connection.request(method, path, body=body, headers={**AUTH, **(headers or {})})
    answer = connection.getresponse()
    result = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return result


# XML goes out in chunks, but for what PUT answers; bodies of objects have a length.
def test_framing(endpoint, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for method, path, framed in [("GET", "/", True), ("GET", f"/{bucket}", True), ("GET", f"/{bucket}/none", True), ("GET", f"/{bucket}/a", False),
                                 ("PUT", f"/{bucket}/none?tagging", True), ("POST", f"/{bucket}/a?uploads", True), ("GET", f"/{bucket}/a?tagging", True)]:
        _, headers, body = ask(endpoint, method, path)
        assert (headers.get("transfer-encoding") == "chunked") is framed, path
        assert ("content-length" in headers) is not framed and body
    _, headers, body = ask(endpoint, "PUT", f"/{bucket}/b", {"x-amz-copy-source": f"/{bucket}/a"})
    assert int(headers["content-length"]) == len(body)


# HTTP/1.0 knows no chunks.
def test_framing_for_old_clients(endpoint, bucket):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(endpoint).netloc, timeout=20)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.request("GET", f"/{bucket}/none", headers=AUTH)
    answer = connection.getresponse()
    assert answer.getheader("transfer-encoding") is None and b"NoSuchKey" in answer.read()


# A question of a browser that is none ends the connection.
def test_options_without_an_origin(endpoint, bucket):
    status, headers, _ = ask(endpoint, "OPTIONS", f"/{bucket}/a")
    assert (status, headers["connection"], headers["transfer-encoding"]) == (400, "close", "chunked")


# Reported of AWS for these (versity/versitygw issue 820, aws/aws-sdk-cpp issue 733).
@pytest.mark.parametrize("path", ["/a?tagging", "?notification", "?versioning"])
def test_a_document_that_is_not_there(endpoint, s3, bucket, path):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", Tagging="a=b")
    status, _, body = ask(endpoint, "PUT", f"/{bucket}{path}", body=b"")
    assert status == 400 and b"<Code>MissingRequestBodyError</Code><Message>Request Body is empty</Message>" in body
    assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"]


def test_where_buckets_are(endpoint, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for query in ("", "?list-type=2"):
        assert ask(endpoint, "GET", f"/{bucket}{query}")[1]["x-amz-bucket-region"] == "us-east-1"
    head = s3.head_bucket(Bucket=bucket)
    assert head["BucketArn"] == f"arn:aws:s3:::{bucket}"
    assert head["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/xml"
    plain = next(row for row in s3.list_buckets()["Buckets"] if row["Name"] == bucket)
    assert plain["BucketArn"] == f"arn:aws:s3:::{bucket}" and "BucketRegion" not in plain
    assert s3.list_buckets(Prefix=bucket)["Buckets"][0]["BucketRegion"] == "us-east-1"
    # What has nothing in it is one tag.
    assert ask(endpoint, "GET", f"/{bucket}?location")[2].endswith(b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>')


def test_a_region_that_is_none(endpoint, bucket):
    auth = {"Authorization": AUTH["Authorization"].replace("us-east-1", "aws-global")}
    status, _, body = ask(endpoint, "GET", f"/{bucket}", auth)
    assert status == 400 and b"<Code>AuthorizationHeaderMalformed</Code>" in body
    assert b"the region 'aws-global' is wrong; expecting 'us-east-1'" in body and b"<Region>us-east-1</Region>" in body
    assert ask(endpoint, "HEAD", f"/{bucket}", auth)[0] == 400


# Owners are not shown to strangers.
def test_an_anonymous_list(endpoint, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert b"<Owner>" in ask(endpoint, "GET", f"/{bucket}")[2]
    assert b"<Owner>" not in ask(endpoint, "GET", f"/{bucket}", {"Authorization": ""})[2]


# Headers are bytes of Latin-1: they come back as they were sent, and can be read again.
def test_headers_of_any_bytes(endpoint, bucket):
    odd = bytes(range(0x80, 0x100)).decode("latin-1")
    assert ask(endpoint, "PUT", f"/{bucket}/a", {"Cache-Control": f"a{odd}b", "x-amz-meta-m": "caf\xe9", "Expires": odd}, b"")[0] == 200
    status, headers, _ = ask(endpoint, "GET", f"/{bucket}/a")
    assert (status, headers["cache-control"], headers["expires"]) == (200, f"a{odd}b", odd)
    assert headers["x-amz-meta-m"] == "=?UTF-8?Q?caf=C3=A9?="


# "Couldn't parse the specified URI.": error responses, InvalidURI.
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
def test_keys_are_utf_8(endpoint, bucket, method):
    status, _, body = ask(endpoint, method, f"/{bucket}/%ae%8a-")
    assert status == 400
    if method != "HEAD":
        assert b"<Code>InvalidURI</Code>" in body and b"Couldn't parse the specified URI." in body


def test_overrides_that_no_header_can_carry(endpoint, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    status, headers, _ = ask(endpoint, "GET", f"/{bucket}/a?response-cache-control=" + urllib.parse.quote("é"))
    assert (status, headers["cache-control"]) == (200, "é")
    status, _, body = ask(endpoint, "GET", f"/{bucket}/a?response-cache-control=" + urllib.parse.quote("a—é"))
    assert status == 400
    for part in ("<Code>InvalidArgument</Code>", "Header value cannot be represented using ISO-8859-1.",
                 "<ArgumentName>response-cache-control</ArgumentName><ArgumentValue>a—é</ArgumentValue>"):
        assert part in body.decode()


def post(endpoint, bucket, fields):
    body = b"".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items())
    body += b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
    return ask(endpoint, "POST", f"/{bucket}", {"Authorization": "", "Content-Type": "multipart/form-data; boundary=b"}, body)


# Forms are UTF-8. Their metadata has no encoded words, and what headers can't say becomes a blank.
def test_text_of_forms(endpoint, s3, bucket):
    assert post(endpoint, bucket, {"key": "a", "Cache-Control": "—é", "x-amz-meta-word": "=?UTF-8?B?YWJj?=", "x-amz-meta-tab": "a\tb",
                                   "x-amz-meta-other": "ÄÖ and more"})[0] == 204
    headers = ask(endpoint, "HEAD", f"/{bucket}/a")[1]
    assert headers["cache-control"].strip() == "é"
    assert headers["x-amz-meta-word"] == "=?UTF-8?B?YWJj?="
    assert headers["x-amz-meta-tab"] == "a\tb"
    assert headers["x-amz-meta-other"] == "=?UTF-8?Q?=C3=84=C3=96_and_more?="


# A copy into a bucket whose versioning is suspended names the null version; a put does not.
def test_copies_into_suspended_buckets(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    copied = s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    assert copied["VersionId"] == "null" and "CopySourceVersionId" not in copied


# An upload without an algorithm has S3's own; another's checksum of the whole is not looked at.
def test_a_checksum_that_was_not_asked_for(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"aaa")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    with pytest.raises(botocore.exceptions.ClientError, match="BadDigest"):
        s3.complete_multipart_upload(Bucket=bucket, Key="a", UploadId=upload, MultipartUpload=parts, ChecksumCRC64NVME="AAAAAAAAAAA=")
    done = s3.complete_multipart_upload(Bucket=bucket, Key="a", UploadId=upload, MultipartUpload=parts, ChecksumCRC32C="Da5P5w==-2")
    assert done["ChecksumType"] == "FULL_OBJECT" and "ChecksumCRC64NVME" in done


# Each object is shown with the account that owns it, in all three listings.
def test_owners_in_listings(endpoint, s3, bucket):
    other = support.client("s3", endpoint, aws_access_key_id="111122223333")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    mine, theirs = s3.list_buckets()["Owner"]["ID"], other.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", Metadata={"owner": "999999999999"})
    other.put_object(Bucket=bucket, Key="b", Body=b"x", Metadata={"owner": json.dumps({"owner": "1"})})
    for rows in (s3.list_objects(Bucket=bucket)["Contents"], s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"],
                 s3.list_object_versions(Bucket=bucket)["Versions"]):
        assert [row["Owner"]["ID"] for row in rows] == [mine, theirs]
