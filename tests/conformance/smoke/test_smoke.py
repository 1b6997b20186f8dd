"""One round of each service: enough to show that a server and a client get along (also without any network)."""

import uuid


def test_s3(s3, bucket):
    s3.put_object(Bucket=bucket, Key="hello.txt", Body=b"hello")
    assert s3.get_object(Bucket=bucket, Key="hello.txt")["Body"].read() == b"hello"


def test_dynamodb(dynamodb):
    name = "smoke-" + uuid.uuid4().hex[:12]
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    item = {"pk": {"S": "a"}, "n": {"N": "12345678901234567890.5"}}
    dynamodb.put_item(TableName=name, Item=item)
    assert dynamodb.get_item(TableName=name, Key={"pk": {"S": "a"}})["Item"] == item
    dynamodb.delete_table(TableName=name)
