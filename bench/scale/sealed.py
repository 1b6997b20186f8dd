"""Seals an environment of many items and objects and opens it again: how long until it answers, and until everything is in place."""

import concurrent.futures
import os
import pathlib
import tempfile
import time

import common


def add_arguments(parser):
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--object-bytes", type=int, default=100_000)


def fill(server, options):
    s3, dynamodb = (common.support.client(name, server.endpoint, config={"max_pool_connections": 16}) for name in ("s3", "dynamodb"))
    s3.create_bucket(Bucket="bench")
    dynamodb.create_table(TableName="bench", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])

    def put_items(first):
        numbers = range(first, min(first + 25, options.items))
        dynamodb.batch_write_item(RequestItems={"bench": [
            {"PutRequest": {"Item": {"id": {"S": f"item-{n}"}, "text": {"S": os.urandom(150).hex()}, "n": {"N": str(n)}}}} for n in numbers]})

    def put_object(number):
        s3.put_object(Bucket="bench", Key=f"object-{number}", Body=os.urandom(options.object_bytes))

    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        list(workers.map(put_items, range(0, options.items, 25)))
        list(workers.map(put_object, range(options.objects)))


def run(options):
    with tempfile.TemporaryDirectory(prefix="sealed-") as folder, common.server() as server:
        fill(server, options)
        file = pathlib.Path(folder) / "file.cloche"
        began = time.monotonic()
        said = server.run("seal", str(file)).splitlines()
        print(f"sealed in {time.monotonic() - began:.1f} s: {said[1]}")
        for again in range(3):
            opened = common.Server(pathlib.Path(folder) / f"opened-{again}")
            began = time.monotonic()
            opened.start("open", str(file))
            ready = time.monotonic() - began
            s3, dynamodb = (common.support.client(name, opened.endpoint) for name in ("s3", "dynamodb"))
            asked = time.monotonic()
            assert "Item" in dynamodb.get_item(TableName="bench", Key={"id": {"S": f"item-{options.items - 1}"}})
            item = time.monotonic() - asked
            asked = time.monotonic()
            assert len(s3.get_object(Bucket="bench", Key=f"object-{options.objects - 1}")["Body"].read()) == options.object_bytes
            body = time.monotonic() - asked
            while (pathlib.Path(opened.data) / "sealed").exists() or (pathlib.Path(opened.data) / "sealed.path").exists():
                time.sleep(0.02)
            print(f"opened: Ready. after {ready * 1000:.0f} ms, an item {item * 1000:.0f} ms later, a body {body * 1000:.0f} ms; all in place after "
                  f"{time.monotonic() - began:.1f} s")
            opened.stop()
