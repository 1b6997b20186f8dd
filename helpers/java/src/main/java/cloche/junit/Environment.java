package cloche.junit;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server and a branch have in common. Any thread may use it. */
public abstract class Environment {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();

  private final URI endpoint;

  Environment(URI endpoint) {
    this.endpoint = endpoint;
  }

  /** For {@code endpointOverride} of a client; any region and credentials will do. */
  public URI endpoint() {
    return endpoint;
  }

  public ClocheClock clock() {
    return new ClocheClock(this);
  }

  public void checkpoint(String name) {
    ask("POST", "/_cloche/checkpoints", "{\"name\":" + quoted(name) + "}");
  }

  /** To a checkpoint, an lsn, a time or a duration ("5m"). Not at --durability memory. */
  public void rewind(String to) {
    ask("POST", "/_cloche/rewind", "{\"to\":" + quoted(to) + "}");
  }

  /** Everything of all services is gone. */
  public void reset() {
    ask("POST", "/_cloche/reset", "{}");
  }

  /** Loads a fixture's folder; what is there already is refused. */
  public void load(Path directory) {
    run("fixture", "load", directory.toString());
  }

  public void save(Path directory) {
    run("fixture", "save", directory.toString());
  }

  /** A request to Cloche's own paths (/_cloche/...); answers with the JSON as text. */
  public String ask(String method, String path, String body) {
    try {
      HttpRequest request = HttpRequest.newBuilder(endpoint.resolve(path)).timeout(Duration.ofSeconds(60)).header("Content-Type", "application/json")
          .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body)).build();
      HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() < 400) return answer.body();
      String told = text(answer.body(), "error");
      throw new ClocheException(told.isEmpty() ? answer.body() : told, text(answer.body(), "code"));
    } catch (IOException error) {
      throw new ClocheException("nothing answers at " + endpoint + ": " + error, "");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ClocheException("interrupted", "");
    }
  }

  private void run(String... arguments) {
    List<String> command = new ArrayList<>(List.of(Cloche.binary()));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--endpoint", endpoint.toString(), "--json"));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) throw new ClocheException(said.trim(), "");
    } catch (IOException error) {
      throw new ClocheException("cloche can't be run: " + error, "");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ClocheException("interrupted", "");
    }
  }

  /** A text in one of Cloche's flat answers; empty if there is none. Their values have no escapes but of quotes and backslashes. */
  static String text(String json, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
    return found.find() ? found.group(1).replaceAll("\\\\(.)", "$1") : "";
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
