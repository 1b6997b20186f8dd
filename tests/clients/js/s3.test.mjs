// The JavaScript SDK v3: uploads of streams in parts, and presigned URLs.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command,
  paginateListObjectsV2, PutObjectCommand, S3Client, UploadPartCommand, CreateMultipartUploadCommand, CompleteMultipartUploadCommand, waitUntilObjectExists,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const MIB = 1 << 20;
const Bucket = "js-uploads";
const s3 = new S3Client({ endpoint: process.env.ENDPOINT, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" }, forcePathStyle: true });
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function etagOfParts(body, size) {
  const digests = [];
  for (let at = 0; at < body.length; at += size) digests.push(createHash("md5").update(body.subarray(at, at + size)).digest());
  return `"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${digests.length}"`;
}

async function read(Key) {
  return Buffer.from(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToByteArray());
}

before(() => s3.send(new CreateBucketCommand({ Bucket })));

after(async () => {
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket })) {
    for (const { Key } of page.Contents ?? []) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
});

test("a stream of unknown length goes up in parts", async () => {
  const body = randomBytes(23 * MIB + 5);
  const pieces = [];
  for (let at = 0; at < body.length; at += 300_000) pieces.push(body.subarray(at, at + 300_000));
  const seen = [];
  const upload = new Upload({ client: s3, params: { Bucket, Key: "stream", Body: Readable.from(pieces), Metadata: { from: "js" } }, partSize: 8 * MIB, queueSize: 3 });
  upload.on("httpUploadProgress", ({ loaded }) => seen.push(loaded));
  const done = await upload.done();
  assert.equal(done.ETag, etagOfParts(body, 8 * MIB));
  assert.equal(Math.max(...seen), body.length);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "stream" }));
  assert.deepEqual([head.ContentLength, head.Metadata], [body.length, { from: "js" }]);
  assert.equal(sha256(await read("stream")), sha256(body));
});

test("parts with SHA-256, and tags", async () => {
  const body = randomBytes(11 * MIB);
  const done = await new Upload({ client: s3, params: { Bucket, Key: "sha", Body: body, ChecksumAlgorithm: "SHA256" }, partSize: 5 * MIB, tags: [{ Key: "a", Value: "b" }] }).done();
  assert.match(done.ChecksumSHA256, /=-3$/);
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "sha" }))).TagCount, 1);
});

test("a small body takes one request", async () => {
  const done = await new Upload({ client: s3, params: { Bucket, Key: "small", Body: "hello" } }).done();
  assert.equal(done.ETag, `"${createHash("md5").update("hello").digest("hex")}"`);
});

test("an upload that is aborted leaves nothing", async () => {
  const upload = new Upload({ client: s3, params: { Bucket, Key: "aborted", Body: randomBytes(40 * MIB) }, partSize: 5 * MIB, queueSize: 1 });
  upload.on("httpUploadProgress", ({ part }) => { if (part === 2) upload.abort(); });
  await assert.rejects(upload.done(), { name: "AbortError" });
  const left = async () => (await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
  // The SDK aborts without waiting for the answer.
  for (let tries = 0; tries < 50 && (await left()).length; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await left(), []);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "aborted" }))).KeyCount, 0);
});

test("presigned URLs serve whoever has them", async () => {
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "signed ü/+.txt", ContentType: "text/plain" }), { expiresIn: 60 });
  const sent = await fetch(put, { method: "PUT", body: "by url", headers: { "content-type": "text/plain" } });
  assert.equal(sent.status, 200, await sent.text());
  await waitUntilObjectExists({ client: s3, minDelay: 1, maxDelay: 1, maxWaitTime: 5 }, { Bucket, Key: "signed ü/+.txt" });
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "signed ü/+.txt", ResponseContentDisposition: 'attachment; filename="x.txt"' }), { expiresIn: 60 });
  const got = await fetch(get);
  assert.deepEqual([got.status, await got.text(), got.headers.get("content-disposition"), got.headers.get("content-type")],
    [200, "by url", 'attachment; filename="x.txt"', "text/plain"]);
  const part = await fetch(get, { headers: { range: "bytes=3-5" } });
  assert.deepEqual([part.status, await part.text()], [206, "url"]);
  const old = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "signed ü/+.txt" }), { expiresIn: 1, signingDate: new Date(Date.now() - 60_000) });
  const late = await fetch(old);
  assert.equal(late.status, 403);
  assert.match(await late.text(), /<Code>AccessDenied<\/Code><Message>Request has expired<\/Message>/);
});

test("parts go up by presigned URLs", async () => {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "by-parts" }));
  const bodies = [randomBytes(5 * MIB), randomBytes(77)];
  const Parts = [];
  for (const [index, body] of bodies.entries()) {
    const url = await getSignedUrl(s3, new UploadPartCommand({ Bucket, Key: "by-parts", UploadId, PartNumber: index + 1 }), { expiresIn: 60 });
    const sent = await fetch(url, { method: "PUT", body });
    assert.equal(sent.status, 200);
    Parts.push({ PartNumber: index + 1, ETag: sent.headers.get("etag") });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "by-parts", UploadId, MultipartUpload: { Parts } }));
  assert.equal(sha256(await read("by-parts")), sha256(Buffer.concat(bodies)));
});
