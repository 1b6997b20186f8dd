"""cloche fixture: a tree of files that says what is there, made from a running Cloche and made into one (docs/fixtures.md)."""

import filecmp
import json
import subprocess

import pytest

import support


@pytest.fixture
def servers(tmp_path):
    """Starts servers that keep nothing."""
    started = []

    def start(*arguments):
        started.append(support.Cloche(tmp_path / f"data-{len(started)}", "--durability", "memory", *arguments).start())
        return started[-1]

    yield start
    for server in started:
        assert server.stop() == 0, "".join(server.output)


def fixture(server, verb, directory, *arguments, status=0):
    done = subprocess.run([support.BINARY, "fixture", verb, str(directory), "--endpoint", server.endpoint, "--json", *arguments],
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout) if status == 0 else done.stderr


def clients(server, account="test", region="us-east-1"):
    arguments = {"aws_access_key_id": account, "region_name": region}
    return support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}}, **arguments), support.client("dynamodb", server.endpoint, **arguments)


def files(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def assert_same_tree(one, other):
    assert files(one) == files(other)
    _, different, unreadable = filecmp.cmpfiles(one, other, files(one), shallow=False)
    assert not different and not unreadable, different


def make_table(client, name="things", **more):
    client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}],
                        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}], **more)


def fill(server):
    """Something of everything that a fixture can hold."""
    s3, dynamodb = clients(server)
    s3.create_bucket(Bucket="plain")
    for key in ("a", "a/b", "a/b/", "a//c", "/", "..", "x/../y", "100%", "odd ü?*.txt", "z" * 1024, "%meta.json", "a%v1"):
        s3.put_object(Bucket="plain", Key=key, Body=key.encode())
    s3.put_object(Bucket="plain", Key="all.txt", Body=b"1", ContentType="text/plain", CacheControl="no-store", Metadata={"b": "2", "a": "1 1"}, Tagging="y=2&x=1%202", StorageClass="STANDARD_IA",
                  ChecksumAlgorithm="SHA256", WebsiteRedirectLocation="/a")
    s3.put_object(Bucket="plain", Key="large", Body=b"0123456789abcdef" * (1 << 17))
    upload = s3.create_multipart_upload(Bucket="plain", Key="parts", ChecksumAlgorithm="CRC32C")["UploadId"]
    parts = []
    for number, body in enumerate((b"a" * (5 << 20), b"c"), 1):
        part = s3.upload_part(Bucket="plain", Key="parts", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32C")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32C": part["ChecksumCRC32C"]})
    s3.complete_multipart_upload(Bucket="plain", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.put_bucket_tagging(Bucket="plain", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.put_bucket_lifecycle_configuration(Bucket="plain", LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "t/"}, "Expiration": {"Date": "2099-01-01T00:00:00Z"}}]})
    s3.delete_public_access_block(Bucket="plain")
    s3.create_bucket(Bucket="versions", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="versions", Key="k", Body=b"null")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="versions", Key="k", Body=b"1", ContentType="text/x")
    s3.delete_object(Bucket="versions", Key="k")
    s3.put_object(Bucket="versions", Key="k", Body=b"2")
    s3.put_object(Bucket="versions", Key="gone", Body=b"1")
    s3.delete_object(Bucket="versions", Key="gone")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Suspended"})
    make_table(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])
    dynamodb.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    for i in range(60):
        dynamodb.put_item(TableName="things", Item={"s": {"N": str(i - 30)}, "p": {"S": f"p{i % 7}"}, "z": {"SS": ["b", "a"]}, "m": {"M": {"y": {"NS": ["10", "-2", "9"]}, "x": {"L": [{"NULL": True}]}}}})
    make_table(clients(server, region="eu-west-1")[1], "elsewhere")
    other_s3, other_dynamodb = clients(server, account="111122223333")
    other_s3.create_bucket(Bucket="theirs")
    make_table(other_dynamodb)
    kms = support.client("kms", server.endpoint)
    key = kms.create_key(Description="of the bucket")["KeyMetadata"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key["KeyId"])
    s3.put_bucket_encryption(Bucket="versions", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}}]})
    return key["KeyId"]


ACCOUNTS = ("--accounts", "000000000000,111122223333")


# The promise of the form: what was saved and loaded saves as the same bytes.
def test_load_and_save_give_the_same_tree(servers, tmp_path):
    source, target = servers(), servers()
    key = fill(source)
    one, other = tmp_path / "one", tmp_path / "other"
    saved = fixture(source, "save", one, *ACCOUNTS)
    assert (saved["buckets"], saved["tables"], saved["items"], saved["failed"]) == (3, 3, 60, 0)
    loaded = fixture(target, "load", one)
    assert (loaded["buckets"], loaded["tables"], loaded["items"]) == (3, 3, 60)
    fixture(target, "save", other, *ACCOUNTS)
    assert_same_tree(one, other)
    assert f"kms/{key}.json" in files(one) and "accounts/111122223333/s3/theirs/bucket.json" in files(one)
    # What clients see is the same too, ids and times aside.
    for (s3, dynamodb), (s3_copy, dynamodb_copy) in ((clients(source), clients(target)),):
        for bucket in ("plain", "versions"):
            pages = [client.list_object_versions(Bucket=bucket) for client in (s3, s3_copy)]
            rows = [[(v["Key"], v["ETag"], v["IsLatest"], v["VersionId"] == "null", v["StorageClass"]) for v in page["Versions"]] for page in pages]
            assert rows[0] == rows[1]
        assert dynamodb.scan(TableName="things")["Items"][0].keys() == dynamodb_copy.scan(TableName="things")["Items"][0].keys()
    head = clients(target)[0].head_object(Bucket="plain", Key="all.txt", ChecksumMode="ENABLED")
    assert (head["ContentType"], head["Metadata"], head["TagCount"] if "TagCount" in head else 2, head["StorageClass"]) == ("text/plain", {"a": "1 1", "b": "2"}, 2, "STANDARD_IA")
    assert "ChecksumSHA256" in head


# What people read in git: these bytes are a promise.
def test_the_tree_reads_well(servers, tmp_path):
    server = servers()
    s3, dynamodb = clients(server)
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="2026/cat.txt", Body=b"meow\n", ContentType="text/plain", ChecksumAlgorithm="CRC64NVME")
    make_table(dynamodb)
    dynamodb.put_item(TableName="things", Item={"b": {"BOOL": True}, "s": {"N": "10"}, "p": {"S": "x"}, "a": {"NS": ["3", "20"]}})
    dynamodb.put_item(TableName="things", Item={"s": {"N": "9"}, "p": {"S": "x"}})
    tree = tmp_path / "tree"
    fixture(server, "save", tree)
    assert {name: (tree / name).read_text() for name in files(tree)} == {
        "fixture.json": '{\n  "format": 1\n}\n',
        "s3/photos/bucket.json": "{}\n",
        "s3/photos/objects/2026/cat.txt": "meow\n",
        "s3/photos/objects/2026/cat.txt%meta.json": '{\n  "ContentType": "text/plain"\n}\n',
        "dynamodb/things/table.json": """{
  "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}],
  "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
  "BillingMode": "PAY_PER_REQUEST"
}
""",
        "dynamodb/things/items.jsonl": '{"p": {"S": "x"}, "s": {"N": "9"}}\n{"p": {"S": "x"}, "s": {"N": "10"}, "a": {"NS": ["3", "20"]}, "b": {"BOOL": true}}\n',
    }
    # Saved again it is replaced; what else is in the folder stays, and a folder that is no fixture is left alone.
    (tree / "README.md").write_text("mine")
    s3.delete_object(Bucket="photos", Key="2026/cat.txt")
    fixture(server, "save", tree)
    assert files(tree) == ["README.md", "dynamodb/things/items.jsonl", "dynamodb/things/table.json", "fixture.json", "s3/photos/bucket.json"]
    assert "is no fixture" in fixture(server, "save", tree / "dynamodb", status=1)
    # An object that a hand put there needs nothing else.
    (tree / "s3/photos/objects").mkdir()
    (tree / "s3/photos/objects/new.txt").write_text("hello")
    other = servers()
    fixture(other, "load", tree)
    assert clients(other)[0].get_object(Bucket="photos", Key="new.txt")["Body"].read() == b"hello"


# One seed, one fixture, one state: ids and times too.
def test_two_seeded_servers_come_to_one_state(servers, tmp_path):
    fill(source := servers())
    tree = tmp_path / "tree"
    fixture(source, "save", tree)

    def state(server):
        fixture(server, "load", tree)
        s3, dynamodb = clients(server)
        versions = [(v["Key"], v["VersionId"], v["LastModified"]) for bucket in ("plain", "versions") for v in s3.list_object_versions(Bucket=bucket)["Versions"]]
        table = dynamodb.describe_table(TableName="things")["Table"]
        return versions, table["TableId"], table["CreationDateTime"], table["LatestStreamArn"], [b["CreationDate"] for b in s3.list_buckets()["Buckets"]]

    assert state(servers("--seed", "1")) == state(servers("--seed", "1"))


GOOD_TABLE = {"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
BAD = {
    "bad JSON": ("s3/one/bucket.json", '{\n  "Tagging": {\n    "TagSet": [}\n}', ":3: no JSON"),
    "unknown field": ("s3/one/bucket.json", '{\n  "Versioning": "Enabled",\n  "Colour": 1\n}', ":3: 'Colour' is no field"),
    "unknown field within": ("s3/one/bucket.json", '{\n  "Cors": {"CORSRules": [\n    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"],\n     "Max": 1}]}\n}', ":4: 'Cors.CORSRules[0].Max' is no field"),
    "wrong type": ("s3/one/bucket.json", '{\n  "Website": {"ErrorDocument": []}\n}', ":2: 'Website.ErrorDocument' has to be an object"),
    "no such value": ("s3/one/bucket.json", '{\n  "RequestPayment": {\n    "Payer": "Me"}}', ":3: 'RequestPayment.Payer' is 'Me'"),
    "no body": ("s3/one/objects/a%meta.json", '{"ContentType": "x"}', "is missing"),
    "versions without versioning": ("s3/one/objects/a%meta.json", '{"Versions": [{"DeleteMarker": true}]}', "no 'Versioning'"),
    "no key": ("s3/one/objects/a%zz", "x", "no key of an object"),
    "unknown file": ("s3/one/notes.txt", "x", "a bucket is bucket.json and objects/"),
    "unknown folder": ("sqs/queue/queue.json", "{}", "no folder of this name"),
    "no table": ("dynamodb/two/items.jsonl", '{"p": {"S": "a"}}\n', "table.json is missing"),
    "another name": ("dynamodb/things/table.json", json.dumps({**GOOD_TABLE, "TableName": "thing"}), "called 'thing' here"),
    "no key schema": ("dynamodb/things/table.json", json.dumps({"BillingMode": "PAY_PER_REQUEST"}), "'KeySchema' is missing"),
    "attributes not used": ("dynamodb/things/table.json", json.dumps({**GOOD_TABLE, "AttributeDefinitions": GOOD_TABLE["AttributeDefinitions"] + [{"AttributeName": "q", "AttributeType": "S"}]}), "AttributeDefinitions"),
    "item without key": ("dynamodb/things/items.jsonl", '{"p": {"S": "a"}}\n{"q": {"S": "b"}}\n', ":2: the key attribute 'p' is missing"),
    "key of another type": ("dynamodb/things/items.jsonl", '{"p": {"N": "1"}}\n', ":1: the key attribute 'p' is N"),
    "a number that is none": ("dynamodb/things/items.jsonl", '\n{"p": {"S": "a"}, "n": {"N": "one"}}\n', ":2: "),
    "a key twice": ("dynamodb/things/items.jsonl", '{"p": {"S": "b"}}\n{"p": {"S": "a"}}\n{"p": {"S": "b"}}\n', ":3: an item of this key stands above"),
    "bad item": ("dynamodb/things/items.jsonl", '{"p": {"S": "b"}\n', ":1: no JSON"),
    "bad account": ("accounts/me/s3/one/bucket.json", "{}", "12 digits"),
    "a bucket twice": ("accounts/111122223333/s3/one/bucket.json", "{}", "two accounts"),
}


# Everything is checked first: one fault anywhere, and nothing of all the rest is made.
@pytest.mark.parametrize("what", BAD)
def test_faults_are_told_with_file_and_line(endpoint, tmp_path, what):
    name, text, told = BAD[what]
    tree = tmp_path / "tree"
    good = {"s3/one/bucket.json": "{}", "s3/one/objects/b": "b", "dynamodb/things/table.json": json.dumps(GOOD_TABLE), name: text}
    for path, content in good.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)
    done = subprocess.run([support.BINARY, "fixture", "load", str(tree), "--endpoint", endpoint], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "nothing was loaded" in done.stderr, done.stderr
    faults = [line for line in done.stderr.splitlines() if line.startswith(str(tree))]
    assert any(told in line for line in faults), done.stderr
    s3 = support.client("s3", endpoint, config={"s3": {"addressing_style": "path"}})
    assert "one" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


# What only the server can refuse comes late: then what was made goes again. And what is there is not touched, unless asked.
def test_a_load_that_fails_leaves_nothing(servers, tmp_path):
    server = servers()
    s3, dynamodb = clients(server)
    tree = tmp_path / "tree"
    for path, text in {"s3/good/objects/a": "a", "s3/worse/bucket.json": json.dumps({"Policy": "no policy"}), "dynamodb/things/table.json": json.dumps(GOOD_TABLE)}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    told = fixture(server, "load", tree, status=1)
    assert "bucket worse" in told and "removed again" in told
    assert s3.list_buckets()["Buckets"] == [] and dynamodb.list_tables()["TableNames"] == []
    (tree / "s3/worse/bucket.json").write_text("{}")
    fixture(server, "load", tree)
    s3.put_object(Bucket="good", Key="mine", Body=b"")
    assert "there already: bucket good" in fixture(server, "load", tree, status=1)
    fixture(server, "load", tree, "--replace")
    assert [row["Key"] for row in s3.list_objects_v2(Bucket="good")["Contents"]] == ["a"]
