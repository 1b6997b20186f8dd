"""checkpoint, rewind and branches of an environment of 1 GB: 100,000 items and 10,000 objects."""

import concurrent.futures
import os
import pathlib
import statistics
import time

from common import note, server, support

TABLE = {
    "TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


def add_arguments(part):
    part.add_argument("--items", type=int, default=100_000)
    part.add_argument("--objects", type=int, default=10_000)
    part.add_argument("--object-bytes", type=int, default=100_000)
    part.add_argument("--branches", type=int, default=100, help="that are there at once, idle")


def write_items(cloche, count, text):
    dynamodb = support.client("dynamodb", cloche.endpoint, config={"max_pool_connections": 8})

    def batch(first):
        dynamodb.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": {"id": {"S": str(number)}, "text": {"S": text * 350}}}}
                                                           for number in range(first, min(first + 25, count))]})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(batch, range(0, count, 25)))


def write_objects(cloche, count, size):
    s3 = support.client("s3", cloche.endpoint, config={"max_pool_connections": 8})
    s3.create_bucket(Bucket="things")
    common = os.urandom(size)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: s3.put_object(Bucket="things", Key=f"k{number}", Body=b"%012d" % number + common[12:]), range(count)))


def ask(cloche, method, path, body=None):
    status, answer = cloche.admin(method, path, body)
    assert status < 300, answer
    return answer


def threads(cloche):
    return len(list(pathlib.Path(f"/proc/{cloche.process.pid}/task").iterdir()))


def run(options):
    rows = []

    def row(what, figure):
        rows.append((what, figure))
        note(f"{what}: {figure}")

    with server() as cloche:
        support.client("dynamodb", cloche.endpoint).create_table(**TABLE)
        write_items(cloche, options.items, "a")
        write_objects(cloche, options.objects, options.object_bytes)
        cloche.wait_until_flushed()
        row("bytes on disk", f"{cloche.disk_bytes() / 1e6:,.0f} MB, of these in state.db and SQLite's log {cloche.disk_bytes('state.db*') / 1e6:,.0f} MB")
        made = []
        for _ in range(5):
            made.append(ask(cloche, "POST", "/_cloche/branches", {"name": "timed"})["milliseconds"])
            ask(cloche, "DELETE", "/_cloche/branches/timed")
        row("a branch, median of 5 (the longest)", f"{statistics.median(made):.1f} ms ({max(made):.1f})")
        for changed in (10_000, options.items):
            write_items(cloche, changed, "c")
            made = []
            for _ in range(5):
                made.append(ask(cloche, "POST", "/_cloche/branches", {"name": "timed"})["milliseconds"])
                ask(cloche, "DELETE", "/_cloche/branches/timed")
            row(f"a branch right after {changed:,} items were changed, and the next four", ", ".join(f"{took:.0f}" for took in made) + " ms")
            cloche.wait_until_flushed()
        before = sum(cloche.memory_mib()[:2]), threads(cloche)
        made = [ask(cloche, "POST", "/_cloche/branches", {})["milliseconds"] for _ in range(options.branches)]
        after = sum(cloche.memory_mib()[:2]), threads(cloche)
        row(f"each of {options.branches} branches at once, idle", f"{(after[0] - before[0]) / options.branches:.2f} MiB resident, {(after[1] - before[1]) / options.branches:.0f} threads")
        row("making one of them, median", f"{statistics.median(made):.1f} ms")
        cloche.stop()
        began = time.perf_counter()
        cloche.start()
        ready = time.perf_counter() - began
        last = ask(cloche, "GET", "/_cloche/branches")["branches"][-1]["endpoint"]
        support.client("dynamodb", last).get_item(TableName="things", Key={"id": {"S": "1"}})
        row(f"start with {options.branches} branches: Ready, and one of them has answered", f"{ready * 1000:.0f} ms, {(time.perf_counter() - began) * 1000:.0f} ms")
        for branch in ask(cloche, "GET", "/_cloche/branches")["branches"]:
            ask(cloche, "DELETE", "/_cloche/branches/" + branch["name"])
        took = []
        for number in range(50):
            began = time.perf_counter()
            ask(cloche, "POST", "/_cloche/checkpoints", {"name": f"c{number}"})
            took.append((time.perf_counter() - began) * 1000)
        row("checkpoint, with its HTTP request from Python, median of 50", f"{statistics.median(took):.2f} ms")
        for changed in (1_000, options.items):
            ask(cloche, "POST", "/_cloche/checkpoints", {"name": "before"})
            write_items(cloche, changed, "b")
            rewound = ask(cloche, "POST", "/_cloche/rewind", {"to": "before"})
            row(f"rewind of {changed:,} changed items ({rewound['rows']:,} rows)", f"{rewound['milliseconds']:.1f} ms")
    print("| with " + f"{options.items:,} items and {options.objects:,} objects | |")
    print("|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")
