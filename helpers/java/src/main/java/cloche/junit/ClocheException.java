package cloche.junit;

/** What Cloche said, or that nobody answered. */
public class ClocheException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final String code;

  public ClocheException(String message, String code) {
    super(message);
    this.code = code;
  }

  /** "NoSuchCheckpoint"; empty where Cloche said nothing. */
  public String code() {
    return code;
  }
}
