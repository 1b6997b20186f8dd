package cloche.junit;

import java.time.Duration;
import java.time.Instant;

/** The clock of a server or a branch. Each change answers with the time that it is then. */
public final class ClocheClock {
  private final Environment environment;

  ClocheClock(Environment environment) {
    this.environment = environment;
  }

  public Instant now() {
    return time(environment.ask("GET", "/_cloche/clock", null));
  }

  /** Stands still where it is. */
  public Instant freeze() {
    return change("\"freeze\"");
  }

  public Instant freeze(Instant at) {
    return change("\"freeze\",\"at\":\"" + at + "\"");
  }

  public Instant set(Instant to) {
    return change("\"set\",\"to\":\"" + to + "\"");
  }

  public Instant advance(Duration by) {
    if (by.getNano() != 0) return set(now().plus(by)); // Durations are whole seconds there.
    return change("\"advance\",\"by\":\"" + by.toSeconds() + "s\"");
  }

  /** Runs again, from the time that it is in the world. */
  public Instant resume() {
    return change("\"resume\",\"from\":\"now\"");
  }

  /** Runs so many times as fast. */
  public Instant speed(double factor) {
    return change("\"speed\",\"speed\":" + factor);
  }

  private Instant change(String action) {
    return time(environment.ask("POST", "/_cloche/clock", "{\"action\":" + action + "}"));
  }

  private static Instant time(String answer) {
    return Instant.parse(Environment.text(answer, "now"));
  }
}
