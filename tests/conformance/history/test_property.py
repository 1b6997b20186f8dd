"""Random operations of all services, checkpoints, rewinds, rewinds of rewinds, branches, kills: the state at a point is the one that was recorded
when that point was the head. Compared is the content hash of a sealed file, a digest over every table and blob. TEST_SEED repeats a run."""

import os
import random
import time

import botocore.exceptions
import pytest

import support

STEPS = int(os.environ.get("TEST_STEPS", "120"))
REFUSED = botocore.exceptions.ClientError


class World:
    """A server, and what happens to it."""

    def __init__(self, endpoint, chance):
        self.chance = chance
        self.uploads = []
        self.keys = []
        self.at(endpoint)

    def at(self, endpoint):
        self.s3, self.dynamodb, self.kms, self.streams = (support.client(name, endpoint) for name in ("s3", "dynamodb", "kms", "dynamodbstreams"))

    def step(self):
        try:
            self.chance.choice(OPERATIONS)(self)
        except REFUSED as refused:
            # Nothing of what was asked need be there any more; but a fault of ours is one.
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] < 500, refused

    def bucket(self):
        return f"bucket-{self.chance.randrange(3)}"

    def table(self):
        return f"table{self.chance.randrange(3)}"

    def body(self):
        return self.chance.randbytes(self.chance.choice([0, 10, 1000, 40_000, 120_000]))


def create_bucket(world):
    bucket = world.bucket()
    world.s3.create_bucket(Bucket=bucket)
    if world.chance.random() < 0.6:
        world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def put_object(world):
    key = f"k{world.chance.randrange(12)}"
    world.s3.put_object(Bucket=world.bucket(), Key=key, Body=world.body(), Tagging=f"a={world.chance.randrange(5)}", Metadata={"m": key})


def delete_object(world):
    world.s3.delete_object(Bucket=world.bucket(), Key=f"k{world.chance.randrange(12)}")


def delete_version(world):
    bucket = world.bucket()
    versions = world.s3.list_object_versions(Bucket=bucket)
    every = versions.get("Versions", []) + versions.get("DeleteMarkers", [])
    if every:
        one = world.chance.choice(every)
        world.s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def copy_object(world):
    world.s3.copy_object(Bucket=world.bucket(), Key=f"k{world.chance.randrange(12)}", CopySource=f"{world.bucket()}/k{world.chance.randrange(12)}")


def begin_upload(world):
    bucket, key = world.bucket(), f"k{world.chance.randrange(12)}"
    upload = world.s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    world.uploads.append((bucket, key, upload))
    world.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=world.body())


def end_upload(world):
    if not world.uploads:
        return
    bucket, key, upload = world.chance.choice(world.uploads)
    if world.chance.random() < 0.3:
        world.s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        return
    parts = world.s3.list_parts(Bucket=bucket, Key=key, UploadId=upload)["Parts"]
    world.s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload,
                                       MultipartUpload={"Parts": [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]})


def set_up_bucket(world):
    bucket = world.bucket()
    if world.chance.random() < 0.5:
        world.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "t", "Value": str(world.chance.randrange(9))}]})
    else:
        world.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [
            {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "k"}, "Expiration": {"Days": world.chance.randrange(1, 9)}}]})


def delete_bucket(world):
    world.s3.delete_bucket(Bucket=world.bucket())


def create_table(world):
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}} if world.chance.random() < 0.5 else {}
    name = world.table()
    world.dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}, {"AttributeName": "owner", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "by_owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}], **stream)
    if world.chance.random() < 0.3:
        world.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})


def item(world):
    return {"id": {"S": f"i{world.chance.randrange(8)}"}, "at": {"N": str(world.chance.randrange(4))}, "owner": {"S": f"o{world.chance.randrange(3)}"},
            "until": {"N": "4000000000"}, "body": {"B": world.chance.randbytes(world.chance.choice([1, 100, 5000]))}}


def put_item(world):
    world.dynamodb.put_item(TableName=world.table(), Item=item(world))


def batch_write(world):
    table = world.table()
    items = {(one["id"]["S"], one["at"]["N"]): one for one in (item(world) for _ in range(10))}
    world.dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": one}} for one in items.values()]})


def delete_item(world):
    one = item(world)
    world.dynamodb.delete_item(TableName=world.table(), Key={"id": one["id"], "at": one["at"]})


def update_item(world):
    one = item(world)
    world.dynamodb.update_item(TableName=world.table(), Key={"id": one["id"], "at": one["at"]}, UpdateExpression="SET #n = if_not_exists(#n, :z) + :o",
                               ExpressionAttributeNames={"#n": "count"}, ExpressionAttributeValues={":z": {"N": "0"}, ":o": {"N": "1"}})


def transact(world):
    table = world.table()
    world.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": {**item(world), "id": {"S": f"t{number}"}}}} for number in range(3)])


def delete_table(world):
    world.dynamodb.delete_table(TableName=world.table())


def change_key(world):
    if not world.keys or world.chance.random() < 0.3:
        world.keys.append(world.kms.create_key(Description="random")["KeyMetadata"]["KeyId"])
    else:
        world.kms.schedule_key_deletion(KeyId=world.chance.choice(world.keys), PendingWindowInDays=7)


OPERATIONS = ([put_object] * 6 + [put_item] * 6 + [batch_write] * 3 + [update_item] * 4 + [delete_object] * 2 + [delete_item] * 2 + [create_bucket] * 2
              + [create_table] * 3 + [begin_upload] * 2 + [end_upload] * 2 + [delete_version, copy_object, set_up_bucket, delete_bucket, delete_table, transact, change_key])


class Recorder:
    """Says what the state is, once nothing works in the background."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def __call__(self, server):
        self.count += 1
        end = time.monotonic() + 20
        while time.monotonic() < end:
            before = server.admin("GET", "/_cloche/health")[1]["lsn"]
            file = self.folder / str(self.count)
            status, sealed = server.admin("POST", "/_cloche/seal", {"file": str(file), "force": True})
            assert status == 201, sealed
            if server.admin("GET", "/_cloche/health")[1]["lsn"] == before:
                file.unlink()
                return before, sealed["hash"]
            time.sleep(0.01)
        raise AssertionError("the state does not come to rest")


def at(endpoint):
    found = support.Cloche("")
    found.endpoint = endpoint
    return found


@pytest.mark.parametrize("number", range(int(os.environ.get("TEST_RUNS", "2"))))
def test_the_state_at_a_point_is_what_it_was(tmp_path, number):
    seed = int(os.environ.get("TEST_SEED", random.randrange(1 << 32))) + number
    print(f"TEST_SEED={seed - number}")  # Shown where the test fails.
    chance = random.Random(seed)
    record = Recorder(tmp_path)
    server = support.Cloche(tmp_path / "data").start()
    # No work comes due by itself.
    assert server.admin("POST", "/_cloche/clock", {"action": "freeze"})[0] == 200
    world = World(server.endpoint, chance)
    points = dict([record(server)])
    branches = {}
    for step in range(STEPS):
        world.step()
        dice = chance.random()
        if dice < 0.15:
            lsn, digest = record(server)
            points[lsn] = digest
        elif dice < 0.22:
            to = chance.choice(list(points))
            status, answer = server.admin("POST", "/_cloche/rewind", {"to": str(to)})
            assert status == 200, answer
            lsn, digest = record(server)
            assert digest == points[to], f"rewound to {to} in step {step}"
            points[lsn] = digest
        elif dice < 0.28 and len(branches) < 4:
            to = chance.choice(list(points))
            status, made = server.admin("POST", "/_cloche/branches", {"name": f"b{step}", "from": str(to)})
            assert status == 201, made
            _, digest = record(at(made["endpoint"]))
            assert digest == points[to], f"a branch of {to} in step {step}"
            for _ in range(5):
                World(made["endpoint"], chance).step()
            branches[made["name"]] = (made["endpoint"], record(at(made["endpoint"]))[1])
        elif dice < 0.30 and branches:
            gone = chance.choice(list(branches))
            assert server.admin("DELETE", f"/_cloche/branches/{gone}")[0] == 200
            del branches[gone]
        elif dice < 0.33:
            lsn, digest = record(server)
            server.kill()
            server.start()
            world.at(server.endpoint)
            assert record(server)[1] == digest, f"after a kill in step {step}"
            points[lsn] = digest
            for one in server.admin("GET", "/_cloche/branches")[1]["branches"]:
                branches[one["name"]] = (one["endpoint"], branches[one["name"]][1])
        elif dice < 0.34:
            assert server.admin("POST", "/_cloche/compact", {})[0] == 200
        for name, (endpoint, digest) in branches.items():
            if chance.random() < 0.1:
                assert record(at(endpoint))[1] == digest, f"branch {name} in step {step}"
    for to, digest in chance.sample(list(points.items()), min(5, len(points))):
        assert server.admin("POST", "/_cloche/rewind", {"to": str(to)})[0] == 200
        assert record(server)[1] == digest, f"rewound to {to} at the end"
    for name, (endpoint, digest) in branches.items():
        assert record(at(endpoint))[1] == digest, f"branch {name} at the end"
    assert server.stop() == 0, "".join(server.output)
    status, report = server.doctor()
    assert status == 0, report
