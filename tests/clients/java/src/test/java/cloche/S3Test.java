package cloche;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.BlockingInputStreamAsyncRequestBody;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

class S3Test {
  static final String BUCKET = "java-bucket";
  static final int MIB = 1 << 20;
  static S3Client s3;

  @BeforeAll
  static void make() {
    s3 = Settings.of(S3Client.builder()).forcePathStyle(true).build();
    s3.createBucket(b -> b.bucket(BUCKET));
    s3.waiter().waitUntilBucketExists(b -> b.bucket(BUCKET));
  }

  @AfterAll
  static void remove() {
    s3.listObjectVersionsPaginator(b -> b.bucket(BUCKET).maxKeys(5)).versions().forEach(v -> s3.deleteObject(b -> b.bucket(BUCKET).key(v.key()).versionId(v.versionId())));
    s3.listObjectVersionsPaginator(b -> b.bucket(BUCKET)).deleteMarkers().forEach(v -> s3.deleteObject(b -> b.bucket(BUCKET).key(v.key()).versionId(v.versionId())));
    s3.deleteBucket(b -> b.bucket(BUCKET));
  }

  static byte[] chance(int size) {
    byte[] bytes = new byte[size];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  @Test
  void objects() {
    s3.putBucketVersioning(b -> b.bucket(BUCKET).versioningConfiguration(v -> v.status(BucketVersioningStatus.ENABLED)));
    String key = "dir/ü +&.txt";
    var first = s3.putObject(b -> b.bucket(BUCKET).key(key).metadata(Map.of("from", "java")).tagging("a=b"), RequestBody.fromString("one"));
    s3.putObject(b -> b.bucket(BUCKET).key(key).ifMatch(first.eTag()), RequestBody.fromString("two"));
    var refused = assertThrows(S3Exception.class, () -> s3.putObject(b -> b.bucket(BUCKET).key(key).ifNoneMatch("*"), RequestBody.fromString("x")));
    assertEquals("PreconditionFailed", refused.awsErrorDetails().errorCode());
    var old = s3.getObjectAsBytes(b -> b.bucket(BUCKET).key(key).versionId(first.versionId()));
    assertEquals("one", old.asUtf8String());
    assertEquals(Map.of("from", "java"), old.response().metadata());
    assertEquals("wo", s3.getObjectAsBytes(b -> b.bucket(BUCKET).key(key).range("bytes=1-")).asUtf8String());
    for (int i = 0; i < 7; ++i) {
      int n = i;
      s3.putObject(b -> b.bucket(BUCKET).key("page/" + n).checksumAlgorithm(ChecksumAlgorithm.SHA256), RequestBody.fromString("x"));
    }
    assertEquals(7, s3.listObjectsV2Paginator(b -> b.bucket(BUCKET).prefix("page/").maxKeys(3)).contents().stream().count());
    assertTrue(s3.listObjectsV2(b -> b.bucket(BUCKET).delimiter("/")).commonPrefixes().stream().map(p -> p.prefix()).toList().containsAll(List.of("dir/", "page/")));
    var deleted = s3.deleteObjects(b -> b.bucket(BUCKET).delete(d -> d.objects(ObjectIdentifier.builder().key("page/0").build(), ObjectIdentifier.builder().key(key).build())));
    assertTrue(deleted.errors().isEmpty() && deleted.deleted().size() == 2);
    assertThrows(NoSuchKeyException.class, () -> s3.getObject(b -> b.bucket(BUCKET).key(key)));
  }

  @Test
  void multipartByHand() {
    byte[] body = chance(11 * MIB);
    String id = s3.createMultipartUpload(b -> b.bucket(BUCKET).key("hand").checksumAlgorithm(ChecksumAlgorithm.CRC32_C)).uploadId();
    var parts = new java.util.ArrayList<CompletedPart>();
    for (int i = 0, number = 1; i < body.length; i += 5 * MIB, ++number) {
      int n = number;
      var done = s3.uploadPart(b -> b.bucket(BUCKET).key("hand").uploadId(id).partNumber(n).checksumAlgorithm(ChecksumAlgorithm.CRC32_C),
          RequestBody.fromBytes(java.util.Arrays.copyOfRange(body, i, Math.min(body.length, i + 5 * MIB))));
      parts.add(CompletedPart.builder().partNumber(n).eTag(done.eTag()).checksumCRC32C(done.checksumCRC32C()).build());
    }
    var done = s3.completeMultipartUpload(b -> b.bucket(BUCKET).key("hand").uploadId(id).multipartUpload(m -> m.parts(parts)));
    assertTrue(done.eTag().endsWith("-3\"") && done.checksumCRC32C().endsWith("-3"));
    assertArrayEquals(body, s3.getObjectAsBytes(b -> b.bucket(BUCKET).key("hand")).asByteArray());
  }

  // The asynchronous client in parts, and the transfer manager over it; both without the CRT.
  @Test
  void transferManager(@TempDir Path folder) throws Exception {
    try (var async = Settings.of(S3AsyncClient.builder()).forcePathStyle(true).multipartEnabled(true)
             .multipartConfiguration(c -> c.minimumPartSizeInBytes(8L * MIB).thresholdInBytes(8L * MIB)).build();
         var transfer = S3TransferManager.builder().s3Client(async).build()) {
      byte[] body = chance(64 * MIB);
      Path file = Files.write(folder.resolve("big"), body);
      var up = transfer.uploadFile(b -> b.source(file).putObjectRequest(p -> p.bucket(BUCKET).key("big"))).completionFuture().join();
      assertTrue(up.response().eTag().endsWith("-8\""), up.response().eTag());
      Path back = folder.resolve("back");
      transfer.downloadFile(b -> b.destination(back).getObjectRequest(g -> g.bucket(BUCKET).key("big"))).completionFuture().join();
      assertArrayEquals(body, Files.readAllBytes(back));
      // A stream whose length nobody knows.
      BlockingInputStreamAsyncRequestBody stream = AsyncRequestBody.forBlockingInputStream(null);
      var streamed = async.putObject(b -> b.bucket(BUCKET).key("stream"), stream);
      stream.writeInputStream(new java.io.ByteArrayInputStream(body, 0, 20 * MIB));
      streamed.join();
      var got = async.getObject(b -> b.bucket(BUCKET).key("stream"), AsyncResponseTransformer.toBytes()).join();
      assertArrayEquals(java.util.Arrays.copyOf(body, 20 * MIB), got.asByteArray());
      transfer.copy(b -> b.copyObjectRequest(c -> c.sourceBucket(BUCKET).sourceKey("big").destinationBucket(BUCKET).destinationKey("copy"))).completionFuture().join();
      assertEquals(64L * MIB, s3.headObject(b -> b.bucket(BUCKET).key("copy")).contentLength());
      Path tree = Files.createDirectories(folder.resolve("tree/sub")).getParent();
      Files.writeString(tree.resolve("a"), "a");
      Files.writeString(tree.resolve("sub/b"), "b");
      assertTrue(transfer.uploadDirectory(b -> b.source(tree).bucket(BUCKET).s3Prefix("tree")).completionFuture().join().failedTransfers().isEmpty());
      assertEquals(2, s3.listObjectsV2(b -> b.bucket(BUCKET).prefix("tree/")).keyCount());
    }
  }

  @Test
  void presigned() throws Exception {
    try (var presigner = S3Presigner.builder().endpointOverride(Settings.ENDPOINT).region(software.amazon.awssdk.regions.Region.US_EAST_1).credentialsProvider(Settings.CREDENTIALS)
             .serviceConfiguration(software.amazon.awssdk.services.s3.S3Configuration.builder().pathStyleAccessEnabled(true).build()).build()) {
      var put = presigner.presignPutObject(b -> b.signatureDuration(Duration.ofMinutes(1)).putObjectRequest(p -> p.bucket(BUCKET).key("signed").contentType("text/plain")));
      var http = HttpClient.newHttpClient();
      var sent = http.send(HttpRequest.newBuilder(put.url().toURI()).header("Content-Type", "text/plain").PUT(HttpRequest.BodyPublishers.ofString("by url")).build(), HttpResponse.BodyHandlers.ofString());
      assertEquals(200, sent.statusCode(), sent.body());
      var get = presigner.presignGetObject(b -> b.signatureDuration(Duration.ofMinutes(1)).getObjectRequest(g -> g.bucket(BUCKET).key("signed")));
      assertEquals("by url", http.send(HttpRequest.newBuilder(get.url().toURI()).build(), HttpResponse.BodyHandlers.ofString()).body());
    }
  }
}
