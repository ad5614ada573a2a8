// What go-ora sees of the server.
package main

import "os"

func main() {
	run := &runner{}
	addSessionChecks(run)
	addStatementChecks(run)
	addTypeChecks(run)
	addLobChecks(run)
	addTransactionChecks(run)
	os.Exit(run.all())
}
