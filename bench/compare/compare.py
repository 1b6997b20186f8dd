#!/usr/bin/env python3
"""Drives Cloche and its peers with the same pre-signed requests through wrk, in turn on one machine, and prints a table of ratios.

    bench/compare/compare [--seconds 4] [--rounds 3] [--peers rustack,minio,...] [--work PutItem,...]

Figures are requests per second, the median over the rounds. In every round each peer is measured once for a piece of work before
the next piece begins, so that a machine that slows down slows all of them. Only one server runs at a time."""

import argparse
import collections
import concurrent.futures
import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

import peers
from running import Running, answers

HERE = pathlib.Path(__file__).resolve().parent
CREDENTIALS = botocore.credentials.Credentials("testtesttest", "testtesttest")


def signed(service, method, url, body=b"", headers=None):
    """One request with a SigV4 header, as an SDK would send it. Good for as long as a server takes its date: some minutes."""
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers or {})
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(CREDENTIALS, service, "us-east-1").add_auth(request)
    return {"method": method, "path": url.split("/", 3)[3] if url.count("/") > 2 else "", "body": body, "headers": dict(request.headers.items())}


def dynamodb_request(endpoint, operation, document):
    return signed("dynamodb", "POST", endpoint + "/", json.dumps(document).encode(),
                  {"X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0"})


def item(number):
    """About 400 bytes."""
    return {"pk": {"S": f"user#{number:06d}"}, "sk": {"S": f"order#{number % 97:04d}"}, "name": {"S": "Ada Lovelace"}, "n": {"N": str(number)},
            "tags": {"SS": ["red", "green"]}, "text": {"S": "x" * 240}}


KEYS = 5_000


def work_of(endpoint, bucket):
    """name -> (connections, requests). Many different requests each, so that caches are as warm as in life and no warmer."""
    keys = [{"pk": item(i)["pk"], "sk": item(i)["sk"]} for i in range(KEYS)]
    small, big = os.urandom(1024), os.urandom(8 << 20)
    put = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    work = collections.OrderedDict()
    work["PutItem"] = (16, [dynamodb_request(endpoint, "PutItem", {"TableName": "bench", "Item": item(i)}) for i in range(KEYS)])
    work["GetItem"] = (16, [dynamodb_request(endpoint, "GetItem", {"TableName": "bench", "Key": key}) for key in keys])
    work["UpdateItem"] = (16, [dynamodb_request(endpoint, "UpdateItem", {
        "TableName": "bench", "Key": key, "UpdateExpression": "SET #n = #n + :one, seen = :t", "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":t": {"S": "now"}}}) for key in keys])
    work["UpdateItem with a condition"] = (16, [dynamodb_request(endpoint, "UpdateItem", {
        "TableName": "bench", "Key": key, "UpdateExpression": "SET seen = :t ADD #n :one", "ConditionExpression": "attribute_exists(pk) AND #n >= :zero",
        "ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}, ":t": {"S": "now"}}}) for key in keys])
    # A page is 1 MB of items looked at; about one of a hundred is found.
    work["Scan of a page with a filter"] = (4, [dynamodb_request(endpoint, "Scan", {
        "TableName": "bench", "FilterExpression": "sk = :s AND contains(tags, :r)", "ExpressionAttributeValues": {":s": {"S": f"order#{i:04d}"}, ":r": {"S": "red"}}})
        for i in range(97)])
    work["Query of 100"] = (16, [dynamodb_request(endpoint, "Query", {
        "TableName": "bench", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": f"many#{i}"}}}) for i in range(10)])
    work["BatchWriteItem of 25"] = (16, [dynamodb_request(endpoint, "BatchWriteItem", {
        "RequestItems": {"bench": [{"PutRequest": {"Item": item(start + j)}} for j in range(25)]}}) for start in range(0, 2500, 25)])
    work["TransactWriteItems of 4"] = (16, [dynamodb_request(endpoint, "TransactWriteItems", {
        "TransactItems": [{"Put": {"TableName": "bench", "Item": item(start + j)}} for j in range(4)]}) for start in range(0, 2000, 4)])
    work["PUT 1 KiB"] = (16, [signed("s3", "PUT", f"{endpoint}/{bucket}/small/{i:05d}", small, put) for i in range(KEYS // 5)])
    work["GET 1 KiB"] = (16, [signed("s3", "GET", f"{endpoint}/{bucket}/small/{i:05d}") for i in range(KEYS // 5)])
    # Each key is put, and deleted a hundred requests later; both are counted.
    work["DELETE, after a PUT each"] = (16, [signed("s3", method, f"{endpoint}/{bucket}/gone/{start + i:05d}", small if method == "PUT" else b"", put)
                                             for start in range(0, 2000, 100) for method in ("PUT", "DELETE") for i in range(100)])
    work["LIST 1,000"] = (4, [signed("s3", "GET", f"{endpoint}/{bucket}?list-type=2&max-keys=1000&prefix=small%2F")])
    work["PUT 8 MiB"] = (2, [signed("s3", "PUT", f"{endpoint}/{bucket}/big/{i}", big, put) for i in range(2)])
    work["GET 8 MiB"] = (2, [signed("s3", "GET", f"{endpoint}/{bucket}/big/{i}") for i in range(2)])
    work[MULTIPART] = (2, [])
    return work


MULTIPART = "multipart upload of 64 MiB"


def multipart(endpoint, bucket, seconds):
    """Uploads of 64 MiB in parts of 8, two at a time, signed as they go: wrk can't sign for upload ids that it is told. Uploads per second."""
    part = os.urandom(8 << 20)
    began = time.monotonic()

    def upload(number):
        connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=60)

        def send(method, query, body=b""):
            request = signed("s3", method, f"{endpoint}/{bucket}/multipart/{number}?{query}", body, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
            connection.request(method, "/" + request["path"], body=body, headers=request["headers"])
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != 200 or "<Error>" in text:
                raise RuntimeError(f"{answer.status} {text[:200]}")
            return answer.getheader("ETag"), text

        done = 0
        while time.monotonic() - began < seconds:
            upload_id = re.search("<UploadId>(.*?)</UploadId>", send("POST", "uploads=")[1]).group(1)
            etags = [send("PUT", f"partNumber={i}&uploadId={urllib.parse.quote(upload_id, safe='')}", part)[0] for i in range(1, 9)]
            parts = "".join(f"<Part><PartNumber>{i}</PartNumber><ETag>{etag}</ETag></Part>" for i, etag in enumerate(etags, 1))
            send("POST", f"uploadId={urllib.parse.quote(upload_id, safe='')}", f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode())
            done += 1
        return done

    try:
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            done = sum(threads.map(upload, range(2)))
    except (OSError, RuntimeError) as error:
        return None, str(error), 0
    return done / (time.monotonic() - began), "", 0


def lua_string(data):
    text = data if isinstance(data, bytes) else str(data).encode()
    return '"' + "".join(f"\\{byte:03d}" for byte in text) + '"'


def write_script(path, requests):
    """wrk's Lua: all requests formatted once, then given out in turn; answers of 400 and more are counted."""
    with open(path, "w", encoding="latin-1") as out:
        out.write("local r = {}\nlocal n, at = 0, 0\nlocal bodies = {}\n")
        bodies = {}
        for request in requests:
            body = request["body"] or b""
            if body not in bodies:
                bodies[body] = len(bodies) + 1
                out.write(f"bodies[{bodies[body]}] = {lua_string(body)}\n")
        out.write("function init(args)\n")
        out.write("  for line in io.lines(args[1]) do\n    local f = load(line)()\n    n = n + 1\n")
        out.write("    r[n] = wrk.format(f[1], f[2], f[3], bodies[f[4]])\n  end\n  at = math.random(n)\nend\n")
        out.write("function request()\n  at = at % n + 1\n  return r[at]\nend\n")
        # No response callback: it would copy every body into Lua, which costs more than some servers do.
        out.write("function done(summary, latency)\n")
        out.write("  io.write(string.format('RESULT %f %d %d\\n', summary.requests * 1e6 / summary.duration, summary.errors.status, latency:percentile(99)))\nend\n")
    with open(str(path) + ".requests", "w", encoding="latin-1") as out:
        for request in requests:
            headers = ",".join(f"[{lua_string(name)}]={lua_string(value)}" for name, value in request["headers"].items())
            body = bodies[request["body"] or b""] if request["body"] else 0
            out.write(f"return {{{lua_string(request['method'])},{lua_string('/' + request['path'])},{{{headers}}},{body}}}\n")


def measure(endpoint, connections, requests, seconds, work_dir):
    script = work_dir / "wrk.lua"
    write_script(script, requests)
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", str(script), endpoint, "--", str(script) + ".requests"],
                          capture_output=True, text=True, check=False)
    found = re.search(r"RESULT (\S+) (\d+) (\d+)", done.stdout)
    if not found:
        return None, "wrk said: " + (done.stdout + done.stderr)[-300:], 0
    rate, failed, p99 = float(found.group(1)), int(found.group(2)), int(found.group(3))
    # A peer that refuses quickly must not look fast.
    if failed:
        return None, f"{failed} answers were refusals", 0
    if rate == 0:
        return None, "no answer in time", 0
    return rate, "", p99


def client(service, endpoint):
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=CREDENTIALS.access_key,
                        aws_secret_access_key=CREDENTIALS.secret_key, config=config)


def create_bucket(s3, bucket):
    """MinIO answers requests before it is ready for them."""
    for left in range(100, -1, -1):
        try:
            return s3.create_bucket(Bucket=bucket)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503 or left == 0:
                raise
            time.sleep(0.1)


def prepare(server, endpoint, bucket):
    if "dynamodb" in server.services:
        dynamodb = client("dynamodb", endpoint)
        dynamodb.create_table(TableName="bench", BillingMode="PAY_PER_REQUEST",
                              AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
                              KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
        for start in range(0, KEYS, 25):
            dynamodb.batch_write_item(RequestItems={"bench": [{"PutRequest": {"Item": item(i)}} for i in range(start, start + 25)]})
        for many in range(10):
            for start in range(0, 100, 25):
                rows = [{**item(i), "pk": {"S": f"many#{many}"}, "sk": {"S": f"{i:05d}"}} for i in range(start, start + 25)]
                dynamodb.batch_write_item(RequestItems={"bench": [{"PutRequest": {"Item": row}} for row in rows]})
    if "s3" in server.services:
        s3 = client("s3", endpoint)
        create_bucket(s3, bucket)
        for i in range(KEYS // 5):
            s3.put_object(Bucket=bucket, Key=f"small/{i:05d}", Body=b"x" * 1024)
        for i in range(2):
            s3.put_object(Bucket=bucket, Key=f"big/{i}", Body=b"x" * (8 << 20))


def wait_until_idle(endpoint):
    """Some servers go on with what wrk has given up."""
    for _ in range(300):
        began = time.monotonic()
        if answers(endpoint) and time.monotonic() - began < 0.05:
            return
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default="rustack,moto,ministack,dynamodb-local,minio", help="with commas")
    parser.add_argument("--work", default="", help="only these, with commas")
    parser.add_argument("--install-only", action="store_true")
    options = parser.parse_args()

    servers = [peers.CLOCHE] + [peers.ALL[name] for name in options.peers.split(",") if name]
    usable = []
    for server in servers:
        print(f"installing {server.name} ...", file=sys.stderr)
        problem = server.install()
        if problem:
            print(f"  left out: {problem}", file=sys.stderr)
        else:
            usable.append(server)
    if options.install_only:
        return

    rates, notes, p99s, idle, starts = {}, {}, {}, collections.defaultdict(list), collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="compare-") as scratch:
        scratch = pathlib.Path(scratch)
        for server in usable:
            for i in range(3):
                directory = scratch / f"{server.name}-idle-{i}"
                directory.mkdir()
                running = Running(server, directory)
                starts[server.name].append(running.start_ms)
                time.sleep(0.5)
                idle[server.name].append(running.resident_mib())
                running.stop()
        for round_number in range(options.rounds):
            for server in usable:
                directory = scratch / f"{server.name}-{round_number}"
                directory.mkdir()
                running = Running(server, directory)
                try:
                    prepare(server, running.endpoint, "bench")
                    for name, (connections, requests) in work_of(running.endpoint, "bench").items():
                        wanted = options.work.split(",")
                        if options.work and name.split()[0] not in wanted and name not in wanted:
                            continue
                        service = "dynamodb" if requests and "X-Amz-Target" in requests[0]["headers"] else "s3"
                        if service not in server.services:
                            continue
                        wait_until_idle(running.endpoint)
                        if name == MULTIPART:
                            rate, note, p99 = multipart(running.endpoint, "bench", options.seconds)
                        else:
                            rate, note, p99 = measure(running.endpoint, connections, requests, options.seconds, scratch)
                        print(f"round {round_number + 1}: {server.name:15s} {name:25s} {rate or 0:10.0f}/s  p99 {p99 / 1000:.2f} ms  {note}", file=sys.stderr)
                        rates.setdefault((name, server.name), []).append(rate)
                        p99s.setdefault((name, server.name), []).append(p99)
                        if note:
                            notes[name, server.name] = note
                finally:
                    running.stop()

    print(f"\nMeasured {datetime.date.today()} on {cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; wrk with one thread, "
          f"medians of {options.rounds} rounds of {options.seconds} s.\n")
    print("| requests per second | " + " | ".join(server.title() for server in usable) + " |")
    print("|---" * (len(usable) + 1) + "|")
    works = list(dict.fromkeys(name for name, _ in rates))
    for name in works:
        ours = median(rates.get((name, "cloche"), []))
        cells = []
        for server in usable:
            rate = median(rates.get((name, server.name), []))
            if rate is None:
                cells.append("refused" if (name, server.name) in notes else "")
            elif server.name == "cloche":
                cells.append(shown(rate))
            else:
                cells.append(f"{shown(rate)} (x {ours / rate:.2f})" if ours else shown(rate))
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("| start, ms | " + " | ".join(f"{statistics.median(starts[server.name]):,.0f}" for server in usable) + " |")
    print("| idle memory, MiB | " + " | ".join(f"{statistics.median(idle[server.name]):,.1f}" for server in usable) + " |")
    print("\nIn brackets: Cloche's rate over the peer's.")
    for (name, server), note in notes.items():
        print(f"- {server}, {name}: {note}")


def shown(rate):
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def median(values):
    values = [value for value in values if value]
    return statistics.median(values) if values else None


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
