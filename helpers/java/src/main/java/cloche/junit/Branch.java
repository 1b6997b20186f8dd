package cloche.junit;

import java.net.URI;

/** An environment of its own that began with another one's state. close() removes it. */
public final class Branch extends Environment implements AutoCloseable {
  private final Cloche parent;
  private final String name;

  Branch(Cloche parent, String told) {
    super(URI.create(text(told, "endpoint")));
    this.parent = parent;
    this.name = text(told, "name");
  }

  public String name() {
    return name;
  }

  @Override
  public void close() {
    parent.ask("DELETE", "/_cloche/branches/" + name, null);
  }
}
