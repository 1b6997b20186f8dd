"""Writes a data directory with a Cloche and packs it: make.py BINARY NAME. Makes NAME.tar.gz, the directory as a kill leaves it, and
NAME.json, what clients read of it then. Each release adds its own, and every later one has to read them all (tests/conformance/formats)."""

import hashlib
import json
import os
import pathlib
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

TABLE = {
    "TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in (("p", "S"), ("s", "N"), ("g", "S"), ("l", "B"))],
    "GlobalSecondaryIndexes": [{"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
    "LocalSecondaryIndexes": [{"IndexName": "by_l", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


def body(size):
    """The same bytes each time, which no compressor makes small without being asked to."""
    return hashlib.shake_128(str(size).encode()).digest(size)


def write_objects(s3):
    s3.create_bucket(Bucket="plain")
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket="versions", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.put_bucket_lifecycle_configuration(Bucket="versions", LifecycleConfiguration={"Rules": [
        {"ID": "late", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3000}}]})
    for key, size in (("empty", 0), ("small", 300), ("a b/\u00fc", 20_000), ("large", 120_000)):
        s3.put_object(Bucket="plain", Key=key, Body=body(size), Metadata={"size": str(size)}, ContentType="text/x-test", Tagging="k=v")
    for round in range(3):
        s3.put_object(Bucket="versions", Key="changes", Body=body(1000 + round))
    s3.put_object(Bucket="versions", Key="gone", Body=b"x")
    s3.delete_object(Bucket="versions", Key="gone")
    done = s3.create_multipart_upload(Bucket="plain", Key="parts")["UploadId"]
    etags = [s3.upload_part(Bucket="plain", Key="parts", UploadId=done, PartNumber=n, Body=bytes(5 << 20) if n == 1 else b"end")["ETag"] for n in (1, 2)]
    s3.complete_multipart_upload(Bucket="plain", Key="parts", UploadId=done, MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": etag} for n, etag in enumerate(etags)]})
    going_on = s3.create_multipart_upload(Bucket="plain", Key="unfinished")["UploadId"]
    s3.upload_part(Bucket="plain", Key="unfinished", UploadId=going_on, PartNumber=7, Body=body(5000))


def write_items(dynamodb):
    dynamodb.create_table(**TABLE)
    dynamodb.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    values = [{"S": ""}, {"N": "-1.5E-130"}, {"N": "123456789012345678901234567890"}, {"B": b"\0\xff"}, {"BOOL": True}, {"NULL": True}, {"SS": ["a", "b"]}, {"NS": ["1", "2.5"]},
              {"BS": [b"x"]}, {"L": [{"M": {"deep": {"L": []}}}]}, {"M": {}}]
    for n, value in enumerate(values):
        dynamodb.put_item(TableName="things", Item={"p": {"S": f"p{n % 3}"}, "s": {"N": str(n)}, "g": {"S": f"g{n % 2}"}, "l": {"B": bytes([n])}, "value": value, "until": {"N": "253402300000"}})
    dynamodb.update_item(TableName="things", Key={"p": {"S": "p0"}, "s": {"N": "0"}}, UpdateExpression="SET #v = :v", ExpressionAttributeNames={"#v": "value"}, ExpressionAttributeValues={":v": {"S": "changed"}})
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "p1"}, "s": {"N": "1"}})


def plain(value):
    """As JSON, the same each time."""
    return json.loads(json.dumps(value, sort_keys=True, default=lambda v: v.hex() if isinstance(v, bytes) else str(v)))


def seen(clients):
    """What clients read, without what later releases may add to an answer."""
    s3, dynamodb, streams, kms = clients
    told = {}
    for bucket in sorted(b["Name"] for b in s3.list_buckets()["Buckets"]):
        listed = s3.list_object_versions(Bucket=bucket)
        objects = [(v["Key"], v["VersionId"], v["ETag"], v["Size"], v["IsLatest"], v["LastModified"],
                    hashlib.sha256(s3.get_object(Bucket=bucket, Key=v["Key"], VersionId=v["VersionId"])["Body"].read()).hexdigest(),
                    s3.head_object(Bucket=bucket, Key=v["Key"], VersionId=v["VersionId"])["Metadata"]) for v in listed.get("Versions", [])]
        uploads = [(u["Key"], u["UploadId"], [(p["PartNumber"], p["ETag"], p["Size"]) for p in s3.list_parts(Bucket=bucket, Key=u["Key"], UploadId=u["UploadId"])["Parts"]])
                   for u in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]
        told[bucket] = {"objects": objects, "markers": [(m["Key"], m["VersionId"]) for m in listed.get("DeleteMarkers", [])], "uploads": uploads,
                        "versioning": s3.get_bucket_versioning(Bucket=bucket).get("Status")}
    told["tags"] = s3.get_bucket_tagging(Bucket="versions")["TagSet"]
    told["rules"] = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket="versions")["Rules"]]
    told["items"] = sorted(dynamodb.scan(TableName="things")["Items"], key=lambda item: int(item["s"]["N"]))
    told["by_g"] = [sorted(i["s"]["N"] for i in dynamodb.query(TableName="things", IndexName="by_g", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": g}})["Items"]) for g in ("g0", "g1")]
    told["by_l"] = [i["s"]["N"] for i in dynamodb.query(TableName="things", IndexName="by_l", KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "p2"}}, ScanIndexForward=False)["Items"]]
    table = dynamodb.describe_table(TableName="things")["Table"]
    told["table"] = [table[name] for name in ("KeySchema", "AttributeDefinitions", "CreationDateTime", "TableId", "LatestStreamArn")]
    told["ttl"] = dynamodb.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    shard = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=table["LatestStreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    told["records"] = [(r["eventID"], r["eventName"], r["dynamodb"]["SequenceNumber"], r["dynamodb"].get("NewImage")) for r in streams.get_records(ShardIterator=iterator)["Records"]]
    told["keys"] = [[kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"][name] for name in ("Arn", "CreationDate", "Description")] for key in kms.list_keys()["Keys"]]
    return plain(told)


def clients_of(support, endpoint):
    return [support.client(service, endpoint) for service in ("s3", "dynamodb", "dynamodbstreams", "kms")]


def main(binary, name):
    os.environ["CLOCHE_BINARY"] = binary
    import support

    with tempfile.TemporaryDirectory() as folder:
        # The clock stands, so that nothing expires until somebody reads it, years later.
        server = support.Cloche(pathlib.Path(folder) / "data", "--seed", "1").start()
        s3, dynamodb, _, kms = clients_of(support, server.endpoint)
        write_objects(s3)
        server.stop()  # What is in state.db, and ...
        server.start()
        s3, dynamodb, _, kms = clients_of(support, server.endpoint)
        write_items(dynamodb)  # ... what is in the log alone.
        kms.create_key(Description="of an earlier release")
        (HERE / f"{name}.json").write_text(json.dumps(seen(clients_of(support, server.endpoint)), indent=1, sort_keys=True) + "\n")
        server.kill()
        with tarfile.open(HERE / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(server.data, "data")
    print((HERE / f"{name}.tar.gz").stat().st_size, "bytes")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), sys.argv[2])
