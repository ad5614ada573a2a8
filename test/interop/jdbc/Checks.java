import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;

/** What Oracle's JDBC thin driver sees of the server. */
public final class Checks {
  private Checks() {}

  public static void main(String[] arguments) throws Exception {
    System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    // A logon is refused in seconds, whatever the driver waits for.
    DriverManager.setLoginTimeout(15);
    var harness = new Harness();
    SessionChecks.addTo(harness);
    BindChecks.addTo(harness);
    TypeChecks.addTo(harness);
    FetchChecks.addTo(harness);
    ArrayChecks.addTo(harness);
    LobChecks.addTo(harness);
    TransactionChecks.addTo(harness);
    ErrorChecks.addTo(harness);
    BlockChecks.addTo(harness);
    InterruptChecks.addTo(harness);
    System.exit(harness.runAll() == 0 ? 0 : 1);
  }
}
