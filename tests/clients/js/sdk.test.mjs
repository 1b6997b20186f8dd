// The JavaScript SDK v3 against a running Cloche: what a new project does on its first day.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { Upload } from "@aws-sdk/lib-storage";

const config = { endpoint: process.env.ENDPOINT, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

test("s3", async () => {
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const Bucket = "js-bucket";
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "a/b.txt", Body: "hello", Metadata: { x: "1" } }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a/b.txt" }));
  assert.equal(await got.Body.transformToString(), "hello");
  assert.deepEqual(got.Metadata, { x: "1" });
  const body = randomBytes(11 * 1024 * 1024);
  await new Upload({ client: s3, params: { Bucket, Key: "big", Body: body } }).done();
  const big = await s3.send(new GetObjectCommand({ Bucket, Key: "big" }));
  assert.ok(Buffer.from(await big.Body.transformToByteArray()).equals(body));
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "big" }))).ContentLength, body.length);
  const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
  assert.deepEqual(listed.Contents.map((row) => row.Key), ["a/b.txt", "big"]);
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "none" })), NoSuchKey);
  for (const Key of ["a/b.txt", "big"]) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
});

test("dynamodb", async () => {
  const client = new DynamoDBClient(config);
  const documents = DynamoDBDocumentClient.from(client);
  const TableName = "js-table";
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
  }));
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName });
  for (let sk = 0; sk < 5; sk++) await documents.send(new PutCommand({ TableName, Item: { pk: "a", sk, tags: new Set(["x", "y"]), nested: { list: [1, null, true] } } }));
  const got = await documents.send(new GetCommand({ TableName, Key: { pk: "a", sk: 3 } }));
  assert.deepEqual(got.Item.nested, { list: [1, null, true] });
  const updated = await documents.send(new UpdateCommand({
    TableName, Key: { pk: "a", sk: 3 }, UpdateExpression: "SET #n = if_not_exists(#n, :zero) + :one", ExpressionAttributeNames: { "#n": "count" },
    ExpressionAttributeValues: { ":zero": 0, ":one": 1 }, ReturnValues: "UPDATED_NEW",
  }));
  assert.deepEqual(updated.Attributes, { count: 1 });
  const found = await documents.send(new QueryCommand({
    TableName, KeyConditionExpression: "pk = :p AND sk BETWEEN :a AND :b", ExpressionAttributeValues: { ":p": "a", ":a": 1, ":b": 3 }, ScanIndexForward: false,
  }));
  assert.deepEqual(found.Items.map((item) => item.sk), [3, 2, 1]);
  await client.send(new DeleteTableCommand({ TableName }));
});
