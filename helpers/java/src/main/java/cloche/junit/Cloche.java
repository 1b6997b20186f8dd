package cloche.junit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A server: one of our own, or one that runs. close() ends our own. */
public final class Cloche extends Environment implements AutoCloseable {
  private static final Pattern ENDPOINT = Pattern.compile("endpoint\\s+(http://\\S+)");

  private final Process process;
  private final Path data;
  private final Thread hook;

  private Cloche(URI endpoint, Process process, Path data) {
    super(endpoint);
    this.process = process;
    this.data = data;
    this.hook = process == null ? null : new Thread(process::destroy);
    if (hook != null) Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Joins CLOCHE_ENDPOINT if that is set, else starts one with {@code --durability memory}. */
  public static Cloche startOrJoin() {
    String given = System.getenv("CLOCHE_ENDPOINT");
    return given == null || given.isEmpty() ? start() : join(given);
  }

  public static Cloche join(String endpoint) {
    Cloche cloche = new Cloche(URI.create(endpoint), null, null);
    cloche.ask("GET", "/_cloche/health", null);
    return cloche;
  }

  /** Starts one on a free port and waits until it is ready. {@code arguments}: of {@code cloche start}; a later --durability holds. */
  public static Cloche start(String... arguments) {
    Path data = null;
    try {
      data = Files.createTempDirectory("cloche-");
      List<String> command = new ArrayList<>(List.of(binary(), "start", "--data", data.toString(), "--listen", "127.0.0.1:0", "--log", "warn", "--until-eof"));
      if (!List.of(arguments).contains("--durability")) command.addAll(List.of("--durability", "memory"));
      command.addAll(List.of(arguments));
      // Its input is a pipe to here: it ends with this process, however that ends.
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return new Cloche(waitUntilReady(process), process, data);
    } catch (IOException error) {
      remove(data);
      throw new ClocheException("cloche can't be started (" + error.getMessage()
          + "); put it on the PATH, name it with CLOCHE_BINARY, or join one with CLOCHE_ENDPOINT", "");
    } catch (RuntimeException error) {
      remove(data);
      throw error;
    }
  }

  /** A new branch of the present state. */
  public Branch branch() {
    return new Branch(this, ask("POST", "/_cloche/branches", "{}"));
  }

  @Override
  public void close() {
    if (process == null) return;
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The hook runs already.
    }
    remove(data);
  }

  static String binary() {
    String given = System.getenv("CLOCHE_BINARY");
    return given == null || given.isEmpty() ? "cloche" : given;
  }

  private static URI waitUntilReady(Process process) throws IOException {
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder said = new StringBuilder();
    URI endpoint = null;
    for (String line; (line = output.readLine()) != null;) {
      said.append(line).append('\n');
      Matcher found = ENDPOINT.matcher(line);
      if (endpoint == null && found.find()) endpoint = URI.create(found.group(1));
      if (line.equals("Ready.")) {
        // What it says later has to be read, or it would stand still with the pipe full.
        Thread reader = new Thread(() -> output.lines().forEach(later -> { }));
        reader.setDaemon(true);
        reader.start();
        return endpoint;
      }
    }
    throw new ClocheException("cloche did not start:\n" + said, "");
  }

  private static void remove(Path directory) {
    if (directory == null) return;
    try (Stream<Path> all = Files.walk(directory)) {
      all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException | RuntimeException gone) {
      // Temporary files of the system's own folder; nobody needs them.
    }
  }
}
