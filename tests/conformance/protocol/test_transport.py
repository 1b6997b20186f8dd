"""How requests may arrive: HTTP and HTTPS on one port, buckets in the path or the host, signatures in headers and URLs, slow bodies."""

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
import uuid

import botocore.exceptions
import pytest

import support


def fetch(url, method="GET", data=None, headers=None):
    """(status, headers, body), whatever the status."""
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, dict(answer.headers), answer.read()


def test_https_on_the_same_port(endpoint, bucket):
    secure = support.client("s3", endpoint.replace("http://", "https://"), verify=False, config={"s3": {"addressing_style": "path"}})
    body = b"secret" * 100_000
    secure.put_object(Bucket=bucket, Key="a", Body=body)
    assert secure.get_object(Bucket=bucket, Key="a")["Body"].read() == body


@pytest.mark.parametrize("host", ["{}.s3.localhost.localstack.cloud", "{}.s3.us-east-1.amazonaws.com", "{}.s3.amazonaws.com"])
def test_the_bucket_in_the_host(endpoint, s3, bucket, host):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    status, _, body = fetch(endpoint + "/a/b", headers={"Host": host.format(bucket)})
    assert (status, body) == (200, b"x")


def test_presigned_urls(endpoint, s3, bucket):
    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a"})
    assert fetch(url, "PUT", b"by url")[0] == 200
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a", "ResponseContentType": "text/x"})
    status, headers, body = fetch(url)
    assert (status, headers["Content-Type"], body) == (200, "text/x", b"by url")


def test_an_expired_url_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"}, ExpiresIn=1)
    time.sleep(2.1)
    status, _, body = fetch(url)
    assert status == 403 and b"<Message>Request has expired</Message>" in body


def test_every_answer_has_its_request_ids(endpoint, s3, dynamodb, bucket):
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-request-id"] and headers["x-amz-id-2"]
    headers = dynamodb.list_tables()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-requestid"] and headers["x-amz-crc32"]


# The server asks for the body only when it wants it: a refusal comes first.
def test_expect_100_continue(endpoint, s3, bucket):
    host, port = endpoint.removeprefix("http://").rsplit(":", 1)
    head = "PUT /{}/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.format(bucket).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"hello")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.format("no-such-bucket-" + bucket).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 404")


def test_a_slow_body_holds_nobody_up(endpoint, s3, bucket):
    host, port = endpoint.removeprefix("http://").rsplit(":", 1)
    connections = []
    for i in range(20):
        connection = socket.create_connection((host, int(port)), timeout=10)
        connection.sendall(f"PUT /{bucket}/slow{i} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nstart".encode())
        connections.append(connection)
    began = time.monotonic()
    s3.put_object(Bucket=bucket, Key="fast", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="fast")["Body"].read() == b"x"
    assert time.monotonic() - began < 5
    for connection in connections:
        connection.close()
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["fast"]


def test_health_and_metrics(endpoint):
    for path in ["/_localstack/health", "/_cloche/health"]:
        status, _, body = fetch(endpoint + path)
        assert status == 200 and json.loads(body)["services"] == {"s3": "running", "dynamodb": "running", "kms": "running"}
    status, headers, body = fetch(endpoint + "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain")
    assert b"cloche_http_requests_total" in body


# No web page may drive a local server: a foreign origin is refused, a local one is let in.
def test_foreign_origins(endpoint):
    assert fetch(endpoint + "/_cloche/health", headers={"Origin": "https://evil.example"})[0] == 403
    assert fetch(endpoint + "/_cloche/health", headers={"Host": "evil.example"})[0] == 403
    assert fetch(endpoint + "/_cloche/health", headers={"Origin": "http://localhost:3000"})[0] == 200
    status, headers, _ = fetch(endpoint + "/", "OPTIONS", headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PUT"})
    assert status in (200, 204) and headers["Access-Control-Allow-Origin"] in ("*", "http://localhost:3000")


@pytest.fixture(scope="module")
def verifying(tmp_path_factory):
    server = support.Cloche(tmp_path_factory.mktemp("verify") / "data", "--auth", "verify").start()
    yield server.endpoint
    server.stop()


def test_signatures_are_checked_when_asked_for(verifying):
    name = "verify-" + uuid.uuid4().hex[:8]
    good = support.client("s3", verifying)
    good.create_bucket(Bucket=name)
    good.put_object(Bucket=name, Key="a b+c", Body=b"x" * 100_000)
    assert good.get_object(Bucket=name, Key="a b+c")["ContentLength"] == 100_000
    v4 = support.client("s3", verifying, config={"signature_version": "s3v4"})
    assert fetch(v4.generate_presigned_url("get_object", {"Bucket": name, "Key": "a b+c"}))[0] == 200
    support.client("dynamodb", verifying).list_tables()
    for service, call, keys, code in [
        ("s3", "list_buckets", {"aws_secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
        ("s3", "list_buckets", {"aws_access_key_id": "AKIANOBODY"}, "InvalidAccessKeyId"),
        ("dynamodb", "list_tables", {"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
        ("dynamodb", "list_tables", {"aws_access_key_id": "AKIANOBODY"}, "UnrecognizedClientException"),
    ]:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            getattr(support.client(service, verifying, **keys), call)()
        assert caught.value.response["Error"]["Code"] == code


def test_the_certificate_stays(tmp_path):
    server = support.Cloche(tmp_path / "data").start()
    host, port = server.endpoint.removeprefix("http://").rsplit(":", 1)
    first = ssl.get_server_certificate((host, int(port)))
    server.stop()
    server.start()
    host, port = server.endpoint.removeprefix("http://").rsplit(":", 1)
    assert ssl.get_server_certificate((host, int(port))) == first
    server.stop()
