package main

import (
	"context"
	"math"
	"time"

	goora "github.com/sijms/go-ora/v2"
)

func addTypeChecks(run *runner) {
	run.checkSession("keeps NUMBERs exactly", numbers)
	run.checkSession("keeps BINARY_DOUBLE and BINARY_FLOAT", floats)
	run.checkSession("keeps texts, padded CHAR and national ones", texts)
	run.checkSession("keeps DATE and TIMESTAMP", moments)
	run.checkSession("keeps the instant of zoned timestamps", zones)
	run.checkSession("keeps RAW", raws)
	run.checkSession("gives NULL for every type", allNull)
}

func makeTypes(s session) {
	s.drop("interop_types")
	s.exec(`CREATE TABLE interop_types (id NUMBER(10) PRIMARY KEY, n NUMBER, amount NUMBER(12,2), bf BINARY_FLOAT,
		bd BINARY_DOUBLE, v VARCHAR2(80), nv NVARCHAR2(40), c CHAR(5), d DATE, ts TIMESTAMP(6),
		tz TIMESTAMP(6) WITH TIME ZONE, r RAW(16), cl CLOB, bl BLOB)`)
}

func numbers(s session) {
	makeTypes(s)
	texts := []string{"0", "1", "-1", "100", "-99.99", "0.001", "12345678901234",
		"99999999999999999999999999999999999999", "-0.12345678901234567890123456789012345678"}
	for number, text := range texts {
		value, err := goora.NewNumberFromString(text)
		must(err)
		s.exec("INSERT INTO interop_types (id, n) VALUES (:1, :2)", number, value)
	}
	rows, err := s.QueryContext(context.Background(), "SELECT n FROM interop_types ORDER BY id")
	must(err)
	defer rows.Close()
	for _, text := range texts {
		var got string
		equal(rows.Next(), true)
		must(rows.Scan(&got))
		equal(got, text)
	}
}

func floats(s session) {
	makeTypes(s)
	for number, value := range []float64{0, 1, -1, math.Pi, 1e100, -1e-100} {
		s.exec("INSERT INTO interop_types (id, bd, bf) VALUES (:1, :2, :3)", number, value, float32(0.5)*float32(number))
		var double, single float64
		query := "SELECT bd, bf FROM interop_types WHERE id = :1"
		must(s.QueryRowContext(context.Background(), query, number).Scan(&double, &single))
		equal([]float64{double, single}, []float64{value, 0.5 * float64(number)})
	}
}

func texts(s session) {
	makeTypes(s)
	text := "Ünïcode ✓ 漢字 𝄞 😀 it's\n\"so\""
	s.exec("INSERT INTO interop_types (id, v, nv, c) VALUES (1, :1, :2, 'ab')", text, goora.NVarChar("Жж 漢字"))
	equal(s.rows("SELECT v, nv, c FROM interop_types"), [][]any{{text, "Жж 漢字", "ab   "}})
}

func moments(s session) {
	makeTypes(s)
	for number, text := range []string{"1700-03-01 04:05:06", "1969-12-31 23:59:59", "2000-02-29 12:00:00",
		"2286-11-20 17:46:40", "9999-12-31 23:59:59"} {
		moment, err := time.Parse(time.DateTime, text)
		must(err)
		stamp := moment.Add(999_999 * time.Microsecond)
		// Bare times travel with a zone; these have none.
		s.exec("INSERT INTO interop_types (id, d, ts) VALUES (:1, :2, :3)",
			number, goora.TimeStamp(moment), goora.TimeStamp(stamp))
		mask := "SELECT TO_CHAR(d, 'YYYY-MM-DD HH24:MI:SS') FROM interop_types WHERE id = :1"
		equal(s.text(mask, number), text)
		var date, precise time.Time
		query := "SELECT d, ts FROM interop_types WHERE id = :1"
		must(s.QueryRowContext(context.Background(), query, number).Scan(&date, &precise))
		equal(date.Format(time.DateTime), text)
		equal(precise.Format("2006-01-02 15:04:05.000000"), text+".999999")
	}
}

func zones(s session) {
	makeTypes(s)
	moment := time.Date(2024, 7, 1, 1, 30, 0, 123_456_000, time.FixedZone("", 5*3600+1800))
	s.exec("INSERT INTO interop_types (id, tz) VALUES (1, :1)", goora.TimeStampTZ(moment))
	var got time.Time
	must(s.QueryRowContext(context.Background(), "SELECT tz FROM interop_types").Scan(&got))
	equal(got.UTC().Format(time.RFC3339Nano), "2024-06-30T20:00:00.123456Z")
}

func raws(s session) {
	makeTypes(s)
	for number, value := range [][]byte{{0}, {1, 0, 2}, {255, 255, 255, 255}} {
		s.exec("INSERT INTO interop_types (id, r) VALUES (:1, :2)", number, value)
		equal(s.rows("SELECT r FROM interop_types WHERE id = :1", number), [][]any{{value}})
	}
}

func allNull(s session) {
	makeTypes(s)
	s.exec("INSERT INTO interop_types (id) VALUES (1)")
	row := s.rows("SELECT * FROM interop_types")[0]
	equal(len(row), 14)
	for _, value := range row[1:] {
		equal(value, nil)
	}
}
