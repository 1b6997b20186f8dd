"""cloche pull: what another endpoint has is in a running Cloche afterwards. The source is a second Cloche, so that both sides can be read by
boto3; by hand it is held against moto, MinIO and DynamoDB Local too."""

import json
import re
import subprocess

import pytest

import support


@pytest.fixture
def sides(tmp_path):
    source = support.Cloche(tmp_path / "source", "--durability", "memory").start()
    target = support.Cloche(tmp_path / "target").start()
    yield source, target
    assert source.stop() == 0
    assert target.stop() == 0, "".join(target.output)
    status, report = target.doctor()
    assert status == 0, report


def pull(sides, tmp_path, *arguments, status=0):
    done = subprocess.run([support.BINARY, "pull", "--endpoint", sides[0].endpoint, "--to", sides[1].endpoint, "--json",
                           "--state", str(tmp_path / "state.json"), *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def clients(server):
    return support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}}), support.client("dynamodb", server.endpoint)


def objects(s3, bucket):
    """Everything that a copy is to have, in the order of the listing; ids and times are each side's own."""
    page = s3.list_object_versions(Bucket=bucket)
    rows = {}
    for version in page.get("Versions", []):
        named = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        got = s3.get_object(**named, ChecksumMode="ENABLED")
        told = {name: got.get(name) for name in ("ContentType", "CacheControl", "ContentEncoding", "Metadata", "StorageClass", "ChecksumCRC32", "ChecksumSHA256",
                                                 "ChecksumCRC64NVME", "ChecksumType", "ETag", "WebsiteRedirectLocation")}
        rows[version["Key"], version["VersionId"]] = (told, got["Body"].read(), s3.get_object_tagging(**named)["TagSet"], version["IsLatest"], version["VersionId"] == "null")
    return sorted(((key, row) for (key, _), row in rows.items()), key=lambda pair: pair[0]), [(m["Key"], m["IsLatest"]) for m in page.get("DeleteMarkers", [])]


# Settings, metadata, tags, checksums, parts: one object of each kind, and odd keys, since each is encoded on its way four times.
def test_objects_come_with_all_that_belongs_to_them(sides, tmp_path):
    source, target = clients(sides[0])[0], clients(sides[1])[0]
    source.create_bucket(Bucket="kinds", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in ("plain", "a//b", "/", "odd ü+&?%25.txt", "x/../y", "z" * 1024):
        source.put_object(Bucket="kinds", Key=key, Body=key.encode())
    source.put_object(Bucket="kinds", Key="all", Body=b"1", ContentType="text/plain", CacheControl="no-store", ContentEncoding="identity", Metadata={"a": "b c"}, Tagging="x=1&y=a%20b",
                      StorageClass="STANDARD_IA", ChecksumAlgorithm="SHA256", WebsiteRedirectLocation="/plain")
    source.put_object(Bucket="kinds", Key="large", Body=b"0123456789abcdef" * (1 << 17), ChecksumAlgorithm="CRC64NVME")
    upload = source.create_multipart_upload(Bucket="kinds", Key="parts", ChecksumAlgorithm="CRC32")["UploadId"]
    parts = []
    for number, body in enumerate((b"a" * (5 << 20), b"b" * (6 << 20), b"c"), 1):
        part = source.upload_part(Bucket="kinds", Key="parts", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    source.complete_multipart_upload(Bucket="kinds", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    source.put_bucket_cors(Bucket="kinds", CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    source.put_bucket_lifecycle_configuration(Bucket="kinds", LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "t/"}, "Expiration": {"Days": 3}}]})
    source.put_bucket_tagging(Bucket="kinds", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    source.delete_public_access_block(Bucket="kinds")

    done = pull(sides, tmp_path)
    assert done["failed"] == 0 and done["objects"] == 9, done
    assert objects(target, "kinds") == objects(source, "kinds")
    assert target.get_bucket_location(Bucket="kinds")["LocationConstraint"] == "eu-west-1"
    assert target.get_bucket_cors(Bucket="kinds")["CORSRules"] == source.get_bucket_cors(Bucket="kinds")["CORSRules"]
    assert target.get_bucket_lifecycle_configuration(Bucket="kinds")["Rules"] == source.get_bucket_lifecycle_configuration(Bucket="kinds")["Rules"]
    assert target.get_bucket_tagging(Bucket="kinds")["TagSet"] == [{"Key": "k", "Value": "v"}]
    with pytest.raises(target.exceptions.ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        target.get_public_access_block(Bucket="kinds")


def order(s3, bucket):
    """The listing as it is written, newest first: versions and delete markers in one order (ListObjectVersions in the S3 API Reference, sample response),
    which is all that tells them apart within a second. boto3 makes two lists of it."""
    texts = []
    s3.meta.events.register("after-call.s3.ListObjectVersions", lambda http_response, **_: texts.append(http_response.content.decode()), unique_id="order")
    s3.list_object_versions(Bucket=bucket)
    s3.meta.events.unregister("after-call.s3.ListObjectVersions", unique_id="order")
    return [(kind, re.search("<Key>(.*?)</Key>", row).group(1), "<VersionId>null<" in row) for kind, row in re.findall("<(Version|DeleteMarker)>(.*?)</(?:Version|DeleteMarker)>", texts[0])]


# The order of versions is their meaning; null versions and delete markers are where it goes wrong.
def test_versions_come_in_their_order(sides, tmp_path):
    source, target = clients(sides[0])[0], clients(sides[1])[0]
    source.create_bucket(Bucket="versions")
    source.put_object(Bucket="versions", Key="k", Body=b"before")
    source.put_object(Bucket="versions", Key="only-null", Body=b"before")

    def version(status):
        source.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": status})

    version("Enabled")
    source.put_object(Bucket="versions", Key="k", Body=b"1")
    source.delete_object(Bucket="versions", Key="k")
    source.put_object(Bucket="versions", Key="k", Body=b"2")
    source.put_object(Bucket="versions", Key="middle", Body=b"1")
    source.put_object(Bucket="versions", Key="gone", Body=b"1")
    source.delete_object(Bucket="versions", Key="gone")
    version("Suspended")
    source.put_object(Bucket="versions", Key="middle", Body=b"null in the middle")
    version("Enabled")
    source.put_object(Bucket="versions", Key="middle", Body=b"2")

    assert pull(sides, tmp_path)["failed"] == 0
    assert order(source, "versions") == [("DeleteMarker", "gone", False), ("Version", "gone", False), ("Version", "k", False), ("DeleteMarker", "k", False), ("Version", "k", False), ("Version", "k", True),
                                         ("Version", "middle", False), ("Version", "middle", True), ("Version", "middle", False), ("Version", "only-null", True)]
    assert order(target, "versions") == order(source, "versions")
    assert objects(target, "versions") == objects(source, "versions")
    assert target.get_bucket_versioning(Bucket="versions")["Status"] == "Enabled"
    # What comes later at the source goes on top; nothing is copied twice.
    source.put_object(Bucket="versions", Key="k", Body=b"3")
    done = pull(sides, tmp_path)
    assert (done["objects"], done["present"], done["failed"]) == (1, 10, 0)
    assert objects(target, "versions") == objects(source, "versions")
    # A history of its own is nobody's to overwrite.
    target.put_object(Bucket="versions", Key="only-null", Body=b"mine")
    done = pull(sides, tmp_path, status=1)
    assert done["failed"] == 1 and "another history" in done["failures"][0]


def test_tables_come_with_items_and_settings(sides, tmp_path):
    source, target = clients(sides[0])[1], clients(sides[1])[1]
    source.create_table(TableName="things", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in (("p", "S"), ("s", "N"), ("o", "S"))],
                        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
                        GlobalSecondaryIndexes=[{"IndexName": "by_o", "KeySchema": [{"AttributeName": "o", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"},
                                                 "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}],
                        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, Tags=[{"Key": "a", "Value": "b"}])
    source.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    for first in range(0, 500, 25):
        source.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": {"p": {"S": f"p{i % 7}"}, "s": {"N": str(i)}, "o": {"S": "x"}, "d": {"M": {"n": {"N": "1.50"}, "b": {"B": b"\0\xff"}}}}}}
                                                         for i in range(first, first + 25)]})
    done = pull(sides, tmp_path, "--services", "dynamodb")
    assert (done["tables"], done["items"], done["failed"]) == (1, 500, 0), done

    def whole(client):
        table = client.describe_table(TableName="things")["Table"]
        told = {name: table.get(name) for name in ("KeySchema", "AttributeDefinitions", "StreamSpecification")}
        told["AttributeDefinitions"].sort(key=str)
        told["throughput"] = table["ProvisionedThroughput"]["WriteCapacityUnits"]
        told["indexes"] = [(i["IndexName"], i["KeySchema"], i["Projection"]) for i in table["GlobalSecondaryIndexes"]]
        told["tags"] = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        told["ttl"] = client.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
        return told, client.scan(TableName="things")["Items"]

    assert whole(target) == whole(source)
    assert pull(sides, tmp_path, "--services", "dynamodb")["items"] == 0
    # Another table of that name knows nothing of what the state file tells.
    target.delete_table(TableName="things")
    assert pull(sides, tmp_path, "--services", "dynamodb")["items"] == 500
    assert whole(target) == whole(source)


def test_refusals_say_what_to_do(sides, tmp_path):
    source, target = clients(sides[0])[1], clients(sides[1])[1]
    for client, key in ((source, "a"), (target, "b")):
        client.create_table(TableName="same", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}], KeySchema=[{"AttributeName": key, "KeyType": "HASH"}])
    assert "with other keys" in pull(sides, tmp_path, status=1)["failures"][0]
    assert "only: 'x'" in pull(sides, tmp_path, "--only", "x", status=2)
    done = subprocess.run([support.BINARY, "pull", "--endpoint", "https://example.com"], capture_output=True, text=True, check=False, env={"PATH": ""})
    assert done.returncode == 2 and "AWS_ACCESS_KEY_ID" in done.stderr
