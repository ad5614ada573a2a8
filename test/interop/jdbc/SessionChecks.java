import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** Logging on and off, many sessions, what a session tells about itself. */
final class SessionChecks {
  private SessionChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("connects, tells a version, answers a query and isValid", SessionChecks::connects);
    harness.check("refuses a wrong password and an unknown user with ORA-01017", SessionChecks::wrongPassword);
    harness.check("names ORA-12514 for an unknown service", () ->
        Harness.fails(12514, () -> Harness.connect(Harness.USER, Harness.PASSWORD, "no_such_service_here").close()));
    harness.checkSession("carries module, action and client identifier, and changes them", SessionChecks::endToEnd);
    harness.checkSession("changes the current schema", SessionChecks::schema);
    harness.check("serves 12 sessions at the same time", SessionChecks::manySessions);
    harness.check("opens and closes 30 sessions one after another", () -> {
      for (int turn = 0; turn < 30; turn++) Harness.connect().close();
    });
  }

  private static void connects(Connection connection) throws SQLException {
    int major = connection.getMetaData().getDatabaseMajorVersion();
    if (major < 12) throw new AssertionError("version " + connection.getMetaData().getDatabaseProductVersion());
    Harness.equal(Harness.only(connection, "SELECT 1 FROM DUAL"), "1");
    Harness.equal(Harness.only(connection, "SELECT * FROM DUAL"), "X");
    Harness.equal(connection.isValid(5), true);
    Harness.equal(Harness.only(connection, "SELECT USER FROM DUAL"), Harness.USER.toUpperCase());
    Harness.equal(connection.getMetaData().getUserName(), Harness.USER.toUpperCase());
  }

  private static void wrongPassword() throws Exception {
    Harness.fails(1017, () -> Harness.connect(Harness.USER, Harness.PASSWORD + "x", Harness.SERVICE).close());
    Harness.fails(1017, () -> Harness.connect("NOBODY_OF_THIS_NAME", "x", Harness.SERVICE).close());
    Harness.connect().close();
  }

  private static void endToEnd(Connection connection) throws SQLException {
    String sql = "SELECT SYS_CONTEXT('USERENV', 'MODULE'), SYS_CONTEXT('USERENV', 'ACTION'), "
        + "SYS_CONTEXT('USERENV', 'CLIENT_IDENTIFIER') FROM DUAL";
    connection.setClientInfo("OCSID.MODULE", "interop");
    connection.setClientInfo("OCSID.ACTION", "chèck");
    connection.setClientInfo("OCSID.CLIENTID", "someone");
    Harness.equal(Harness.rows(connection, sql), List.of(List.of("interop", "chèck", "someone")));
    connection.setClientInfo("OCSID.ACTION", "second");
    Harness.equal(Harness.rows(connection, sql), List.of(List.of("interop", "second", "someone")));
  }

  private static void schema(Connection connection) throws SQLException {
    connection.setSchema(Harness.USER.toUpperCase());
    Harness.equal(connection.getSchema(), Harness.USER.toUpperCase());
  }

  private static void manySessions() throws Exception {
    try (var connection = Harness.connect()) {
      Harness.drop(connection, "interop_many");
      Harness.run(connection, "CREATE TABLE interop_many (id NUMBER PRIMARY KEY, worker NUMBER)");
    }
    var executor = Executors.newFixedThreadPool(12);
    try {
      var tasks = new ArrayList<Callable<Void>>();
      for (int worker = 0; worker < 12; worker++) tasks.add(worker(worker));
      for (var task : executor.invokeAll(tasks)) task.get();
    } finally {
      executor.shutdown();
    }
    try (var connection = Harness.connect()) {
      Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_many"), "300");
    }
  }

  private static Callable<Void> worker(int worker) {
    return () -> {
      try (var connection = Harness.connect()) {
        for (int number = 0; number < 25; number++) {
          Harness.update(connection, "INSERT INTO interop_many VALUES (?, ?)", worker * 100 + number, worker);
          String count = Harness.only(connection, "SELECT COUNT(*) FROM interop_many WHERE worker = ?", worker);
          Harness.equal(count, String.valueOf(number + 1));
        }
        connection.commit();
      }
      return null;
    };
  }
}
