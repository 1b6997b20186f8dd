// ElectroDB: several entities in one table, collections, conditions, batches, transactions and pages, as its guide builds them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createSchema, Entity, Service } from "electrodb";

const raw = new DynamoDBClient({ endpoint: process.env.ENDPOINT, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
const client = DynamoDBDocumentClient.from(raw);
const table = "electro";

const Task = new Entity({
  model: { entity: "task", version: "1", service: "office" },
  attributes: {
    team: { type: "string", required: true }, task: { type: "string", required: true }, project: { type: "string", required: true },
    employee: { type: "string" }, title: { type: "string" }, points: { type: "number", default: 0 }, status: { type: ["open", "in-progress", "closed"], default: "open" },
    tags: { type: "set", items: "string" }, comments: { type: "list", items: { type: "map", properties: { user: { type: "string" }, body: { type: "string" } } } },
    updatedAt: { type: "number", watch: "*", set: () => Date.now(), readOnly: true },
  },
  indexes: {
    task: { pk: { field: "pk", composite: ["task"] }, sk: { field: "sk", composite: ["project"] } },
    projects: { index: "gsi1pk-gsi1sk-index", pk: { field: "gsi1pk", composite: ["project"] }, sk: { field: "gsi1sk", composite: ["status", "task"] } },
    assigned: { collection: "assignments", index: "gsi2pk-gsi2sk-index", pk: { field: "gsi2pk", composite: ["employee"] }, sk: { field: "gsi2sk", composite: ["points"] } },
  },
}, { client, table });

const Employee = new Entity({
  model: { entity: "employee", version: "1", service: "office" },
  attributes: { employee: { type: "string" }, name: { type: "string" }, office: { type: "string" }, salary: { type: "number" } },
  indexes: {
    employee: { pk: { field: "pk", composite: ["employee"] }, sk: { field: "sk", composite: [] } },
    office: { index: "gsi1pk-gsi1sk-index", pk: { field: "gsi1pk", composite: ["office"] }, sk: { field: "gsi1sk", composite: ["salary"] } },
    assigned: { collection: "assignments", index: "gsi2pk-gsi2sk-index", pk: { field: "gsi2pk", composite: ["employee"] }, sk: { field: "gsi2sk", composite: [] } },
  },
}, { client, table });

const office = new Service({ task: Task, employee: Employee }, { client, table });

before(async () => {
  const attributes = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"];
  const keys = (pk, sk) => [{ AttributeName: pk, KeyType: "HASH" }, { AttributeName: sk, KeyType: "RANGE" }];
  await raw.send(new CreateTableCommand({
    TableName: table, BillingMode: "PAY_PER_REQUEST", KeySchema: keys("pk", "sk"), AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    GlobalSecondaryIndexes: ["gsi1", "gsi2"].map((name) => ({ IndexName: `${name}pk-${name}sk-index`, KeySchema: keys(`${name}pk`, `${name}sk`), Projection: { ProjectionType: "ALL" } })),
  }));
  await Employee.put({ employee: "ada", name: "Ada Lovelace", office: "london", salary: 300 }).go();
  for (let n = 0; n < 12; n++) await Task.create({ team: "green", task: `t${String(n).padStart(2, "0")}`, project: n % 2 ? "odd" : "even", employee: "ada", title: `task ${n}`, points: n }).go();
});

after(() => raw.send(new DeleteTableCommand({ TableName: table })));

test("one entity", async () => {
  const { data } = await Task.get({ task: "t03", project: "odd" }).go();
  assert.deepEqual([data.title, data.points, data.status], ["task 3", 3, "open"]);
  assert.equal((await Task.get({ task: "none", project: "odd" }).go()).data, null);
  await assert.rejects(Task.create({ team: "green", task: "t03", project: "odd" }).go(), /The conditional request failed/);
});

test("updates", async () => {
  const key = { task: "t05", project: "odd" };
  const { data } = await Task.update(key).set({ status: "in-progress" }).add({ points: 10, tags: ["a", "b"] }).append({ comments: [{ user: "bob", body: "hm" }] })
    .where(({ points, title }, { lt, begins }) => `${lt(points, 9)} AND ${begins(title, "task")}`).go({ response: "all_new" });
  assert.deepEqual([data.status, data.points, data.tags, data.comments], ["in-progress", 15, ["a", "b"], [{ user: "bob", body: "hm" }]]);
  const changed = await Task.patch(key).delete({ tags: ["a"] }).data(({ comments, points }, { set, add }) => { set(comments[0].body, "better"); add(points, 1); }).go({ response: "all_new" });
  assert.deepEqual([changed.data.tags, changed.data.comments[0].body, changed.data.points], [["b"], "better", 16]);
  await assert.rejects(Task.patch({ task: "none", project: "odd" }).set({ title: "x" }).go(), /The conditional request failed/);
  const upserted = await Task.upsert({ task: "up", project: "odd", team: "green", points: 1, employee: "bob" }).go({ response: "all_new" });
  assert.equal(upserted.data.points, 1);
  await Task.remove({ task: "up", project: "odd" }).go();
});

test("queries, collections and pages", async () => {
  const open = await Task.query.projects({ project: "even", status: "open" }).where(({ points }, { gte }) => gte(points, 4)).go({ order: "desc" });
  assert.deepEqual(open.data.map(({ task }) => task), ["t10", "t08", "t06", "t04"]);
  const between = await Task.query.projects({ project: "even", status: "open" }).between({ task: "t02" }, { task: "t06" }).go();
  assert.deepEqual(between.data.map(({ task }) => task), ["t02", "t04", "t06"]);
  const { data } = await office.collections.assignments({ employee: "ada" }).go({ pages: "all" });
  assert.deepEqual([data.task.length, data.employee.map(({ name }) => name)], [12, ["Ada Lovelace"]]);
  const seen = [];
  let cursor = null;
  do {
    const page = await Task.query.assigned({ employee: "ada" }).go({ limit: 5, cursor });
    seen.push(page.data.length);
    cursor = page.cursor;
  } while (cursor);
  assert.equal(seen.reduce((sum, n) => sum + n), 12);
  const scanned = await Task.scan.where(({ title }, { contains }) => contains(title, "1")).go({ pages: "all", attributes: ["task", "project"] });
  assert.deepEqual(scanned.data.map(({ task }) => task).sort(), ["t01", "t10", "t11"]);
});

test("batches and transactions", async () => {
  const rows = Array.from({ length: 40 }, (_, n) => ({ team: "red", task: `b${n}`, project: "batch", employee: "bob", points: n }));
  assert.deepEqual((await Task.put(rows).go({ concurrency: 2 })).unprocessed, []);
  const got = await Task.get(rows.map(({ task, project }) => ({ task, project }))).go({ preserveBatchOrder: true });
  assert.deepEqual(got.data.map(({ points }) => points), rows.map(({ points }) => points));
  await Task.delete(rows).go();
  const written = await office.transaction.write(({ task, employee }) => [
    task.create({ team: "red", task: "tx", project: "batch" }).commit(),
    employee.patch({ employee: "ada" }).add({ salary: 1 }).commit(),
    task.check({ task: "t03", project: "odd" }).where(({ points }, { eq }) => eq(points, 3)).commit(),
  ]).go();
  assert.equal(written.canceled, false);
  const again = await office.transaction.write(({ task, employee }) => [
    employee.patch({ employee: "ada" }).add({ salary: 1 }).commit(),
    task.create({ team: "red", task: "tx", project: "batch" }).commit({ response: "all_old" }),
  ]).go();
  assert.deepEqual([again.canceled, again.data.map(({ rejected, code }) => [rejected, code])], [true, [[false, "None"], [true, "ConditionalCheckFailed"]]]);
  assert.equal(again.data[1].item.task, "tx");
  const read = await office.transaction.get(({ task, employee }) => [employee.get({ employee: "ada" }).commit(), task.get({ task: "tx", project: "batch" }).commit()]).go();
  assert.deepEqual(read.data.map(({ item }) => item.salary ?? item.task), [301, "tx"]);
});
