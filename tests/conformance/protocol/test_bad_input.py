"""Hostile and broken input over raw sockets: each gets an AWS-shaped error or a closed connection, and the server goes on."""

import socket

import pytest


@pytest.fixture
def raw(endpoint):
    host, port = endpoint.removeprefix("http://").rsplit(":", 1)

    def send(data, more=b"", read_all=True):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            try:
                connection.sendall(data)
                if more:
                    connection.sendall(more)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # Closed on us while we were still sending: an answer too.
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
            return answer

    return send


@pytest.fixture(autouse=True)
def still_alive(s3):
    yield
    s3.list_buckets()


AUTH = b"Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n"
DYNAMO = b"Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0\r\nContent-Type: application/x-amz-json-1.0\r\n"


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else None


@pytest.mark.parametrize("data", [
    b"\r\n\r\n", b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100, b"\x16\x03\x01\x00\x00", b"GET / HTTP/1.1\r\nHost",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
])
def test_broken_requests(raw, data):
    answer = raw(data)
    # Nothing, a TLS alert (RFC 8446, section 5.1: type 21) or an error of HTTP.
    assert answer == b"" or answer[0] == 21 or 400 <= status(answer) < 600


def test_oversized_headers(raw):
    answer = raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 200_000 + b"\r\n\r\n")
    assert answer == b"" or status(answer) in (400, 413, 414, 431)


@pytest.mark.parametrize("body", [b"", b"<", b"<Delete>", b"<Delete></Delete>", b"not xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Delete>&e;</Delete>",
                                  b"<Delete>" + b"<a>" * 5000 + b"</Delete>", b"\xff\xfe<Delete/>"])
def test_malformed_xml(raw, bucket, body):
    answer = raw(b"POST /" + bucket.encode() + b"?delete HTTP/1.1\r\nHost: x\r\n" + AUTH + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert status(answer) == 400
    assert b"<Code>MalformedXML</Code>" in answer or b"<Code>MissingRequestBodyError</Code>" in answer
    assert b"root:" not in answer


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{\"TableName\":}", b"{\"TableName\":1}", b"\xff", b"[" * 10000, b'{"TableName":"a"} x'])
def test_malformed_json(raw, body):
    answer = raw(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.DescribeTable\r\n" + DYNAMO + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert status(answer) == 400
    assert b"__type" in answer


def test_unknown_operations(raw):
    answer = raw(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.Nonsense\r\n" + DYNAMO + b"Content-Length: 2\r\n\r\n{}")
    assert status(answer) == 400 and b"UnknownOperationException" in answer
    answer = raw(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ExportTableToPointInTime\r\n" + DYNAMO +
                 b'Content-Length: 65\r\n\r\n{"TableArn":"arn:aws:dynamodb:us-east-1:0:table/a","S3Bucket":"b"}')
    assert 400 <= status(answer) < 600


CHUNKED = (b"PUT /%s/k HTTP/1.1\r\nHost: x\r\n" + AUTH + b"x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nContent-Encoding: aws-chunked\r\n"
           b"x-amz-trailer: x-amz-checksum-crc32\r\nx-amz-decoded-content-length: 5\r\nContent-Length: %d\r\n\r\n%s")


@pytest.mark.parametrize("body", [
    b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"5\r\nhel", b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", b"6\r\nhello!\r\n0\r\n\r\n", b"4\r\nhell\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:zz\r\n\r\n", b"0\r\n\r\n", b"", b"5;" + b"x" * 100_000])
def test_bad_chunk_framing_stores_nothing(raw, s3, bucket, body):
    answer = raw(CHUNKED % (bucket.encode(), len(body), body))
    assert answer == b"" or 400 <= status(answer) < 500
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_good_chunked_body_is_stored(raw, s3, bucket):
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    assert status(raw(CHUNKED % (bucket.encode(), len(body), body))) == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello"


def test_a_body_that_is_cut_short_is_not_stored(raw, s3, bucket):
    raw(b"PUT /" + bucket.encode() + b"/k HTTP/1.1\r\nHost: x\r\n" + AUTH + b"Content-Length: 100000\r\n\r\n" + b"x" * 50_000)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_pipelined_requests_are_answered_in_order(raw, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"first")
    s3.put_object(Bucket=bucket, Key="b", Body=b"second")
    get = b"GET /" + bucket.encode() + b"/%s HTTP/1.1\r\nHost: x\r\n" + AUTH + b"\r\n"
    answer = raw(get % b"a" + get % b"b" + get % b"none")
    assert answer.index(b"first") < answer.index(b"second") < answer.index(b"NoSuchKey")
