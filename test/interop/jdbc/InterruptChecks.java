import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Cancel and time-outs, of statements that wait for a lock; the session goes on behind them. */
final class InterruptChecks {
  private static final String WAITING = "UPDATE interop_waits SET v = v + 1 WHERE id = 1";

  private InterruptChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("cancels a waiting statement with ORA-01013, and the session goes on", InterruptChecks::cancel);
    harness.checkSession("gives up a statement at its time-out, and the session goes on", InterruptChecks::timeOut);
    harness.checkSession("keeps what the transaction wrote before", InterruptChecks::keepsTransaction);
  }

  private static void cancel(Connection connection) throws Exception {
    try (var holder = hold()) {
      var executor = Executors.newSingleThreadScheduledExecutor();
      try {
        for (int turn = 0; turn < 3; turn++) {
          try (var statement = connection.createStatement()) {
            var cancelled = executor.schedule(() -> {
              statement.cancel();
              return null;
            }, 300, TimeUnit.MILLISECONDS);
            Harness.fails(1013, () -> statement.execute(WAITING));
            cancelled.get();
          }
          Harness.equal(Harness.only(connection, "SELECT ? FROM DUAL", turn), "" + turn);
        }
      } finally {
        executor.shutdown();
      }
      holder.rollback();
      Harness.equal(Harness.update(connection, WAITING), 1);
    }
  }

  private static void timeOut(Connection connection) throws Exception {
    try (var holder = hold(); var statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      for (int turn = 0; turn < 2; turn++) {
        Harness.fails(1013, () -> statement.execute(WAITING));
        Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_waits"), "1");
      }
      holder.rollback();
      Harness.equal(statement.executeUpdate(WAITING), 1);
    }
  }

  private static void keepsTransaction(Connection connection) throws Exception {
    try (var holder = hold()) {
      Harness.update(connection, "INSERT INTO interop_waits VALUES (2, 0)");
      try (var statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        Harness.fails(1013, () -> statement.execute(WAITING));
      }
      connection.commit();
      Harness.equal(Harness.only(holder, "SELECT COUNT(*) FROM interop_waits"), "2");
    }
  }

  /** Makes the table; a session that holds a lock on its row. */
  private static Connection hold() throws SQLException {
    var holder = Harness.connect();
    Harness.drop(holder, "interop_waits");
    Harness.run(holder, "CREATE TABLE interop_waits (id NUMBER PRIMARY KEY, v NUMBER)",
        "INSERT INTO interop_waits VALUES (1, 0)");
    holder.commit();
    Harness.rows(holder, "SELECT v FROM interop_waits WHERE id = 1 FOR UPDATE");
    return holder;
  }
}
