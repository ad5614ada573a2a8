import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs checks one after another, each under a time limit, and prints a TAP line for each. What to connect to comes from
 * the environment: INTEROP_HOST, INTEROP_PORT, INTEROP_SERVICE, INTEROP_USER, INTEROP_PASSWORD.
 */
final class Harness {
  static final String USER = System.getenv("INTEROP_USER");
  static final String PASSWORD = System.getenv("INTEROP_PASSWORD");
  static final String SERVICE = System.getenv("INTEROP_SERVICE");
  static final String ADDRESS = System.getenv("INTEROP_HOST") + ":" + System.getenv("INTEROP_PORT");
  private static final int LIMIT_SECONDS = 30;

  private final List<Check> checks = new ArrayList<>();

  interface Body {
    void run() throws Exception;
  }

  /** A body that is given a session of its own, which is closed behind it. */
  interface SessionBody {
    void run(Connection connection) throws Exception;
  }

  private record Check(String name, Body body) {}

  void check(String name, Body body) {
    checks.add(new Check(name, body));
  }

  void checkSession(String name, SessionBody body) {
    check(name, () -> {
      try (var connection = connect()) {
        body.run(connection);
      }
    });
  }

  static Connection connect() throws SQLException {
    return connect(USER, PASSWORD, SERVICE);
  }

  static Connection connect(String user, String password, String service) throws SQLException {
    return connect(user, password, service, Map.of());
  }

  static Connection connect(String user, String password, String service, Map<String, String> more)
      throws SQLException {
    var properties = new Properties();
    properties.putAll(more);
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("oracle.net.CONNECT_TIMEOUT", "10000");
    properties.setProperty("oracle.jdbc.implicitStatementCacheSize", "10");
    var connection = DriverManager.getConnection("jdbc:oracle:thin:@//" + ADDRESS + "/" + service, properties);
    connection.setAutoCommit(false);
    return connection;
  }

  static void equal(Object actual, Object expected) {
    if (!Objects.deepEquals(actual, expected)) {
      throw new AssertionError("got " + show(actual) + ", expected " + show(expected));
    }
  }

  /** The error of `body`, which has to fail with this ORA number. */
  static SQLException fails(int code, Body body) throws Exception {
    try {
      body.run();
    } catch (SQLException error) {
      if (error.getErrorCode() == code) return error;
      throw new AssertionError("got " + error.getErrorCode() + " (" + error.getMessage() + "), expected " + code, error);
    }
    throw new AssertionError("did not fail, expected " + code);
  }

  static void run(Connection connection, String... statements) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var sql : statements) statement.execute(sql);
    }
  }

  /** Executes a DML with binds; the number of its rows. */
  static int update(Connection connection, String sql, Object... binds) throws SQLException {
    try (var statement = prepare(connection, sql, binds)) {
      return statement.executeUpdate();
    }
  }

  static PreparedStatement prepare(Connection connection, String sql, Object... binds) throws SQLException {
    var statement = connection.prepareStatement(sql);
    for (int position = 0; position < binds.length; position++) statement.setObject(position + 1, binds[position]);
    return statement;
  }

  /** The rows of a query as texts, `null` for NULL. */
  static List<List<String>> rows(Connection connection, String sql, Object... binds) throws SQLException {
    try (var statement = prepare(connection, sql, binds); var results = statement.executeQuery()) {
      var rows = new ArrayList<List<String>>();
      while (results.next()) rows.add(row(results));
      return rows;
    }
  }

  static List<String> row(ResultSet results) throws SQLException {
    var row = new ArrayList<String>();
    for (int column = 1; column <= results.getMetaData().getColumnCount(); column++) row.add(results.getString(column));
    return row;
  }

  /** The one value of the one row of a query, as text. */
  static String only(Connection connection, String sql, Object... binds) throws SQLException {
    var rows = rows(connection, sql, binds);
    if (rows.size() != 1 || rows.get(0).size() != 1) throw new AssertionError(rows.size() + " rows of " + sql);
    return rows.get(0).get(0);
  }

  static void drop(Connection connection, String... tables) throws SQLException {
    for (var table : tables) dropObject(connection, "TABLE " + table, 942);
  }

  static void dropObject(Connection connection, String object, int missing) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP " + object);
    } catch (SQLException error) {
      if (error.getErrorCode() != missing) throw error;
    }
  }

  /** Runs what was added; how many failed. A check that hangs ends the process, with its stack on stderr. */
  int runAll() throws InterruptedException {
    int failed = 0;
    for (int number = 1; number <= checks.size(); number++) {
      var check = checks.get(number - 1);
      long started = System.nanoTime();
      boolean passed = runOne(check);
      if (!passed) failed++;
      long milliseconds = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
      tell((passed ? "ok " : "not ok ") + number + " - " + check.name() + " # " + milliseconds + " ms");
    }
    tell("1.." + checks.size());
    return failed;
  }

  private static boolean runOne(Check check) throws InterruptedException {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      executor.submit(() -> {
        check.body().run();
        return null;
      }).get(LIMIT_SECONDS, TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException failure) {
      var cause = failure.getCause();
      tellFailure(cause instanceof ExecutionException nested ? nested.getCause() : cause);
      return false;
    } catch (TimeoutException hang) {
      System.err.println("hangs: " + check.name());
      for (var stack : Thread.getAllStackTraces().entrySet()) {
        if (stack.getKey().getName().startsWith("pool-")) {
          for (var frame : stack.getValue()) System.err.println("    at " + frame);
        }
      }
      Runtime.getRuntime().halt(2);
      return false;
    } finally {
      executor.shutdown();
    }
  }

  /** The error and where in these files it came from; the driver's own frames say little. */
  private static void tellFailure(Throwable failure) {
    for (var frame : failure.getStackTrace()) {
      boolean ours = frame.getClassName().contains("Checks");
      if (ours) tell("#   " + frame.getFileName() + ":" + frame.getLineNumber() + " " + frame.getMethodName());
    }
    for (var line : String.valueOf(failure).split("\n")) {
      boolean help = line.isBlank() || line.startsWith("https:");
      if (!help) tell("# " + (line.length() > 600 ? line.substring(0, 600) + " …" : line));
    }
  }

  static void tell(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static String show(Object value) {
    String text = value instanceof byte[] bytes ? Arrays.toString(bytes) : String.valueOf(value);
    if (text.length() <= 400) return text;
    return text.substring(0, 200) + " … " + text.substring(text.length() - 100) + " (" + text.length() + " characters)";
  }
}
