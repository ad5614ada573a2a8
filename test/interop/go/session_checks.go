package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

func addSessionChecks(run *runner) {
	run.checkSession("connects and answers a query and a ping", func(s session) {
		equal(s.count("SELECT 1 FROM DUAL"), 1)
		equal(s.text("SELECT * FROM DUAL"), "X")
		equal(s.text("SELECT USER FROM DUAL"), strings.ToUpper(user))
		must(s.PingContext(context.Background()))
	})
	run.check("refuses a wrong password with ORA-01017", func() {
		_, err := open(user, password+"x", service)
		fails(1017, err)
		connect().end()
	})
	run.check("refuses an unknown service", func() {
		s, err := open(user, password, "no_such_service_here")
		if err == nil {
			s.end()
		}
		fails(12514, err)
	})
	run.check("serves 12 sessions at the same time", manySessions)
	run.checkSession("cancels a waiting statement at its deadline, and the session goes on", deadline)
}

func manySessions() {
	s := connect()
	defer s.end()
	s.drop("interop_many")
	s.exec("CREATE TABLE interop_many (id NUMBER PRIMARY KEY, worker NUMBER)")
	var group sync.WaitGroup
	failures := make(chan any, 12)
	for worker := 0; worker < 12; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			defer func() { failures <- recover() }()
			own := connect()
			defer own.end()
			for number := 0; number < 20; number++ {
				own.exec("INSERT INTO interop_many VALUES (:1, :2)", worker*100+number, worker)
				equal(own.count("SELECT COUNT(*) FROM interop_many WHERE worker = :1", worker), number+1)
			}
		}()
	}
	group.Wait()
	for worker := 0; worker < 12; worker++ {
		if caught := <-failures; caught != nil {
			panic(caught)
		}
	}
	equal(s.count("SELECT COUNT(*) FROM interop_many"), 240)
}

func deadline(s session) {
	s.drop("interop_waits")
	s.exec("CREATE TABLE interop_waits (id NUMBER PRIMARY KEY, v NUMBER)")
	s.exec("INSERT INTO interop_waits VALUES (1, 0)")
	holder := connect()
	defer holder.end()
	held, err := holder.BeginTx(context.Background(), nil)
	must(err)
	_, err = held.Exec("UPDATE interop_waits SET v = 10 WHERE id = 1")
	must(err)
	for turn := 0; turn < 2; turn++ {
		soon, stop := context.WithTimeout(context.Background(), 500*time.Millisecond)
		started := time.Now()
		_, err = s.ExecContext(soon, "UPDATE interop_waits SET v = v + 1 WHERE id = 1")
		stop()
		if err == nil {
			panic(failure{"was not cancelled", place()})
		}
		if time.Since(started) > 5*time.Second {
			panic(failure{fmt.Sprintf("took %v", time.Since(started)), place()})
		}
		equal(s.count("SELECT COUNT(*) FROM interop_waits"), 1)
	}
	must(held.Rollback())
	equal(s.exec("UPDATE interop_waits SET v = v + 1 WHERE id = 1"), int64(1))
	equal(s.count("SELECT v FROM interop_waits"), 1)
}
