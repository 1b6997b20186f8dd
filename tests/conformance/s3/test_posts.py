"""HTML forms (POST Object) and signatures, with --auth verify. Codes, texts and fields from recordings of AWS, 2025."""

import base64
import datetime
import hashlib
import http.client
import json
import re
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

import support

KEY, SECRET = "AKIAPOSTER", "poster-secret"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posts")
    (folder / "users.json").write_text(json.dumps({"users": [
        {"name": "poster", "account": "111122223333", "accessKey": KEY, "secretKey": SECRET}]}))
    server = support.Cloche(folder / "data", "--users", str(folder / "users.json"), "--auth", "verify").start()
    yield server
    assert server.stop() == 0


def client(server, version="s3v4", **arguments):
    return support.client("s3", server.endpoint, config={"signature_version": version, "s3": {"addressing_style": "path"}},
                          **{"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, **arguments})


@pytest.fixture(scope="module")
def s3(server):
    return client(server)


@pytest.fixture
def bucket(s3):
    name = "posts-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=name)
    return name


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read().decode()

    def __getattr__(self, name):
        found = re.search(f"<{name}>(.*?)</{name}>", self.body, re.S)
        return found.group(1).replace("&quot;", '"').replace("&#34;", '"') if found else None


def send(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=10)
    connection.request(method, path, body=body, headers=headers or {})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def post(server, bucket, fields, file=b"content", filename="a.txt", content_type=None):
    """`fields` in their order, the file last."""
    boundary = "----boundary" + uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    if file is not None:
        name = "" if filename is None else f'; filename="{filename}"'
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"{name}\r\nContent-Type: text/x\r\n\r\n'.encode() + file + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return send(server, "POST", f"/{bucket}", body, {"Content-Type": content_type or f"multipart/form-data; boundary={boundary}"})


def presigned(s3, bucket, key="k", fields=None, conditions=(), **arguments):
    return s3.generate_presigned_post(Bucket=bucket, Key=key, Fields=fields and dict(fields),
                                      Conditions=[*[{name: value} for name, value in (fields or {}).items()], *conditions], **arguments)["fields"]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_puts_an_object(server, s3, bucket, version):
    fields = presigned(client(server, version), bucket, "up/${filename}", fields={
        "Content-Type": "text/plain", "x-amz-meta-Colour": "red", "Cache-Control": "no-store",
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"})
    body = bytes(range(256)) * 1000 + b"\r\n--almost a boundary"
    answer = post(server, bucket, fields, body, filename="C:\\here\\there.bin")
    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert answer.headers["Location"] == f"{server.endpoint}/{bucket}/up/there.bin"
    assert answer.headers["x-amz-checksum-crc64nvme"] and answer.headers["x-amz-server-side-encryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="up/there.bin")
    assert got["Body"].read() == body
    assert (got["ContentType"], got["CacheControl"], got["Metadata"]) == ("text/plain", "no-store", {"colour": "red"})
    assert s3.get_object_tagging(Bucket=bucket, Key="up/there.bin")["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_a_file_without_a_name_leaves_the_key_alone(server, s3, bucket):
    assert post(server, bucket, presigned(s3, bucket, "x-${filename}"), filename=None).status == 204
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"] == "x-${filename}"


def test_the_answer_is_what_the_form_asks_for(server, s3, bucket):
    created = post(server, bucket, presigned(s3, bucket, "a&b c", fields={"success_action_status": "201"}))
    etag = hashlib.md5(b"content").hexdigest()
    assert (created.status, created.headers["Content-Type"]) == (201, "application/xml")
    assert created.body.endswith(
        f"<PostResponse><Location>{server.endpoint}/{bucket}/a%26b%20c</Location><Bucket>{bucket}</Bucket><Key>a&amp;b c</Key>"
        f'<ETag>"{etag}"</ETag></PostResponse>')
    assert post(server, bucket, presigned(s3, bucket, fields={"success_action_status": "200"})).status == 200
    assert post(server, bucket, presigned(s3, bucket, fields={"success_action_status": "404"})).status == 204
    there = post(server, bucket, presigned(s3, bucket, fields={"success_action_redirect": "http://x.example/done?a=b"}))
    assert (there.status, there.body) == (303, "")
    assert there.headers["Location"] == f"http://x.example/done?a=b&bucket={bucket}&key=k&etag=%22{etag}%22"
    assert post(server, bucket, presigned(s3, bucket, fields={"success_action_redirect": "/relative"})).status == 204


def test_what_a_form_lacks_is_said(server, s3, bucket):
    def lacking(answer):
        assert (answer.status, answer.Code) == (400, "InvalidArgument")
        assert answer.Message == f"Bucket POST must contain a field named '{answer.ArgumentName}'.  If it is specified, please check the order of the fields."
        return answer.ArgumentName

    def without(fields, *names):
        return post(server, bucket, {name: value for name, value in fields.items() if name not in names})

    v4, v2 = presigned(s3, bucket), presigned(client(server, "s3"), bucket)
    assert lacking(without(v4, "x-amz-signature")) == "X-Amz-Signature"
    assert lacking(without(v4, "x-amz-algorithm", "x-amz-credential")) == "X-Amz-Algorithm"
    assert lacking(without(v2, "signature")) == "Signature"
    assert lacking(without(v2, "AWSAccessKeyId")) == "AWSAccessKeyId"
    assert lacking(without(v4, "key")) == "key"
    alone = post(server, bucket, {"key": "k", "policy": v4["policy"]})
    assert (alone.status, alone.Code, alone.Message) == (403, "AccessDenied", "Access Denied")
    no_file = post(server, bucket, v4, file=None)
    assert (no_file.status, no_file.Code) == (400, "InvalidArgument")
    wrong = post(server, bucket, v4, content_type="text/html")
    assert (wrong.status, wrong.Code) == (412, "PreconditionFailed")
    assert wrong.Condition == "Bucket POST must be of the enclosure-type multipart/form-data"
    assert post(server, bucket, {"key": "k", "x-amz-meta-long": "x" * 21000}).Code == "MaxPostPreDataLengthExceeded"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_bad_signatures_of_forms(server, bucket, version):
    fields = presigned(client(server, version), bucket)
    name = "signature" if version == "s3" else "x-amz-signature"
    changed = {**fields, "policy": fields["policy"][:-4]}
    bad = post(server, bucket, changed)
    assert (bad.status, bad.Code, bad.AWSAccessKeyId) == (403, "SignatureDoesNotMatch", KEY)
    assert (bad.StringToSign, bad.SignatureProvided) == (changed["policy"], fields[name])
    assert bad.StringToSignBytes.startswith("%02x %02x" % tuple(changed["policy"][:2].encode())) and bad.CanonicalRequest is None
    stranger = presigned(client(server, version, aws_access_key_id="AKIANOBODY"), bucket)
    assert post(server, bucket, stranger).Code == "InvalidAccessKeyId"


@pytest.mark.parametrize("fields, conditions, message", [
    ({}, [["eq", "$x-amz-meta-a", "1"]], 'Policy Condition failed: ["eq", "$x-amz-meta-a", "1"]'),
    ({"x-amz-meta-a": "2"}, [{"x-amz-meta-a": "1"}], 'Policy Condition failed: ["eq", "$x-amz-meta-a", "1"]'),
    ({"x-amz-meta-a": "1"}, [["eq", "x-amz-meta-a", "1"]], 'Policy Condition failed: ["eq", "x-amz-meta-a", "1"]'),
    ({"x-amz-meta-a": "21"}, [["starts-with", "$x-amz-meta-a", "1"]], 'Policy Condition failed: ["starts-with", "$x-amz-meta-a", "1"]'),
    ({}, [["content-length-range", "test", "10"]], 'Policy Condition failed: ["content-length-range", "test", "10"]'),
    ({"x-amz-meta-a": "1"}, [], "Extra input fields: x-amz-meta-a"),
    ({"x-amz-meta-a": "12", "x-ignore-b": "3"}, [["StArTs-WiTh", "$X-AMZ-META-A", "1"]], None),
])
def test_conditions_of_forms(server, s3, bucket, fields, conditions, message):
    signed = s3.generate_presigned_post(Bucket=bucket, Key="k", Conditions=conditions)["fields"]
    answer = post(server, bucket, {**signed, **fields})
    if message is None:
        assert answer.status == 204
    else:
        assert (answer.status, answer.Code, answer.Message) == (403, "AccessDenied", "Invalid according to Policy: " + message)


@pytest.mark.parametrize("policy, code, message", [
    ("no json", "InvalidPolicyDocument", "Invalid Policy: Invalid JSON."),
    ({"conditions": []}, "InvalidPolicyDocument", "Invalid Policy: Policy missing expiration."),
    ({"expiration": "2100-01-01T00:00:00Z"}, "InvalidPolicyDocument", "Invalid Policy: Policy missing conditions."),
    ({"expiration": "soon", "conditions": []}, "InvalidPolicyDocument", "Invalid Policy: Invalid 'expiration' value: 'soon'"),
    ({"expiration": "2100-01-01T00:00:00Z", "conditions": [{"key": "k", "a": "b"}]}, "InvalidPolicyDocument",
     "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
    ({"expiration": "2001-01-01T00:00:00Z", "conditions": []}, "AccessDenied", "Invalid according to Policy: Policy expired."),
])
def test_bad_policies_of_forms(server, bucket, policy, code, message):
    import hmac

    text = base64.b64encode((policy if isinstance(policy, str) else json.dumps(policy)).encode()).decode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest()).decode()
    answer = post(server, bucket, {"key": "k", "AWSAccessKeyId": KEY, "policy": text, "signature": signature})
    assert (answer.Code, answer.Message) == (code, message)


def test_the_size_of_a_file_is_held_to_its_range(server, s3, bucket):
    fields = presigned(s3, bucket, conditions=[["content-length-range", 5, 10]])
    large = post(server, bucket, fields, b"x" * 12)
    assert (large.status, large.Code, large.ProposedSize, large.MaxSizeAllowed) == (400, "EntityTooLarge", "12", "10")
    small = post(server, bucket, fields, b"x")
    assert (small.status, small.Code, small.ProposedSize, small.MinSizeAllowed) == (400, "EntityTooSmall", "1", "5")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert post(server, bucket, fields, b"x" * 10).status == 204


def test_bad_tags_of_a_form(server, s3, bucket):
    bad = post(server, bucket, presigned(s3, bucket, fields={"tagging": "not-xml"}))
    assert (bad.status, bad.Code) == (400, "MalformedXML")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_version_two_in_headers_and_urls(server, s3, bucket):
    old = client(server, "s3")
    old.put_object(Bucket=bucket, Key="a/b c", Body=b"x", Metadata={"m": "1"}, ContentType="text/plain")
    assert old.get_object(Bucket=bucket, Key="a/b c", ResponseContentType="x/y")["ContentType"] == "x/y"
    old.get_bucket_versioning(Bucket=bucket)
    assert old.list_objects_v2(Bucket=bucket, Prefix="a/")["KeyCount"] == 1
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client(server, "s3", aws_secret_access_key="wrong").list_buckets()
    assert error.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert "CanonicalRequest" not in error.value.response["Error"]
    url = path_of(old.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "p", "Metadata": {"foo": "bar"}}))
    assert send(server, "PUT", url, b"body").status == 200  # What the URL says in its query counts as headers.
    assert s3.head_object(Bucket=bucket, Key="p")["Metadata"] == {"foo": "bar"}
    assert send(server, "PUT", url, b"body", {"Content-Type": "text/plain"}).Code == "SignatureDoesNotMatch"
    missing = send(server, "PUT", re.sub("&?Signature=[^&]*", "", url), b"")
    assert (missing.status, missing.Message) == (
        403, "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    expired = send(server, "GET", path_of(old.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p"}, ExpiresIn=-1)))
    assert (expired.status, expired.Code, expired.Message) == (403, "AccessDenied", "Request has expired")
    assert expired.ServerTime and expired.Expires


def test_presigned_urls_of_version_four(server, s3, bucket):
    url = path_of(s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "p", "Metadata": {"foo": "bar"}}))
    assert send(server, "PUT", url, b"", {"x-amz-meta-foo": "bar"}).status == 200
    assert send(server, "PUT", url, b"").Code == "SignatureDoesNotMatch"
    more = send(server, "PUT", url, b"", {"x-amz-meta-foo": "bar", "x-amz-meta-wrong": "x", "x-amz-date": "x"})
    assert (more.status, more.Code, more.HeadersNotSigned) == (403, "AccessDenied", "x-amz-meta-wrong, x-amz-date")
    assert more.Message == "There were headers present in the request which were not signed"
    get = path_of(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p"}))
    bad = send(server, "GET", get.replace("X-Amz-Signature=", "X-Amz-Signature=0"))
    assert bad.Code == "SignatureDoesNotMatch" and bad.CanonicalRequest.startswith("GET\n") and bad.CanonicalRequestBytes
    both = send(server, "GET", get, headers={"Authorization": "AWS a:b"})
    assert (both.status, both.Code, both.ArgumentName) == (400, "InvalidArgument", "Authorization")
    twice = send(server, "GET", get.replace("%2F", "%252F"))
    assert (twice.status, twice.Code) == (400, "AuthorizationQueryParametersError")
    assert twice.Message.startswith("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed;")
    missing = send(server, "GET", re.sub("X-Amz-Algorithm=[^&]*&", "", get))
    assert (missing.status, missing.Code) == (400, "AuthorizationQueryParametersError")


# The JavaScript SDK signs the CRC32 of no body into the URL. S3 holds the signature against it, and neither checks nor keeps it
# (recording of AWS, 2026-02).
def test_checksums_in_a_url_count_for_nothing(server, s3, bucket):
    # botocore would leave it in the head; so the URL is signed by hand.
    request = botocore.awsrequest.AWSRequest("PUT", s3.meta.endpoint_url + f"/{bucket}/p", params={
        "x-amz-checksum-crc32": "AAAAAA==", "x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-meta-foo": "bar"})
    botocore.auth.S3SigV4QueryAuth(botocore.credentials.Credentials(KEY, SECRET), "s3", "us-east-1").add_auth(request)
    url = path_of(request.url)
    assert send(server, "PUT", url, b"123456").status == 200
    assert send(server, "PUT", url.replace("AAAAAA", "BBBBBB"), b"123456").Code == "SignatureDoesNotMatch"
    head = s3.head_object(Bucket=bucket, Key="p", ChecksumMode="ENABLED")
    assert (head["Metadata"], head["ChecksumCRC64NVME"], "ChecksumCRC32" in head) == ({"foo": "bar"}, "CVmbZh4IWzA=", False)


def test_skewed_and_unreadable_authorizations(server):
    def get(**headers):
        return send(server, "GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})

    skewed = get(Authorization=f"AWS {KEY}:xyz", Date="Tue, 07 Jul 2010 21:53:04 GMT")
    assert (skewed.status, skewed.Code, skewed.MaxAllowedSkewMilliseconds) == (403, "RequestTimeTooSkewed", "900000")
    assert get(Authorization=f"AWS {KEY}:xyz").Code == "AccessDenied"
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert get(Authorization="AWS HAHAHA", Date=now).Code == "InvalidArgument"
    assert get(Authorization="Bearer x").Message == "Unsupported Authorization Type"
    assert get(Authorization="AWS AKIANOBODY:xyz", Date=now).Code == "InvalidAccessKeyId"
