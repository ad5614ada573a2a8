package main

import (
	"bytes"
	"context"
	"strings"

	goora "github.com/sijms/go-ora/v2"
)

func addLobChecks(run *runner) {
	run.checkSession("takes and gives CLOBs and BLOBs of any size", lobs)
	run.checkSession("tells an empty LOB from NULL", func(s session) {
		makeLobs(s)
		s.exec("INSERT INTO interop_lobs VALUES (1, EMPTY_CLOB(), NULL)")
		equal(s.count("SELECT COUNT(*) FROM interop_lobs WHERE c IS NOT NULL AND b IS NULL"), 1)
	})
}

func lobs(s session) {
	makeLobs(s)
	for _, size := range []int{1, 4_000, 32_768, 100_000} {
		text := strings.Repeat("é漢x", size/3+1)
		data := bytes.Repeat([]byte{0, 1, 254, 255}, size)
		s.exec("INSERT INTO interop_lobs VALUES (:1, :2, :3)",
			size, goora.Clob{String: text, Valid: true}, goora.Blob{Data: data})
		var gotText string
		var gotData []byte
		query := "SELECT c, b FROM interop_lobs WHERE id = :1"
		must(s.QueryRowContext(context.Background(), query, size).Scan(&gotText, &gotData))
		equal(gotText == text, true)
		equal(bytes.Equal(gotData, data), true)
	}
}

func makeLobs(s session) {
	s.drop("interop_lobs")
	s.exec("CREATE TABLE interop_lobs (id NUMBER(10) PRIMARY KEY, c CLOB, b BLOB)")
}
