"""kill -9 at random moments: after each start every acknowledged write is there, nothing is half there, and the doctor finds no damage.

TEST_KILLS sets the number of kills (50 in CI, 1,000 nightly), TEST_SEED repeats a run's choices of what is written and when it is
killed (the moment itself depends on the machine)."""

import concurrent.futures
import hashlib
import os
import random
import threading
import time

import botocore.exceptions
import pytest

import support

KILLS = int(os.environ.get("TEST_KILLS", "50"))
WRITERS = 3


class Writer:
    """Writes on its own keys, one after the other, and keeps in mind what was acknowledged.

    A write that was under way at a kill may have happened or not: both are right, so its key has two allowed values."""

    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(f"{seed}/{number}")
        self.certain = {}  # name -> value, or None if it must not be there
        self.open = {}  # name -> (certain value before, value of the write under way)
        self.acknowledged = 0

    def value(self):
        # Rows, the border to files, files of several pieces.
        size = self.random.choice([0, 10, 1000, 33_000, 300_000])
        return self.random.randbytes(size)

    def run(self, endpoint, stop):
        s3 = support.client("s3", endpoint)
        dynamodb = support.client("dynamodb", endpoint)
        while not stop.is_set():
            kind = self.random.choice(["object", "object", "item", "item", "item", "parts", "batch"])
            slot = self.random.randrange(12)
            new = None if self.random.random() < 0.15 else self.value()
            names = [f"{kind}/{self.number}/{slot}"] if kind != "batch" else [f"batch/{self.number}/{slot}/{i}" for i in range(4)]
            for name in names:
                self.open[name] = (self.certain.get(name), new)
            try:
                getattr(self, "write_" + kind)(s3, dynamodb, names, new)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
                if isinstance(error, botocore.exceptions.ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] != 503:
                    raise
                return
            for name in names:
                self.certain[name] = new
                del self.open[name]
            self.acknowledged += 1

    def write_object(self, s3, dynamodb, names, new):
        if new is None:
            s3.delete_object(Bucket="crash", Key=names[0])
        else:
            s3.put_object(Bucket="crash", Key=names[0], Body=new)

    def write_parts(self, s3, dynamodb, names, new):
        if new is None:
            s3.delete_object(Bucket="crash", Key=names[0])
            return
        upload = s3.create_multipart_upload(Bucket="crash", Key=names[0])["UploadId"]
        part = s3.upload_part(Bucket="crash", Key=names[0], UploadId=upload, PartNumber=1, Body=new)
        s3.complete_multipart_upload(Bucket="crash", Key=names[0], UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})

    def write_item(self, s3, dynamodb, names, new):
        if new is None:
            dynamodb.delete_item(TableName="crash", Key={"pk": {"S": names[0]}})
        else:
            dynamodb.put_item(TableName="crash", Item=self.item(names[0], new))

    def write_batch(self, s3, dynamodb, names, new):
        if new is None:
            steps = [{"Delete": {"TableName": "crash", "Key": {"pk": {"S": name}}}} for name in names]
        else:
            steps = [{"Put": {"TableName": "crash", "Item": self.item(name, new)}} for name in names]
        dynamodb.transact_write_items(TransactItems=steps)

    @staticmethod
    def item(name, value):
        # The group is found through an index too: an item without its index entry would be half a write.
        return {"pk": {"S": name}, "body": {"B": value[:100_000]}, "group": {"S": hashlib.md5(value[:100_000]).hexdigest()}}

    def check(self, objects, items, index):
        for name in set(self.certain) | set(self.open):
            allowed = list(self.open[name]) if name in self.open else [self.certain[name]]
            found = objects.get(name) if name.startswith(("object", "parts")) else items.get(name)
            cut = slice(None) if name.startswith(("object", "parts")) else slice(100_000)
            assert found in [value if value is None else value[cut] for value in allowed], f"{name}: neither of the allowed values"
            if not name.startswith(("object", "parts")):
                assert index.get(name) == (None if found is None else hashlib.md5(found).hexdigest()), f"{name}: the index says otherwise"
        for slot in {name.rsplit("/", 1)[0] for name in self.open if name.startswith("batch")}:
            present = {items.get(f"{slot}/{i}") for i in range(4)}
            assert len(present) == 1, f"{slot}: a transaction is half there"
        # What was found is the truth from here on.
        for name in self.open:
            whole = {value if value is None else (value if name.startswith(("object", "parts")) else value[:100_000]): value for value in self.open[name]}
            found = objects.get(name) if name.startswith(("object", "parts")) else items.get(name)
            self.certain[name] = whole[found]
        self.open = {}


def state_of(endpoint):
    s3 = support.client("s3", endpoint)
    dynamodb = support.client("dynamodb", endpoint)
    objects = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="crash"):
        for row in page.get("Contents", []):
            body = s3.get_object(Bucket="crash", Key=row["Key"])["Body"].read()
            if not row["ETag"].endswith('-1"'):
                assert row["ETag"] == '"' + hashlib.md5(body).hexdigest() + '"', row["Key"]
            objects[row["Key"]] = body
    items, index = {}, {}
    for page in dynamodb.get_paginator("scan").paginate(TableName="crash"):
        items.update({item["pk"]["S"]: item["body"]["B"] for item in page["Items"]})
    for page in dynamodb.get_paginator("scan").paginate(TableName="crash", IndexName="by-group"):
        index.update({item["pk"]["S"]: item["group"]["S"] for item in page["Items"]})
    return objects, items, index


@pytest.mark.parametrize("durability", ["commit", "fsync"])
def test_nothing_acknowledged_is_lost(tmp_path, durability):
    kills = KILLS if durability == "commit" else max(1, KILLS // 5)
    seed = os.environ.get("TEST_SEED", str(random.randrange(10**9)))
    print(f"TEST_SEED={seed} TEST_KILLS={kills} durability={durability}")
    moments = random.Random(seed)
    server = support.Cloche(tmp_path / "data", "--durability", durability).start()
    support.client("s3", server.endpoint).create_bucket(Bucket="crash")
    support.client("dynamodb", server.endpoint).create_table(
        TableName="crash", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-group", "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}])
    writers = [Writer(number, seed) for number in range(WRITERS)]
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        for kill in range(kills):
            stop = threading.Event()
            running = [pool.submit(writer.run, server.endpoint, stop) for writer in writers]
            time.sleep(moments.uniform(0.02, 0.5))
            server.kill()
            stop.set()
            for one in running:
                one.result()
            # The doctor takes its time, so it looks after some kills only; a restart must do with what the kill left in any case.
            if kill % 5 == 4 or kill == kills - 1:
                status, report = server.doctor()
                assert status == 0, f"kill {kill}: {report}"
            server.start()
            state = state_of(server.endpoint)
            for writer in writers:
                writer.check(*state)
    assert server.stop() == 0
    status, report = server.doctor()
    assert status == 0, report
    acknowledged = sum(writer.acknowledged for writer in writers)
    print(f"{kills} kills, {acknowledged} acknowledged writes, none lost; {report.strip()}")
    assert acknowledged > kills
