package cloche.junit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives methods a {@link Cloche}, and test methods a {@link Branch} and its {@link ClocheClock}. */
public final class ClocheExtension implements ParameterResolver {
  private static final Namespace SPACE = Namespace.create(ClocheExtension.class);

  private record Closing<T extends AutoCloseable>(T held) implements Store.CloseableResource {
    @Override
    public void close() throws Exception {
      held.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Cloche.class || type == Branch.class || type == ClocheClock.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    Cloche cloche = server(context);
    if (type == Cloche.class) return cloche;
    if (context.getTestMethod().isEmpty())
      throw new ParameterResolutionException("a branch belongs to a test; @BeforeAll takes a Cloche");
    Branch branch = branch(context, cloche);
    if (type == Branch.class) return branch;
    context.getStore(SPACE).getOrComputeIfAbsent("frozen", key -> branch.clock().freeze());
    return branch.clock();
  }

  /** One for all classes of a run, ended with it. */
  @SuppressWarnings("unchecked")
  private static Cloche server(ExtensionContext context) {
    return ((Closing<Cloche>) context.getRoot().getStore(SPACE).getOrComputeIfAbsent("cloche", key -> new Closing<>(Cloche.startOrJoin()))).held();
  }

  @SuppressWarnings("unchecked")
  private static Branch branch(ExtensionContext context, Cloche cloche) {
    return ((Closing<Branch>) context.getStore(SPACE).getOrComputeIfAbsent("branch", key -> new Closing<>(cloche.branch()))).held();
  }
}
