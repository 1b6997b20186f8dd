"""PartiQL through boto3."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def people(dynamodb, table_name):
    name = table_name()
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "Username", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "Username", "AttributeType": "S"}])
    return name


# Answers as LocalStack recorded them on AWS, 2025-10.
def test_statements_alone_and_in_batches(dynamodb, people):
    dynamodb.put_item(TableName=people, Item={"Username": {"S": "user02"}})
    batch = dynamodb.batch_execute_statement(Statements=[
        {"Statement": f'''INSERT INTO "{people}" VALUE {{'Username': 'user01'}}'''},
        {"Statement": f'UPDATE "{people}" SET Age = ? WHERE Username = ?', "Parameters": [{"N": "20"}, {"S": "user02"}]}])
    assert batch["Responses"] == [{"TableName": people}, {"TableName": people}]
    assert dynamodb.get_item(TableName=people, Key={"Username": {"S": "user02"}})["Item"] == {"Username": {"S": "user02"}, "Age": {"N": "20"}}
    found = dynamodb.execute_statement(Statement=f'SELECT * FROM "{people}" WHERE Age IS NOT MISSING AND Username = ?', Parameters=[{"S": "user02"}])
    assert found["Items"] == [{"Username": {"S": "user02"}, "Age": {"N": "20"}}]
    with pytest.raises(dynamodb.exceptions.DuplicateItemException):
        dynamodb.execute_statement(Statement=f'''INSERT INTO "{people}" VALUE {{'Username': 'user01'}}''')


def test_a_transaction_of_statements(dynamodb, people):
    done = dynamodb.execute_transaction(TransactStatements=[
        {"Statement": f'''INSERT INTO "{people}" VALUE {{'Username': 'user01'}}'''},
        {"Statement": f'''INSERT INTO "{people}" VALUE {{'Username': 'user02'}}'''}])
    assert done["Responses"] == []
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.execute_transaction(TransactStatements=[
            {"Statement": f'''INSERT INTO "{people}" VALUE {{'Username': 'user03'}}'''},
            {"Statement": f'''INSERT INTO "{people}" VALUE {{'Username': 'user01'}}'''}])
    assert [reason["Code"] for reason in refused.value.response["CancellationReasons"]] == ["None", "DuplicateItem"]
    assert dynamodb.scan(TableName=people, Select="COUNT")["Count"] == 2


def test_pages(dynamodb, people):
    for i in range(7):
        dynamodb.put_item(TableName=people, Item={"Username": {"S": f"user{i}"}})
    seen, more = [], {}
    while True:
        page = dynamodb.execute_statement(Statement=f'SELECT Username FROM "{people}"', Limit=3, **more)
        seen += [item["Username"]["S"] for item in page["Items"]]
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    assert sorted(seen) == [f"user{i}" for i in range(7)]


def test_what_is_no_statement(dynamodb, people):
    with pytest.raises(ClientError, match="Statement wasn't well formed, can't be processed"):
        dynamodb.execute_statement(Statement="SELEKT 1")
