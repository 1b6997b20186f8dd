"""cloche pull where somebody throttles: a proxy in front of a Cloche turns requests away as AWS does before it lets them through."""

import collections
import hashlib
import http.client
import http.server
import json
import re
import subprocess
import threading
import urllib.parse

import pytest

import support

JSON = "application/x-amz-json-1.0"
# Sources: Error responses in the S3 API Reference; Common errors and Error retries in the DynamoDB API Reference and Developer Guide.
TURNED_AWAY = {
    "s3": [(503, "application/xml", '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'),
           (500, "application/xml", "<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"), (503, "text/html", "<html>busy</html>")],
    "dynamodb": [(400, JSON, json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "The level of configured provisioned throughput for the table was exceeded."})),
                 (400, JSON, json.dumps({"__type": "com.amazon.coral.availability#RequestLimitExceeded", "Message": "Throughput exceeds the current throughput limit for your account."})),
                 (400, JSON, json.dumps({"__type": "com.amazon.coral.availability#ThrottlingException", "message": "Rate of requests exceeds the allowed throughput."})), (500, JSON, "")],
}


class Throttle:
    """Turns each request away `times` times, in one way after the other unless `kind` is given, and hands it on then."""

    def __init__(self, behind, times=1, only=None, kind=None, rewrite=None):
        self.away, self.through = collections.Counter(), collections.Counter()
        lock, seen = threading.Lock(), collections.Counter()
        address = urllib.parse.urlsplit(behind).netloc
        throttle = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self, status, headers, body):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target = self.headers.get("X-Amz-Target")
                name = target.rsplit(".")[-1] if target else f"{self.command} {'?' + urllib.parse.urlsplit(self.path).query if '?' in self.path else urllib.parse.urlsplit(self.path).path}"
                key = self.command, self.path, target, hashlib.sha256(body).digest()
                with lock:
                    seen[key] += 1
                    turn_away = seen[key] <= times and (only is None or only(name)) and (self.path != "/" or target or "Authorization" in self.headers)
                    (throttle.away if turn_away else throttle.through)[name] += 1
                    number = throttle.away.total()
                if turn_away:
                    if target and target.endswith("BatchWriteItem") and number % 2:
                        told = json.dumps({"UnprocessedItems": json.loads(body)["RequestItems"]}).encode()
                        return self.answer(200, [("Content-Type", JSON), ("Content-Length", str(len(told)))], told)
                    kinds = TURNED_AWAY["dynamodb" if target else "s3"]
                    status, media, told = kinds[number % len(kinds) if kind is None else kind]
                    return self.answer(status, [("Content-Type", media), ("Content-Length", str(len(told)))], told.encode())
                connection = http.client.HTTPConnection(address, timeout=30)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for header, value in self.headers.items():
                    connection.putheader(header, value)
                connection.endheaders(body)
                response = connection.getresponse()
                content = response.read()
                if rewrite and "versions" in self.path:
                    content = rewrite(content)
                headers = [(name, value) for name, value in response.getheaders() if name.lower() not in ("connection", "transfer-encoding", "content-length")]
                length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
                self.answer(response.status, headers + ([("Content-Length", length)] if length and response.status != 204 else []), content)
                connection.close()
                return None

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sides(tmp_path):
    both = [support.Cloche(tmp_path / name, "--durability", "memory").start() for name in ("source", "target")]
    yield both
    for server in both:
        assert server.stop() == 0, "".join(server.output)


def pull(source, target, tmp_path, *arguments, status=0):
    done = subprocess.run([support.BINARY, "pull", "--endpoint", source, "--to", target, "--json", "--state", str(tmp_path / "state.json"), *arguments],
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def clients(server):
    return support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}}), support.client("dynamodb", server.endpoint)


def fill(server):
    s3, dynamodb = clients(server)
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="small", Body=b"1", Tagging="a=b")
    s3.put_object(Bucket="photos", Key="large", Body=b"0123456789abcdef" * (1 << 16))
    upload = s3.create_multipart_upload(Bucket="photos", Key="parts")["UploadId"]
    parts = [{"PartNumber": number, "ETag": s3.upload_part(Bucket="photos", Key="parts", UploadId=upload, PartNumber=number, Body=body)["ETag"]} for number, body in ((1, b"a" * (5 << 20)), (2, b"b"))]
    s3.complete_multipart_upload(Bucket="photos", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    dynamodb.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}], KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    for first in range(0, 100, 25):
        dynamodb.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": {"p": {"S": str(i)}}}} for i in range(first, first + 25)]})


def state(server):
    s3, dynamodb = clients(server)
    objects = [(row["Key"], row["ETag"], row["Size"]) for row in s3.list_objects_v2(Bucket="photos")["Contents"]]
    return objects, s3.get_object_tagging(Bucket="photos", Key="small")["TagSet"], sorted(item["p"]["S"] for item in dynamodb.scan(TableName="things")["Items"])


# Whichever side throttles, and whatever it throttles: all arrives, once.
@pytest.mark.parametrize("side", ["source", "target"])
def test_what_is_turned_away_is_asked_again(sides, tmp_path, side):
    fill(sides[0])
    with Throttle(sides[side == "target"].endpoint) as throttle:
        urls = (throttle.url, sides[1].endpoint) if side == "source" else (sides[0].endpoint, throttle.url)
        done = pull(*urls, tmp_path)
    assert (done["objects"], done["items"], done["failed"]) == (3, 100, 0), done
    assert done["notes"] == [], "a setting that could not be read is none that is not there"
    assert state(sides[1]) == state(sides[0])
    turned = {"source": {"GET /photos/large", "HEAD /photos/large", "Scan", "DescribeTable", "ListTables"}, "target": {"PUT /photos/large", "PUT /photos", "BatchWriteItem", "CreateTable"}}[side]
    assert turned <= set(throttle.away) and set(throttle.away) <= set(throttle.through)


# LocalStack lists all delete markers of a page first, with times of a second.
def test_delete_markers_that_are_listed_first(sides, tmp_path):
    source, target = clients(sides[0])[0], clients(sides[1])[0]
    source.create_bucket(Bucket="versions")
    source.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    sides[0].run("clock", "freeze", "2026-01-01T00:00:00Z")
    for steps in ("put a", "put b", "delete a", "put c", "delete c", "put a", "delete b", "put b", "delete b", "delete a", "put a"):
        verb, key = steps.split()
        source.put_object(Bucket="versions", Key=key, Body=steps.encode()) if verb == "put" else source.delete_object(Bucket="versions", Key=key)
        sides[0].run("clock", "advance", "1s")

    def markers_first(content):
        markers = b"".join(re.findall(b"<DeleteMarker>.*?</DeleteMarker>", content))
        return re.sub(b"(<ListVersionsResult[^>]*>)", lambda found: found.group(1) + markers, re.sub(b"<DeleteMarker>.*?</DeleteMarker>", b"", content))

    def order(s3):
        texts = []
        s3.meta.events.register("after-call.s3.ListObjectVersions", lambda http_response, **_: texts.append(http_response.content.decode()), unique_id="order")
        s3.list_object_versions(Bucket="versions")
        s3.meta.events.unregister("after-call.s3.ListObjectVersions", unique_id="order")
        return re.findall("<(Version|DeleteMarker)>.*?<Key>(.*?)</Key>", texts[0])

    with Throttle(sides[0].endpoint, times=0, rewrite=markers_first) as source_of_all:
        assert pull(source_of_all.url, sides[1].endpoint, tmp_path, "--services", "s3")["failed"] == 0
    assert [kind for kind, key in order(source) if key == "a"] == ["Version", "DeleteMarker", "Version", "DeleteMarker", "Version"]
    assert order(target) == order(source)


# Nobody waits for ever: it says what it was told, how often it asked, and goes on with the rest.
def test_it_gives_up_with_a_clear_text(sides, tmp_path):
    fill(sides[0])
    with Throttle(sides[0].endpoint, times=1_000, only=lambda name: name == "GET /photos/large" or name == "Scan") as throttle:
        done = pull(throttle.url, sides[1].endpoint, tmp_path, "--attempts", "3", status=1)
    assert (done["objects"], done["failed"]) == (2, 2), done
    large, table = sorted(done["failures"])
    assert large.startswith("photos/large: ") and large.endswith("(asked 3 times)")
    assert table.startswith("table things: ") and table.endswith("(asked 3 times)")
    assert throttle.away["GET /photos/large"] == 3
    # What it can't read now it does not take for what the source has not.
    with Throttle(sides[0].endpoint, times=1_000, only=lambda name: name.startswith("GET ?cors") or name == "DescribeTimeToLive", kind=0) as throttle:
        done = pull(throttle.url, sides[1].endpoint, tmp_path, "--attempts", "2", status=1)
    assert (done["objects"], done["present"], done["items"], done["notes"]) == (1, 2, 100, []), done
    setting, table = sorted(done["failures"])
    assert setting.startswith("bucket photos, reading its setting Cors: SlowDown: ") and setting.endswith("(asked 2 times)")
    assert table.startswith("table things, reading its time to live: ProvisionedThroughputExceededException: ")
    # Another run, once it is let through.
    done = pull(sides[0].endpoint, sides[1].endpoint, tmp_path)
    assert (done["objects"], done["present"], done["items"], done["failed"]) == (0, 103, 0, 0)
    assert state(sides[1]) == state(sides[0])
    with Throttle(sides[0].endpoint, times=1_000) as throttle:
        told = pull(throttle.url, sides[1].endpoint, tmp_path, "--attempts", "2", "--services", "s3", status=1)
        assert "buckets can't be listed: " in told and "(asked 2 times)" in told
        told = pull(throttle.url, sides[1].endpoint, tmp_path, "--attempts", "1", "--services", "dynamodb", status=1)
        assert "tables can't be listed: " in told
