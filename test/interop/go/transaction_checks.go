package main

import "context"

func addTransactionChecks(run *runner) {
	run.checkSession("shows others what was committed, nothing else", commitAndRollback)
	run.checkSession("goes back to a savepoint and no further", savepoints)
}

const amount = "SELECT amount FROM interop_accounts WHERE id = 1"

func makeAccounts(s session) {
	s.drop("interop_accounts")
	s.exec("CREATE TABLE interop_accounts (id NUMBER PRIMARY KEY, amount NUMBER)")
	s.exec("INSERT INTO interop_accounts VALUES (1, 0)")
}

func commitAndRollback(s session) {
	makeAccounts(s)
	other := connect()
	defer other.end()
	transaction, err := s.BeginTx(context.Background(), nil)
	must(err)
	s.exec("UPDATE interop_accounts SET amount = 1 WHERE id = 1")
	equal(other.count(amount), 0)
	must(transaction.Commit())
	equal(other.count(amount), 1)
	transaction, err = s.BeginTx(context.Background(), nil)
	must(err)
	s.exec("UPDATE interop_accounts SET amount = 2 WHERE id = 1")
	must(transaction.Rollback())
	equal(s.count(amount), 1)
}

func savepoints(s session) {
	makeAccounts(s)
	transaction, err := s.BeginTx(context.Background(), nil)
	must(err)
	s.exec("UPDATE interop_accounts SET amount = 10 WHERE id = 1")
	s.exec("SAVEPOINT here")
	s.exec("UPDATE interop_accounts SET amount = 20 WHERE id = 1")
	s.exec("ROLLBACK TO SAVEPOINT here")
	must(transaction.Commit())
	equal(s.count(amount), 10)
}
