package cloche.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(ClocheExtension.class)
class ClocheExtensionTest {
  /** S3 without an SDK, so that these tests need JUnit alone. */
  private static int s3(Environment environment, String method, String path) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(environment.endpoint().resolve(path)).header("Authorization", "AWS test:test")
        .method(method, HttpRequest.BodyPublishers.noBody()).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @BeforeAll
  static void prepare(Cloche cloche) throws Exception {
    assertEquals(200, s3(cloche, "PUT", "/prepared"));
  }

  @BeforeEach
  void eachHasItsOwn(Branch branch) throws Exception {
    assertEquals(200, s3(branch, "PUT", "/each"));
  }

  @RepeatedTest(2)
  void beginsWithWhatWasPrepared(Cloche cloche, Branch branch) throws Exception {
    assertEquals(200, s3(branch, "HEAD", "/prepared"));
    assertEquals(200, s3(branch, "HEAD", "/each"));
    assertEquals(404, s3(branch, "HEAD", "/mine"));
    assertEquals(200, s3(branch, "PUT", "/mine"));
    assertEquals(404, s3(cloche, "HEAD", "/mine"));
    assertEquals(1, cloche.ask("GET", "/_cloche/branches", null).split("\"name\"").length - 1);
  }

  @Test
  void clockStandsUntilItIsMoved(Cloche cloche, ClocheClock clock) throws Exception {
    Instant began = clock.now();
    Thread.sleep(5);
    assertEquals(began, clock.now());
    assertEquals(began.plusSeconds(7200), clock.advance(Duration.ofHours(2)));
    assertEquals(began.plusMillis(7201500), clock.advance(Duration.ofMillis(1500)));
    assertEquals(Instant.EPOCH, clock.set(Instant.EPOCH));
    assertNotEquals(Instant.EPOCH, cloche.clock().now());
  }

  @Test
  void serverOfOnesOwn(@TempDir Path folder) throws Exception {
    Cloche gone;
    try (Cloche own = Cloche.start("--durability", "commit")) {
      gone = own;
      s3(own, "PUT", "/kept");
      own.checkpoint("before");
      s3(own, "PUT", "/later");
      own.rewind("before");
      assertEquals(404, s3(own, "HEAD", "/later"));
      own.save(folder.resolve("fixture"));
      own.reset();
      assertEquals(404, s3(own, "HEAD", "/kept"));
      own.load(folder.resolve("fixture"));
      assertEquals(200, s3(own, "HEAD", "/kept"));
      assertTrue(assertThrows(ClocheException.class, () -> own.load(folder.resolve("fixture"))).getMessage().contains("there already"));
      assertFalse(assertThrows(ClocheException.class, () -> own.rewind("nope")).code().isEmpty());
    }
    assertThrows(ClocheException.class, () -> gone.ask("GET", "/_cloche/health", null));
  }
}
