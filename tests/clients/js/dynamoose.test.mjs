// Dynamoose: it makes its tables itself, with indexes and time to live, and reads them through models.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import dynamoose from "dynamoose";

dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB({ endpoint: process.env.ENDPOINT, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } }));

const schema = new dynamoose.Schema({
  id: { type: String, hashKey: true }, made: { type: Number, rangeKey: true }, owner: { type: String, index: { name: "by-owner", rangeKey: "made" } },
  name: { type: String, required: true }, alive: { type: Boolean, default: true }, born: Date, tags: { type: Set, schema: [String] }, home: { type: Object, schema: { city: String, zip: Number } },
  toys: { type: Array, schema: [String] }, photo: Buffer,
}, { timestamps: true });
const Cat = dynamoose.model("Cat", schema);
let table;

before(async () => {
  table = new dynamoose.Table("dynamoose-cats", [Cat], { throughput: "ON_DEMAND", initialize: false, expires: { ttl: 3_600_000, attribute: "expires" } });
  await table.initialize();
});

after(async () => {
  await dynamoose.aws.ddb().deleteTable({ TableName: "dynamoose-cats" });
});

test("documents", async () => {
  const born = new Date(1_700_000_000_000);
  const cat = new Cat({ id: "1", made: 1, owner: "ada", name: "Tom", born, tags: new Set(["a", "b"]), home: { city: "Paris", zip: 75001 }, toys: ["ball"], photo: Buffer.from([0, 255]) });
  await cat.save();
  const got = await Cat.get({ id: "1", made: 1 });
  assert.deepEqual([got.name, got.alive, got.born, got.tags, got.home, got.toys], ["Tom", true, born, new Set(["a", "b"]), { city: "Paris", zip: 75001 }, ["ball"]]);
  assert.deepEqual([...got.photo], [0, 255]);
  assert.ok(got.createdAt && got.expires > new Date());
  assert.equal((await dynamoose.aws.ddb().describeTimeToLive({ TableName: "dynamoose-cats" })).TimeToLiveDescription.AttributeName, "expires");
  await assert.rejects(Cat.create({ id: "1", made: 1, name: "again" }), { name: "ConditionalCheckFailedException" });
  const updated = await Cat.update({ id: "1", made: 1 }, { $SET: { name: "Tim" }, $ADD: { toys: ["mouse"] }, $REMOVE: ["owner"] }, { condition: new dynamoose.Condition("alive").eq(true) });
  assert.deepEqual([updated.name, updated.toys, updated.owner], ["Tim", ["ball", "mouse"], undefined]);
  await assert.rejects(Cat.update({ id: "1", made: 1 }, { name: "x" }, { condition: new dynamoose.Condition("name").eq("Tom") }), { name: "ConditionalCheckFailedException" });
  await got.delete();
  assert.equal(await Cat.get({ id: "1", made: 1 }), undefined);
});

test("queries, scans, batches and transactions", async () => {
  const cats = Array.from({ length: 24 }, (_, n) => ({ id: `q${n % 2}`, made: n, owner: n % 3 ? "ada" : "bob", name: `cat ${n}` }));
  assert.deepEqual((await Cat.batchPut(cats)).unprocessedItems, []);
  const some = await Cat.query("id").eq("q0").where("made").between(4, 10).sort("descending").exec();
  assert.deepEqual(some.map(({ made }) => made), [10, 8, 6, 4]);
  const owned = await Cat.query("owner").eq("bob").where("made").gt(12).filter("name").contains("cat").using("by-owner").exec();
  assert.deepEqual(owned.map(({ made }) => made), [15, 18, 21]);
  const page = await Cat.query("id").eq("q1").limit(5).exec();
  const rest = await Cat.query("id").eq("q1").startAt(page.lastKey).all().exec();
  assert.deepEqual([page.length, rest.length], [5, 7]);
  assert.equal((await Cat.scan("made").lt(10).and().where("owner").eq("ada").count().exec()).count, 6);
  assert.equal((await Cat.scan().all(0, 10).exec()).length, 24);
  assert.equal((await Cat.batchGet(cats.slice(0, 10).map(({ id, made }) => ({ id, made })))).length, 10);
  await dynamoose.transaction([Cat.transaction.create({ id: "tx", made: 1, name: "new" }), Cat.transaction.update({ id: "q0", made: 0 }, { name: "old" }), Cat.transaction.delete({ id: "q0", made: 2 })]);
  assert.deepEqual([(await Cat.get({ id: "q0", made: 0 })).name, await Cat.get({ id: "q0", made: 2 })], ["old", undefined]);
  await assert.rejects(dynamoose.transaction([Cat.transaction.create({ id: "tx", made: 1, name: "again" }), Cat.transaction.delete({ id: "q0", made: 4 })]), { name: "TransactionCanceledException" });
  await Cat.batchDelete(cats.slice(0, 24).map(({ id, made }) => ({ id, made })));
  assert.equal((await Cat.scan().exec()).count, 1);
});
