package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	goora "github.com/sijms/go-ora/v2"
)

// In the order of their codes.
var errorTable = []struct {
	code      int
	statement string
}{
	{1, "INSERT INTO interop_errors (id, name) VALUES (1, 'again')"},
	{900, "SELEKT 1"},
	{904, "SELECT no_such_column FROM interop_errors"},
	{936, "SELECT FROM interop_errors"},
	{942, "SELECT * FROM interop_no_such_table"},
	{1400, "INSERT INTO interop_errors (id) VALUES (5)"},
	{1407, "UPDATE interop_errors SET name = NULL"},
	{1438, "INSERT INTO interop_errors (id, name, small) VALUES (6, 'x', 1000)"},
	{1476, "SELECT 1 / (2 - 2) FROM DUAL"},
	{1722, "SELECT TO_NUMBER('not a number') FROM DUAL"},
	{2290, "INSERT INTO interop_errors (id, name, small) VALUES (7, 'x', -1)"},
	{2292, "DELETE FROM interop_errors WHERE id = 1"},
	{12899, "INSERT INTO interop_errors (id, name) VALUES (9, 'more than ten')"},
}

func addStatementChecks(run *runner) {
	run.checkSession("binds by position, NULL and the empty text among them", func(s session) {
		equal(s.text("SELECT NVL(:1, 'none') || :2 || NVL(:3, 'empty') FROM DUAL", nil, "-", ""), "none-empty")
	})
	run.checkSession("binds by name", func(s session) {
		difference := s.count("SELECT :high - :low FROM DUAL", sql.Named("high", 20), sql.Named("low", 1))
		equal(difference, 19)
	})
	run.checkSession("refuses too few binds with ORA-01008, and goes on", func(s session) {
		var value any
		fails(1008, s.QueryRowContext(context.Background(), "SELECT :1 + :2 FROM DUAL", 1).Scan(&value))
		equal(s.count("SELECT :1 FROM DUAL", 3), 3)
	})
	run.checkSession("describes again when the same text gets binds of other types", changingTypes)
	run.checkSession("inserts 2,000 rows in one call", manyRows)
	run.checkSession("gives the values of RETURNING", returning)
	run.checkSession("assigns OUT binds of a block", outBinds)
	run.checkSession("gives RAISE_APPLICATION_ERROR its number and text", func(s session) {
		_, err := s.ExecContext(context.Background(), "BEGIN RAISE_APPLICATION_ERROR(-20123, :1); END;", "no stock")
		fails(20123, err)
		equal(strings.Contains(err.Error(), "no stock"), true)
		equal(s.count("SELECT 1 FROM DUAL"), 1)
	})
	run.checkSession("fetches in pages", pages)
	for _, entry := range errorTable {
		run.checkSession(fmt.Sprintf("ORA-%05d: %s", entry.code, entry.statement), func(s session) {
			expectError(s, entry.code, entry.statement)
		})
	}
}

func changingTypes(s session) {
	for turn := 0; turn < 2; turn++ {
		for _, value := range []any{7, "abc", -2.5, strings.Repeat("a longer text ", 20)} {
			equal(s.text("SELECT :1 AS v FROM DUAL", value), fmt.Sprint(value))
		}
	}
}

func manyRows(s session) {
	s.drop("interop_rows")
	s.exec("CREATE TABLE interop_rows (id NUMBER(10) PRIMARY KEY, v VARCHAR2(50))")
	ids, texts := make([]int, 2_000), make([]string, 2_000)
	for number := range ids {
		ids[number], texts[number] = number, fmt.Sprintf("v%d", number)
	}
	equal(s.exec("INSERT INTO interop_rows VALUES (:1, :2)", ids, texts), int64(2_000))
	equal(s.text("SELECT v FROM interop_rows WHERE id = :1", 1_999), "v1999")
	equal(s.count("SELECT SUM(id) FROM interop_rows"), 1_999_000)
}

func returning(s session) {
	s.drop("interop_rows")
	s.exec("CREATE TABLE interop_rows (id NUMBER(10) PRIMARY KEY, v VARCHAR2(50))")
	var id int64
	var text string
	s.exec("INSERT INTO interop_rows VALUES (:1, :2) RETURNING id, UPPER(v) INTO :3, :4",
		5, "five", goora.Out{Dest: &id}, goora.Out{Dest: &text, Size: 50})
	equal(id, int64(5))
	equal(text, "FIVE")
}

func outBinds(s session) {
	var number int64
	var text string
	s.exec("BEGIN :1 := 40 + :2; :3 := 'te' || 'xt'; END;",
		goora.Out{Dest: &number}, 2, goora.Out{Dest: &text, Size: 40})
	equal(number, int64(42))
	equal(text, "text")
}

func pages(s session) {
	s.drop("interop_pages")
	s.exec("CREATE TABLE interop_pages (id NUMBER(10) PRIMARY KEY)")
	ids := make([]int, 3_000)
	for number := range ids {
		ids[number] = number + 1
	}
	s.exec("INSERT INTO interop_pages VALUES (:1)", ids)
	rows, err := s.QueryContext(context.Background(), "SELECT id FROM interop_pages ORDER BY id")
	must(err)
	defer rows.Close()
	for _, wanted := range ids {
		var got int
		equal(rows.Next(), true)
		must(rows.Scan(&got))
		equal(got, wanted)
	}
	equal(rows.Next(), false)
	must(rows.Err())
}

func expectError(s session, code int, statement string) {
	s.drop("interop_errors")
	s.exec(`CREATE TABLE interop_errors (
		id NUMBER(10) CONSTRAINT interop_errors_pk PRIMARY KEY, name VARCHAR2(10) NOT NULL,
		small NUMBER(3) CONSTRAINT interop_errors_positive CHECK (small > 0),
		parent NUMBER(10) CONSTRAINT interop_errors_parent REFERENCES interop_errors (id))`)
	s.exec("INSERT INTO interop_errors (id, name) VALUES (1, 'one')")
	s.exec("INSERT INTO interop_errors (id, name, parent) VALUES (2, 'two', 1)")
	for turn := 0; turn < 2; turn++ {
		if strings.HasPrefix(statement, "SELECT") {
			var value any
			fails(code, s.QueryRowContext(context.Background(), statement).Scan(&value))
		} else {
			_, err := s.ExecContext(context.Background(), statement)
			fails(code, err)
		}
		equal(s.count("SELECT COUNT(*) FROM interop_errors"), 2)
	}
}
