"""Tables imported from buckets. Source: "Amazon S3 import formats for DynamoDB", "Import format quotas and validation", Developer Guide;
what AWS was measured to do in 2026 where it says more or something else: counts, tokens, what ends an object."""

import base64
import gzip
import json
import shutil
import subprocess
import time
import uuid

import pytest
from botocore.exceptions import ClientError

import support

KEYS = {"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "c", "AttributeType": "N"}],
        "BillingMode": "PAY_PER_REQUEST"}


def request(bucket, name, prefix="", **more):
    parameters = more.pop("parameters", KEYS)
    source = {"S3Bucket": bucket, **({"S3KeyPrefix": prefix} if prefix else {})}
    return {"S3BucketSource": source, "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": {"TableName": name, **parameters}, **more}


def ended(dynamodb, arn):
    end = time.monotonic() + 30
    while (told := dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"])["ImportStatus"] == "IN_PROGRESS":
        assert told["ProcessedItemCount"] == told["ImportedItemCount"] == told["ErrorCount"] == 0 and "EndTime" not in told
        assert time.monotonic() < end
        time.sleep(0.02)
    return told


def run(dynamodb, bucket, name, prefix="", **more):
    return ended(dynamodb, dynamodb.import_table(**request(bucket, name, prefix, **more))["ImportTableDescription"]["ImportArn"])


def wire(item):
    return json.dumps({"Item": item}, default=lambda b: base64.b64encode(b).decode(), ensure_ascii=False)


def item(p, c, **more):
    return {"p": {"S": p}, "c": {"N": str(c)}, **more}


def contents(dynamodb, name, **more):
    found = []
    for page in dynamodb.get_paginator("scan").paginate(TableName=name, **more):
        found += page["Items"]
    return sorted(found, key=lambda i: (i["p"]["S"], float(i["c"]["N"])))


ITEMS = [
    item("a", 1, text={"S": 'quote" line\n 日本 🦑'}, empty={"S": ""}, bytes={"B": b"\x00\xff"}, none={"NULL": True}, yes={"BOOL": True}),
    item("a", 2, n={"N": "1E-130"}, list={"L": [{"N": "1"}, {"M": {"x": {"S": "y"}}}]}, map={"M": {}}, ss={"SS": ["q", "r"]}),
    item("b", 1, big={"S": "y" * 380_000}),
    item("b", 2, **{"a.b": {"S": "dotted"}, "n" * 255: {"S": "long"}}),
]


@pytest.mark.parametrize("compression", ["NONE", "GZIP", "ZSTD"])
def test_items_come_as_they_are(dynamodb, s3, bucket, table_name, compression):
    if compression == "ZSTD" and not shutil.which("zstd"):
        pytest.skip("no zstd")
    text = ("\n".join(wire(i) for i in ITEMS) + "\n\n   \n").encode()
    pack = {"NONE": bytes, "GZIP": gzip.compress, "ZSTD": lambda b: subprocess.run(["zstd", "-qc"], input=b, capture_output=True, check=True).stdout}[compression]
    s3.put_object(Bucket=bucket, Key="from/1", Body=pack(text))
    s3.put_object(Bucket=bucket, Key="from/2", Body=b"")  # Nothing, and no error.
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"no item")
    name = table_name()
    begun = dynamodb.import_table(**request(bucket, name, "from/", InputCompressionType=compression))["ImportTableDescription"]
    assert set(begun) == {"ImportArn", "ImportStatus", "TableArn", "TableId", "ClientToken", "S3BucketSource", "ErrorCount", "CloudWatchLogGroupArn", "InputFormat",
                          "InputCompressionType", "TableCreationParameters", "StartTime", "ProcessedItemCount", "ImportedItemCount"}
    assert begun["ImportStatus"] == "IN_PROGRESS" and begun["ImportArn"].startswith(begun["TableArn"] + "/import/")
    assert begun["TableCreationParameters"] == {"TableName": name, **KEYS}
    done = ended(dynamodb, begun["ImportArn"])
    assert done["ImportStatus"] == "COMPLETED" and done["EndTime"] >= done["StartTime"] and "FailureCode" not in done
    assert done["ProcessedItemCount"] == done["ImportedItemCount"] == len(ITEMS) and done["ErrorCount"] == 0
    assert done["ProcessedSizeBytes"] == len(text)  # Uncompressed.
    described = dynamodb.describe_table(TableName=name)["Table"]
    assert described["TableStatus"] == "ACTIVE" and described["TableId"] == begun["TableId"]
    found = contents(dynamodb, name)
    assert [i["n"] for i in found if "n" in i] == [{"N": "0." + "0" * 129 + "1"}]
    for i, wanted in zip(found, ITEMS, strict=True):
        assert {k: v for k, v in i.items() if k not in ("n", "ss")} == {k: v for k, v in wanted.items() if k not in ("n", "ss")}


def test_an_export_is_imported_again(dynamodb, s3, bucket, table_name):
    source, target = table_name(), table_name()
    dynamodb.create_table(TableName=source, **KEYS)
    dynamodb.update_continuous_backups(TableName=source, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    for i in ITEMS:
        dynamodb.put_item(TableName=source, Item=i)
    arn = dynamodb.describe_table(TableName=source)["Table"]["TableArn"]
    exported = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="e")["ExportDescription"]["ExportArn"]
    while dynamodb.describe_export(ExportArn=exported)["ExportDescription"]["ExportStatus"] == "IN_PROGRESS":
        time.sleep(0.02)
    data = f"e/AWSDynamoDB/{exported.rpartition('/')[2]}/data/"
    done = run(dynamodb, bucket, target, data, InputCompressionType="GZIP")
    assert done["ImportStatus"] == "COMPLETED" and done["ImportedItemCount"] == len(ITEMS)
    assert contents(dynamodb, target) == contents(dynamodb, source)


# "All columns other than the hash range and keys of your base table and secondary indexes are imported as DynamoDB strings."
def test_csv(dynamodb, s3, bucket, table_name):
    parameters = {**KEYS, "AttributeDefinitions": KEYS["AttributeDefinitions"] + [{"AttributeName": "g", "AttributeType": "N"}],
                  "GlobalSecondaryIndexes": [{"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}
    s3.put_object(Bucket=bucket, Key="csv/1", Body='p,c,g,text\r\n"a ""x"", y",1,7.50,12\nb,2,8,Full ""Length"" Dress\n')
    s3.put_object(Bucket=bucket, Key="csv/2", Body="text,p,c,g\nlast,c,3,7.5")
    name = table_name()
    done = run(dynamodb, bucket, name, "csv/", InputFormat="CSV", parameters=parameters)
    assert done["ImportStatus"] == "COMPLETED" and done["InputCompressionType"] == "NONE" and done["ImportedItemCount"] == 3
    assert contents(dynamodb, name) == [
        item('a "x", y', 1, g={"N": "7.5"}, text={"S": "12"}), item("b", 2, g={"N": "8"}, text={"S": 'Full "Length" Dress'}), item("c", 3, g={"N": "7.5"}, text={"S": "last"})]
    by_g = dynamodb.query(TableName=name, IndexName="by_g", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"N": "7.5"}})["Items"]
    assert sorted(i["p"]["S"] for i in by_g) == ['a "x", y', "c"]
    # Headers of the request: the first line is an item.
    s3.put_object(Bucket=bucket, Key="list/1", Body="a;1;x\nb;2;y\n")
    name, options = table_name(), {"Csv": {"Delimiter": ";", "HeaderList": ["p", "c", "v"]}}
    done = run(dynamodb, bucket, name, "list/", InputFormat="CSV", InputFormatOptions=options)
    assert done["InputFormatOptions"] == options
    assert contents(dynamodb, name) == [item("a", 1, v={"S": "x"}), item("b", 2, v={"S": "y"})]


# What can't be an item of the table is left out; what is no item at all ends its object. Then the import has failed, and its table stays.
def test_errors_are_counted(dynamodb, s3, bucket, table_name):
    good = [item("good", i) for i in range(4)]
    bad = ['{"Item": {"c": {"N": "1"}}}', '{"Item": {"p": {"S": "x"}}}', '{"Item": {"p": {"S": "x"}, "c": {"S": "1"}}}',
           '{"Item": {"p": {"S": "x"}, "c": {"N": "1"}, "": {"S": "v"}}}', wire(item("x", 1, v={"S": "y" * 410_000}))]
    s3.put_object(Bucket=bucket, Key="bad/1", Body="\n".join([wire(good[0]), *bad, wire(good[1])]))
    s3.put_object(Bucket=bucket, Key="bad/2", Body="\n".join([wire(good[2]), '{"NotAnItem": {}}', wire(item("never", 1))]))
    s3.put_object(Bucket=bucket, Key="bad/3", Body="\n".join(['{"Item": ', wire(item("never", 2))]))
    s3.put_object(Bucket=bucket, Key="bad/4", Body=wire(good[3]))
    name = table_name()
    done = run(dynamodb, bucket, name, "bad/")
    assert done["ImportStatus"] == "FAILED" and done["FailureCode"] == "ItemValidationError"
    assert done["FailureMessage"] == "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details."
    assert (done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]) == (11, 4, 7)
    assert contents(dynamodb, name) == good
    # What is not compressed as it is said to be is one error of its object.
    name = table_name()
    done = run(dynamodb, bucket, name, "bad/4", InputCompressionType="GZIP")
    assert (done["ImportStatus"], done["ErrorCount"], done["ImportedItemCount"]) == ("FAILED", 1, 0)


# Writes are counted, not the items that are there in the end.
def test_duplicates_are_no_errors(dynamodb, s3, bucket, table_name):
    parameters = {**KEYS, "AttributeDefinitions": KEYS["AttributeDefinitions"] + [{"AttributeName": "g", "AttributeType": "S"}],
                  "GlobalSecondaryIndexes": [{"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}
    s3.put_object(Bucket=bucket, Key="1", Body="\n".join(wire(item("same", 1, g={"S": f"g{i}"})) for i in range(5)))
    name = table_name()
    done = run(dynamodb, bucket, name, parameters=parameters)
    assert (done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]) == (5, 5, 0)
    assert len(contents(dynamodb, name)) == len(contents(dynamodb, name, IndexName="by_g")) == 1


def test_a_bucket_that_is_not_there(dynamodb, bucket, table_name):
    name = table_name()
    done = run(dynamodb, "no-such-bucket-" + uuid.uuid4().hex, name)
    assert done["ImportStatus"] == "FAILED" and done["FailureCode"] == "S3NoSuchBucket" and done["ErrorCount"] == 0
    assert done["FailureMessage"].startswith("The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; Request ID: ")
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.describe_table(TableName=name)
    # A prefix without objects is none of that.
    done = run(dynamodb, bucket, name, "nothing/")
    assert done["ImportStatus"] == "COMPLETED" and done["ImportedItemCount"] == 0 and "ProcessedSizeBytes" not in done
    assert dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"


def test_tokens_and_names(dynamodb, s3, bucket, table_name):
    s3.put_object(Bucket=bucket, Key="1", Body=wire(item("a", 1)))
    name, token = table_name(), uuid.uuid4().hex
    first = dynamodb.import_table(**request(bucket, name, ClientToken=token))["ImportTableDescription"]
    with pytest.raises(dynamodb.exceptions.ImportConflictException, match="Duplicate request"):
        dynamodb.import_table(**request(bucket, table_name(), ClientToken=token))
    ended(dynamodb, first["ImportArn"])
    with pytest.raises(dynamodb.exceptions.ResourceInUseException, match="Table already exists: " + name):
        dynamodb.import_table(**request(bucket, name, ClientToken=token))


def test_refusals(dynamodb, endpoint, bucket, table_name):
    def refused(**more):
        parts = {**request(bucket, "abc"), **more}
        with pytest.raises(ClientError, match="ValidationException") as error:
            dynamodb.import_table(**parts)
        return error.value.response["Error"]["Message"]

    assert "inputFormat" in refused(InputFormat="XML")
    assert "inputCompressionType" in refused(InputCompressionType="BZIP2")
    assert "InputFormatOptions" in refused(InputFormatOptions={"Csv": {"Delimiter": ","}})
    assert "ION" in refused(InputFormat="ION")
    assert "clientToken" in refused(ClientToken="has$dollar")
    assert "KeySchema" in refused(TableCreationParameters={"TableName": "abc", **KEYS, "AttributeDefinitions": KEYS["AttributeDefinitions"][:1]})
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/{}/import/01763732421123-5f0a9c1e"
    with pytest.raises(dynamodb.exceptions.ImportNotFoundException):
        dynamodb.describe_import(ImportArn=arn.format("some-table"))
    with pytest.raises(ClientError, match="ValidationException.*Invalid Import ARN"):
        dynamodb.describe_import(ImportArn=arn.format("x"))


def test_lists_of_imports(dynamodb, s3, bucket, table_name):
    s3.put_object(Bucket=bucket, Key="1", Body=wire(item("a", 1)))
    done = [run(dynamodb, bucket, table_name()) for _ in range(3)]
    told = dynamodb.list_imports(TableArn=done[0]["TableArn"])["ImportSummaryList"]
    assert told == [{name: done[0][name] for name in
                     ("ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "CloudWatchLogGroupArn", "InputFormat", "StartTime", "EndTime")}]
    paged, token = [], {}
    while token is not None:
        page = dynamodb.list_imports(PageSize=1, **token)
        paged += [i["ImportArn"] for i in page["ImportSummaryList"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert len(paged) == len(set(paged)) and set(paged) >= {i["ImportArn"] for i in done}
    for bad in ({"PageSize": 26}, {"NextToken": "0" * 112}):
        with pytest.raises(ClientError, match="ValidationException"):
            dynamodb.list_imports(**bad)


# kill -9 in the middle: after the restart an import goes on where it was, and counts nothing twice. Exports begin their file again.
def test_kills_in_between(tmp_path):
    server = support.Cloche(tmp_path / "data").start()

    def clients():
        return support.client("dynamodb", server.endpoint), support.client("s3", server.endpoint, config={"s3": {"addressing_style": "path"}})

    dynamodb, s3 = clients()
    s3.create_bucket(Bucket="kills")
    count = 20_000
    size = 0
    for part in range(2):
        text = "".join(wire(item(f"p{i % 100}", i, v={"S": "x" * 200})) + "\n" for i in range(part, count, 2)).encode()
        s3.put_object(Bucket="kills", Key=f"in/{part}", Body=gzip.compress(text, 1))
        size += len(text)
    arn = dynamodb.import_table(**request("kills", "imported", "in/", InputCompressionType="GZIP"))["ImportTableDescription"]["ImportArn"]
    kills = 0
    for _ in range(5):
        time.sleep(0.03)
        kills += dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]["ImportStatus"] == "IN_PROGRESS"
        server.kill()
        server.start()
        dynamodb, s3 = clients()
    done = ended(dynamodb, arn)
    assert kills > 0
    assert (done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"], done["ProcessedSizeBytes"]) == (count, count, 0, size)
    assert sum(page["Count"] for page in dynamodb.get_paginator("scan").paginate(TableName="imported", Select="COUNT")) == count

    dynamodb.update_continuous_backups(TableName="imported", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    table = dynamodb.describe_table(TableName="imported")["Table"]["TableArn"]
    arn = dynamodb.export_table_to_point_in_time(TableArn=table, S3Bucket="kills", S3Prefix="out")["ExportDescription"]["ExportArn"]
    for _ in range(3):
        time.sleep(0.02)
        server.kill()
        server.start()
        dynamodb, s3 = clients()
    end = time.monotonic() + 20
    while (told := dynamodb.describe_export(ExportArn=arn)["ExportDescription"])["ExportStatus"] == "IN_PROGRESS" and time.monotonic() < end:
        time.sleep(0.02)
    files = s3.get_object(Bucket="kills", Key=told["ExportManifest"].replace("summary", "files"))["Body"].read().decode().splitlines()
    lines = []
    for file in files:
        lines += gzip.decompress(s3.get_object(Bucket="kills", Key=json.loads(file)["dataFileS3Key"])["Body"].read()).decode().splitlines()
    assert told["ItemCount"] == len(lines) == len(set(lines)) == count
    # Nothing else is in the folder: a file that was not noted is not there either.
    listed = s3.list_objects_v2(Bucket="kills", Prefix=f"out/AWSDynamoDB/{arn.rpartition('/')[2]}/data/")["Contents"]
    assert sorted(row["Key"] for row in listed) == sorted(json.loads(file)["dataFileS3Key"] for file in files)
    assert server.stop() == 0
    status, report = server.doctor()
    assert status == 0, report
