package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	goora "github.com/sijms/go-ora/v2"
	"github.com/sijms/go-ora/v2/network"
)

// A check that takes longer hangs.
const limit = 30 * time.Second

var (
	host     = os.Getenv("INTEROP_HOST")
	port, _  = strconv.Atoi(os.Getenv("INTEROP_PORT"))
	service  = os.Getenv("INTEROP_SERVICE")
	user     = os.Getenv("INTEROP_USER")
	password = os.Getenv("INTEROP_PASSWORD")
)

// session is one connection of its own; its methods end the check at the first error.
type session struct {
	*sql.Conn
	db *sql.DB
}

type failure struct {
	text  string
	place string
}

type runner struct {
	names  []string
	checks []func()
}

func (run *runner) check(name string, body func()) {
	run.names = append(run.names, name)
	run.checks = append(run.checks, body)
}

// checkSession gives the check a session, closed behind it.
func (run *runner) checkSession(name string, body func(session)) {
	run.check(name, func() {
		s := connect()
		defer s.end()
		body(s)
	})
}

// all runs the checks one after another and prints a TAP line for each; the exit code.
func (run *runner) all() int {
	code := 0
	for number, body := range run.checks {
		started := time.Now()
		failed := make(chan *failure, 1)
		go func() { failed <- outcome(body) }()
		word := "ok"
		select {
		case problem := <-failed:
			if problem != nil {
				word, code = "not ok", 1
				fmt.Printf("#   %s\n# %s\n", problem.place, strings.ReplaceAll(problem.text, "\n", "\n# "))
			}
		case <-time.After(limit):
			stacks := make([]byte, 1<<16)
			fmt.Fprintf(os.Stderr, "hangs: %s\n%s\n", run.names[number], stacks[:runtime.Stack(stacks, true)])
			return 2
		}
		fmt.Printf("%s %d - %s # %d ms\n", word, number+1, run.names[number], time.Since(started).Milliseconds())
	}
	fmt.Printf("1..%d\n", len(run.checks))
	return code
}

func outcome(body func()) (problem *failure) {
	defer func() {
		if caught := recover(); caught != nil {
			if found, ok := caught.(failure); ok {
				problem = &found
			} else {
				problem = &failure{text: fmt.Sprint(caught), place: place()}
			}
		}
	}()
	body()
	return nil
}

func connect() session {
	s, err := open(user, password, service)
	must(err)
	return s
}

func open(user, password, service string) (session, error) {
	db, err := sql.Open("oracle", goora.BuildUrl(host, port, service, user, password, nil))
	if err != nil {
		return session{}, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(context.Background())
	if err != nil {
		_ = db.Close()
		return session{}, err
	}
	return session{conn, db}, nil
}

func (s session) end() {
	_ = s.Conn.Close()
	_ = s.db.Close()
}

func (s session) exec(query string, args ...any) int64 {
	result, err := s.ExecContext(context.Background(), query, args...)
	must(err)
	count, err := result.RowsAffected()
	must(err)
	return count
}

// rows gives every value as database/sql has it.
func (s session) rows(query string, args ...any) [][]any {
	rows, err := s.QueryContext(context.Background(), query, args...)
	must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(err)
	all := [][]any{}
	for rows.Next() {
		row := make([]any, len(columns))
		places := make([]any, len(columns))
		for column := range row {
			places[column] = &row[column]
		}
		must(rows.Scan(places...))
		all = append(all, row)
	}
	must(rows.Err())
	return all
}

// text is the one value of the one row of a query.
func (s session) text(query string, args ...any) string {
	var value sql.NullString
	must(s.QueryRowContext(context.Background(), query, args...).Scan(&value))
	return value.String
}

func (s session) count(query string, args ...any) int {
	number, err := strconv.Atoi(s.text(query, args...))
	must(err)
	return number
}

func (s session) drop(table string) {
	_, err := s.ExecContext(context.Background(), "DROP TABLE "+table)
	if err != nil && codeOf(err) != 942 {
		must(err)
	}
}

func must(err error) {
	if err != nil {
		panic(failure{err.Error(), place()})
	}
}

func equal(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		panic(failure{fmt.Sprintf("got %.400v (%T), expected %.400v (%T)", actual, actual, expected, expected), place()})
	}
}

// fails expects an error with this ORA number.
func fails(code int, err error) {
	if err == nil {
		panic(failure{fmt.Sprintf("did not fail, expected ORA-%05d", code), place()})
	}
	if codeOf(err) != code {
		panic(failure{fmt.Sprintf("got %v, expected ORA-%05d", err, code), place()})
	}
}

func codeOf(err error) int {
	var found *network.OracleError
	if errors.As(err, &found) {
		return found.ErrCode
	}
	return 0
}

// place is where in the checks it happened.
func place() string {
	for depth := 2; depth < 12; depth++ {
		_, file, line, ok := runtime.Caller(depth)
		if ok && strings.HasSuffix(file, "_checks.go") {
			return fmt.Sprintf("%s:%d", file[strings.LastIndex(file, "/")+1:], line)
		}
	}
	return "?"
}
