import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Commit, rollback, savepoints, locks, what other sessions see. */
final class TransactionChecks {
  private static final String AMOUNT = "SELECT amount FROM interop_accounts WHERE id = 1";

  private TransactionChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("shows others what was committed, nothing else", TransactionChecks::commitAndRollback);
    harness.checkSession("commits with each statement when asked to", TransactionChecks::autoCommit);
    harness.checkSession("goes back to a savepoint and no further", TransactionChecks::savepoints);
    harness.checkSession("undoes a failed statement alone", TransactionChecks::atomicity);
    harness.checkSession("tells a locked row: NOWAIT, SKIP LOCKED", TransactionChecks::locks);
    harness.checkSession("reads one state in a serializable transaction", TransactionChecks::serializable);
  }

  private static void commitAndRollback(Connection connection) throws SQLException {
    make(connection);
    try (var other = Harness.connect()) {
      set(connection, 1);
      Harness.equal(Harness.only(other, AMOUNT), "0");
      connection.commit();
      Harness.equal(Harness.only(other, AMOUNT), "1");
      set(connection, 2);
      connection.rollback();
      Harness.equal(Harness.only(connection, AMOUNT), "1");
    }
  }

  private static void autoCommit(Connection connection) throws SQLException {
    make(connection);
    connection.setAutoCommit(true);
    set(connection, 3);
    try (var other = Harness.connect()) {
      Harness.equal(Harness.only(other, AMOUNT), "3");
    }
  }

  private static void savepoints(Connection connection) throws SQLException {
    make(connection);
    set(connection, 10);
    var named = connection.setSavepoint("here");
    set(connection, 20);
    connection.setSavepoint();
    set(connection, 30);
    connection.rollback(named);
    Harness.equal(Harness.only(connection, AMOUNT), "10");
    connection.commit();
    Harness.equal(Harness.only(connection, AMOUNT), "10");
  }

  private static void atomicity(Connection connection) throws Exception {
    make(connection);
    set(connection, 7);
    Harness.fails(2290, () -> Harness.update(connection, "UPDATE interop_accounts SET amount = amount - 5"));
    Harness.fails(942, () -> Harness.rows(connection, "SELECT * FROM interop_no_such_table"));
    connection.commit();
    Harness.equal(Harness.rows(connection, "SELECT id, amount FROM interop_accounts ORDER BY id"),
        List.of(List.of("1", "7"), List.of("2", "0")));
  }

  private static void locks(Connection connection) throws Exception {
    make(connection);
    Harness.rows(connection, AMOUNT + " FOR UPDATE");
    try (var other = Harness.connect()) {
      Harness.fails(54, () -> Harness.rows(other, AMOUNT + " FOR UPDATE NOWAIT"));
      String sql = "SELECT id FROM interop_accounts ORDER BY id FOR UPDATE SKIP LOCKED";
      Harness.equal(Harness.rows(other, sql), List.of(List.of("2")));
      other.rollback();
    }
  }

  private static void serializable(Connection connection) throws SQLException {
    make(connection);
    connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    Harness.equal(Harness.only(connection, AMOUNT), "0");
    try (var other = Harness.connect()) {
      set(other, 5);
      other.commit();
    }
    Harness.equal(Harness.only(connection, AMOUNT), "0");
    connection.commit();
    Harness.equal(Harness.only(connection, AMOUNT), "5");
  }

  private static void set(Connection connection, int amount) throws SQLException {
    Harness.equal(Harness.update(connection, "UPDATE interop_accounts SET amount = ? WHERE id = 1", amount), 1);
  }

  private static void make(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_accounts");
    Harness.run(connection, "CREATE TABLE interop_accounts (id NUMBER PRIMARY KEY, amount NUMBER CHECK (amount >= 0))",
        "INSERT INTO interop_accounts VALUES (1, 0)", "INSERT INTO interop_accounts VALUES (2, 0)");
    connection.commit();
  }
}
