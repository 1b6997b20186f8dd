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


# Values listed for keys are read one by one, and the rest of the table is not looked at. The bound of 50 reads is AWS's.
def test_listed_keys_are_read_by_key(dynamodb, table):
    for p in "abcdef":
        for s in range(5):
            dynamodb.put_item(TableName=table, Item={"p": {"S": p}, "s": {"N": str(s)}, "x": {"S": "x" * 4000}})

    def ask(where, **more):
        found, token, units = [], {}, 0
        while True:
            answer = dynamodb.execute_statement(
                Statement=f'SELECT p, s FROM "{table}" WHERE {where}', ConsistentRead=True, ReturnConsumedCapacity="TOTAL", **token, **more)
            found += [item["p"]["S"] + item["s"]["N"] for item in answer["Items"]]
            units += answer["ConsumedCapacity"]["CapacityUnits"]
            if "NextToken" not in answer:
                return sorted(found), units
            token = {"NextToken": answer["NextToken"]}

    both = [p + str(s) for p in "be" for s in range(5)]
    for where in ("p IN ['b', 'e', 'b']", "p = 'e' OR p = 'b'"):
        found, units = ask(where)
        assert found == both and units < 13  # Ten items of 4 KB; a scan would read thirty.
    assert ask("p IN ['b', 'e']", Limit=3)[0] == both
    assert ask("p IN ['b', 'e'] AND s IN [1, 3]")[0] == ["b1", "b3", "e1", "e3"]
    assert ask("p IN ['b', 'e'] AND s > 3")[0] == ["b4", "e4"]
    assert ask("p = 'a' AND s IN [0, 4]")[0] == ["a0", "a4"]
    listed = ", ".join(f"'{i}'" for i in range(51))
    with pytest.raises(ClientError, match="Too many decomposed read operations for a given query."):
        ask(f"p IN [{listed}]")
    assert ask(f"p IN [{listed}] OR s = 99")[0] == []


# A path is a column under its last name. Source: nubo-db/dynamodb-conformance.
def test_a_path_is_a_column(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={"p": {"S": "path"}, "s": {"N": "1"}, "m": {"M": {"k": {"L": [{"S": "c"}]}, "n": {"S": "deep"}}}})
    answer = dynamodb.execute_statement(Statement=f'SELECT m.n, m.k[0], m.none FROM "{table}" WHERE p = \'path\'')
    assert answer["Items"] == [{"n": {"S": "deep"}, "k[0]": {"S": "c"}}]
