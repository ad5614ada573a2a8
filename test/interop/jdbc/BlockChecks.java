import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;

/** Anonymous blocks: OUT binds, SELECT INTO, errors of the application. */
final class BlockChecks {
  private BlockChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("assigns OUT binds of several types", BlockChecks::outBinds);
    harness.checkSession("selects into binds; no row is ORA-01403", BlockChecks::selectInto);
    harness.checkSession("writes in a block, in the session's transaction", BlockChecks::dml);
    harness.checkSession("gives RAISE_APPLICATION_ERROR its number and text", BlockChecks::applicationErrors);
    harness.checkSession("refuses a block that does not compile with ORA-06550", BlockChecks::badBlock);
  }

  private static void outBinds(Connection connection) throws SQLException {
    String sql = "BEGIN ? := 40 + ?; ? := 'te' || 'xt'; ? := TO_DATE('2024-05-01', 'YYYY-MM-DD'); ? := NULL; END;";
    try (var call = connection.prepareCall(sql)) {
      call.registerOutParameter(1, Types.NUMERIC);
      call.setInt(2, 2);
      call.registerOutParameter(3, Types.VARCHAR);
      call.registerOutParameter(4, Types.TIMESTAMP);
      call.registerOutParameter(5, Types.VARCHAR);
      for (int turn = 0; turn < 2; turn++) {
        call.execute();
        Harness.equal(call.getInt(1), 42);
        Harness.equal(call.getString(3), "text");
        Harness.equal(call.getTimestamp(4), Timestamp.valueOf("2024-05-01 00:00:00"));
        Harness.equal(call.getString(5), null);
      }
    }
  }

  private static void selectInto(Connection connection) throws Exception {
    try (var call = connection.prepareCall("BEGIN SELECT DUMMY, 7 INTO ?, ? FROM DUAL WHERE 1 = ?; END;")) {
      call.registerOutParameter(1, Types.VARCHAR);
      call.registerOutParameter(2, Types.NUMERIC);
      call.setInt(3, 1);
      call.execute();
      Harness.equal(call.getString(1), "X");
      Harness.equal(call.getInt(2), 7);
      call.setInt(3, 0);
      Harness.fails(1403, call::execute);
    }
  }

  private static void dml(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_block");
    Harness.run(connection, "CREATE TABLE interop_block (id NUMBER, v VARCHAR2(10))");
    String sql = "BEGIN INSERT INTO interop_block VALUES (?, 'first'); UPDATE interop_block SET v = ?; END;";
    try (var call = connection.prepareCall(sql)) {
      call.setInt(1, 1);
      call.setString(2, "second");
      call.execute();
    }
    Harness.equal(Harness.only(connection, "SELECT v FROM interop_block"), "second");
    connection.rollback();
    Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_block"), "0");
  }

  private static void applicationErrors(Connection connection) throws Exception {
    try (var call = connection.prepareCall("BEGIN RAISE_APPLICATION_ERROR(-20123, ?); END;")) {
      call.setString(1, "no stock");
      var error = Harness.fails(20123, call::execute);
      Harness.equal(error.getMessage().startsWith("ORA-20123: no stock"), true);
    }
    Harness.equal(Harness.only(connection, "SELECT 1 FROM DUAL"), "1");
  }

  private static void badBlock(Connection connection) throws Exception {
    Harness.fails(6550, () -> Harness.run(connection, "BEGIN interop_no_such_procedure(1); END;"));
    Harness.equal(Harness.only(connection, "SELECT 1 FROM DUAL"), "1");
  }
}
