"""What is DynamoDB's alone in HTTP: checksums, compression, types of answers."""

import gzip
import http.client
import json
import urllib.parse
import zlib


def ask(endpoint, operation, body, **headers):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc)
    connection.request("POST", "/", body, {"X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0", **headers})
    answer = connection.getresponse()
    return answer, answer.read()


# aws-sdk-go-v2 checks the CRC before it inflates; short answers come as they are.
def test_long_answers_are_compressed_for_who_takes_them_so(endpoint, dynamodb, table):
    dynamodb.put_item(TableName=table, Item={"p": {"S": "a"}, "s": {"N": "1"}, "text": {"S": "e" * 50_000}})
    key = json.dumps({"TableName": table, "Key": {"p": {"S": "a"}, "s": {"N": "1"}}})
    plain, plain_body = ask(endpoint, "GetItem", key)
    assert plain.getheader("Content-Encoding") is None and len(plain_body) > 50_000
    packed, packed_body = ask(endpoint, "GetItem", key, **{"Accept-Encoding": "gzip"})
    assert packed.getheader("Content-Encoding") == "gzip" and len(packed_body) < 5_000
    assert int(packed.getheader("x-amz-crc32")) == zlib.crc32(packed_body)
    assert gzip.decompress(packed_body) == plain_body
    short, _ = ask(endpoint, "ListTables", '{"Limit":1}', **{"Accept-Encoding": "gzip"})
    assert short.getheader("Content-Encoding") is None


def test_requests_may_be_compressed(endpoint, table):
    answer, body = ask(endpoint, "DescribeTable", gzip.compress(json.dumps({"TableName": table}).encode()), **{"Content-Encoding": "gzip"})
    assert answer.status == 200 and json.loads(body)["Table"]["TableName"] == table


# Source: architect/dynalite, test/connection.js and test/listTables.js.
def test_answers_have_the_type_of_the_request(endpoint):
    for asked, answered in [("application/json", "application/json"), ("application/json; charset=utf-8", "application/json"),
                            ("application/x-amz-json-1.0", "application/x-amz-json-1.0")]:
        answer, _ = ask(endpoint, "ListTables", "{}", **{"Content-Type": asked})
        assert answer.status == 200 and answer.getheader("Content-Type") == answered
    answer, body = ask(endpoint, "ListTables", "{}", **{"Content-Type": "text/plain"})
    assert answer.status == 404 and body == b"<UnknownOperationException/>\n"


# Pages of local origins may use the service; which others may is a setting of the server's.
def test_pages_of_local_origins_are_let_in(endpoint):
    answer, _ = ask(endpoint, "ListTables", "{}", Origin="http://localhost:3000")
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    answer, _ = ask(endpoint, "ListTables", "{}", Origin="https://elsewhere.example")
    assert answer.status == 403
