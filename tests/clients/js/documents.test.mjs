// DynamoDBDocumentClient of the JavaScript SDK v3: JavaScript's values in and out, in batches, transactions, pages and PartiQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ConditionalCheckFailedException, CreateTableCommand, DeleteTableCommand, DescribeTableCommand, DynamoDBClient, paginateListTables, TransactionCanceledException,
  waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchExecuteStatementCommand, BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocument, DynamoDBDocumentClient, ExecuteStatementCommand, ExecuteTransactionCommand, GetCommand,
  NumberValue, paginateQuery, paginateScan, PutCommand, QueryCommand, ScanCommand, TransactGetCommand, TransactWriteCommand, UpdateCommand,
} from "@aws-sdk/lib-dynamodb";

const config = { endpoint: process.env.ENDPOINT, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const client = new DynamoDBClient(config);
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true } });
const TableName = "js-documents";

before(async () => {
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "S" }, { AttributeName: "status", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    GlobalSecondaryIndexes: [{ IndexName: "by-status", KeySchema: [{ AttributeName: "status", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["n"] } }],
  }));
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName });
});

after(async () => {
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName });
});

test("values of all kinds", async () => {
  class Point { constructor() { this.x = 1; this.none = undefined; } }
  const Item = { pk: "kinds", sk: "1", text: "ü€😀", n: 1.5, big: 2n ** 90n, bool: false, nil: null, bytes: new Uint8Array([0, 255]), strings: new Set(["a", "b"]), numbers: new Set([1, 2]),
    list: [1, [2, { three: 3 }]], map: { deep: {} }, point: new Point(), gone: undefined };
  await documents.send(new PutCommand({ TableName, Item }));
  // On a client of its own: what is said of translation is kept in the client.
  const precise = DynamoDBDocumentClient.from(new DynamoDBClient(config), { unmarshallOptions: { wrapNumbers: true } });
  const { Item: got } = await documents.send(new GetCommand({ TableName, Key: { pk: "kinds", sk: "1" }, ProjectionExpression: "#t, n, bool, nil, bytes, strings, numbers, #l[1], #m, point",
    ExpressionAttributeNames: { "#t": "text", "#l": "list", "#m": "map" }, ConsistentRead: true }));
  assert.deepEqual(got, { text: "ü€😀", n: 1.5, bool: false, nil: null, bytes: new Uint8Array([0, 255]), strings: new Set(["a", "b"]), numbers: new Set([1, 2]),
    list: [[2, { three: 3 }]], map: { deep: {} }, point: { x: 1 } });
  const wrapped = (await precise.send(new GetCommand({ TableName, Key: { pk: "kinds", sk: "1" }, ProjectionExpression: "big" }))).Item.big;
  assert.equal(wrapped.toString(), (2n ** 90n).toString());
  await documents.send(new PutCommand({ TableName, Item: { pk: "kinds", sk: "2", exact: NumberValue.from("0.12345678901234567890123456789012345678") } }));
  const exact = (await precise.send(new GetCommand({ TableName, Key: { pk: "kinds", sk: "2" } }))).Item.exact;
  assert.equal(exact.toString(), "0.12345678901234567890123456789012345678");
});

test("updates with conditions", async () => {
  const Key = { pk: "updates", sk: "1" };
  await documents.send(new PutCommand({ TableName, Item: { ...Key, n: 1, list: ["a"], tags: new Set(["x"]) }, ConditionExpression: "attribute_not_exists(pk)" }));
  await assert.rejects(documents.send(new PutCommand({ TableName, Item: Key, ConditionExpression: "attribute_not_exists(pk)" })), ConditionalCheckFailedException);
  const { Attributes } = await documents.send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET n = n + :one, #l = list_append(#l, :more), made = if_not_exists(made, :now) ADD tags :tag REMOVE nothing",
    ConditionExpression: "n BETWEEN :one AND :nine AND contains(tags, :x)", ExpressionAttributeNames: { "#l": "list" },
    ExpressionAttributeValues: { ":one": 1, ":nine": 9, ":more": ["b"], ":now": "today", ":tag": new Set(["y"]), ":x": "x" }, ReturnValues: "ALL_NEW",
  }));
  assert.deepEqual(Attributes, { ...Key, n: 2, list: ["a", "b"], made: "today", tags: new Set(["x", "y"]) });
  await assert.rejects(documents.send(new DeleteCommand({ TableName, Key, ConditionExpression: "n > :n", ExpressionAttributeValues: { ":n": 5 }, ReturnValuesOnConditionCheckFailure: "ALL_OLD" })),
    (error) => error.name === "ConditionalCheckFailedException" && error.Item.n.N === "2");
  assert.equal((await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }))).Attributes.n, 2);
});

test("batches, queries, pages", async () => {
  const items = Array.from({ length: 70 }, (_, i) => ({ pk: `page${i % 2}`, sk: String(i).padStart(3, "0"), n: i, status: i % 7 ? "open" : "done", text: "x".repeat(500) }));
  for (let at = 0; at < items.length; at += 25) {
    const { UnprocessedItems } = await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } })) } }));
    assert.deepEqual(UnprocessedItems, {});
  }
  const got = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: items.slice(0, 20).map(({ pk, sk }) => ({ pk, sk })), ProjectionExpression: "n" } } }));
  assert.deepEqual(got.Responses[TableName].map(({ n }) => n).sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
  const seen = [];
  const query = { TableName, KeyConditionExpression: "pk = :p AND sk >= :s", ExpressionAttributeValues: { ":p": "page1", ":s": "011" }, ScanIndexForward: false };
  for await (const page of paginateQuery({ client: documents, pageSize: 9 }, query)) seen.push(page.Items.map(({ n }) => n));
  assert.deepEqual(seen.flat(), Array.from({ length: 30 }, (_, i) => 69 - 2 * i));
  assert.deepEqual(seen.map((page) => page.length), [9, 9, 9, 3]);
  let scanned = 0;
  for (const Segment of [0, 1]) {
    for await (const page of paginateScan({ client: documents, pageSize: 20 }, { TableName, Segment, TotalSegments: 2, FilterExpression: "begins_with(pk, :p)", ExpressionAttributeValues: { ":p": "page" } })) scanned += page.Count;
  }
  assert.equal(scanned, 70);
  const done = await documents.send(new QueryCommand({ TableName, IndexName: "by-status", KeyConditionExpression: "#s = :s", ExpressionAttributeNames: { "#s": "status" },
    ExpressionAttributeValues: { ":s": "done" }, ReturnConsumedCapacity: "INDEXES" }));
  assert.deepEqual(done.Items.map(({ n, text }) => [n, text]), Array.from({ length: 10 }, (_, i) => [7 * i, undefined]));
  assert.ok(done.ConsumedCapacity.GlobalSecondaryIndexes["by-status"].CapacityUnits > 0);
  const count = await documents.send(new ScanCommand({ TableName, IndexName: "by-status", Select: "COUNT" }));
  assert.equal(count.Count, 70);
});

test("transactions", async () => {
  const ClientRequestToken = "token-of-mine";
  const put = (sk, n) => ({ Put: { TableName, Item: { pk: "bank", sk, n }, ConditionExpression: "attribute_not_exists(sk)" } });
  for (let again = 0; again < 2; again++) await documents.send(new TransactWriteCommand({ ClientRequestToken, TransactItems: [put("a", 10), put("b", 0)] }));
  const move = (from, to, amount) => new TransactWriteCommand({ TransactItems: [
    { Update: { TableName, Key: { pk: "bank", sk: from }, UpdateExpression: "SET n = n - :m", ConditionExpression: "n >= :m", ExpressionAttributeValues: { ":m": amount }, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } },
    { Update: { TableName, Key: { pk: "bank", sk: to }, UpdateExpression: "SET n = n + :m", ExpressionAttributeValues: { ":m": amount } } }] });
  await documents.send(move("a", "b", 7));
  await assert.rejects(documents.send(move("a", "b", 7)), (error) => {
    assert.ok(error instanceof TransactionCanceledException);
    assert.deepEqual(error.CancellationReasons.map(({ Code }) => Code), ["ConditionalCheckFailed", "None"]);
    assert.equal(error.CancellationReasons[0].Item.n.N ?? error.CancellationReasons[0].Item.n, "3");
    return true;
  });
  const { Responses } = await documents.send(new TransactGetCommand({ TransactItems: ["a", "b", "c"].map((sk) => ({ Get: { TableName, Key: { pk: "bank", sk } } })) }));
  assert.deepEqual(Responses.map(({ Item }) => Item?.n), [3, 7, undefined]);
});

test("PartiQL", async () => {
  const run = (Statement, Parameters) => documents.send(new ExecuteStatementCommand({ Statement, Parameters }));
  await run(`INSERT INTO "${TableName}" VALUE {'pk': ?, 'sk': ?, 'tags': ?, 'n': ?}`, ["ql", "1", new Set(["a"]), 5]);
  assert.deepEqual((await run(`SELECT n, tags FROM "${TableName}" WHERE pk = ? AND sk = ?`, ["ql", "1"])).Items, [{ n: 5, tags: new Set(["a"]) }]);
  assert.deepEqual((await run(`UPDATE "${TableName}" SET n = n + ? WHERE pk = ? AND sk = ? RETURNING MODIFIED NEW *`, [2, "ql", "1"])).Items, [{ n: 7 }]);
  const both = await documents.send(new BatchExecuteStatementCommand({ Statements: ["1", "2"].map((sk) => ({ Statement: `SELECT * FROM "${TableName}" WHERE pk = 'ql' AND sk = ?`, Parameters: [sk] })) }));
  assert.deepEqual(both.Responses.map(({ Item }) => Item?.n), [7, undefined]);
  await documents.send(new ExecuteTransactionCommand({ TransactStatements: [{ Statement: `DELETE FROM "${TableName}" WHERE pk = ? AND sk = ?`, Parameters: ["ql", "1"] }] }));
  assert.equal((await run(`SELECT * FROM "${TableName}" WHERE pk = 'ql'`)).Items.length, 0);
});

test("the document client of version 2's style, and tables", async () => {
  const document = DynamoDBDocument.from(new DynamoDBClient(config));
  await document.put({ TableName, Item: { pk: "old", sk: "1" } });
  assert.deepEqual((await document.get({ TableName, Key: { pk: "old", sk: "1" } })).Item, { pk: "old", sk: "1" });
  const names = [];
  for await (const page of paginateListTables({ client, pageSize: 1 }, {})) names.push(...page.TableNames);
  assert.ok(names.includes(TableName));
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.ok(Table.CreationDateTime instanceof Date);
});
