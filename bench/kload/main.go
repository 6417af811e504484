// Command kload loads operators and servers of holmesgpt.dev/v1alpha1 with work and measures
// them. Each subcommand but those that print a report (operator, pair, schedules, sync, server) prints one line of JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]func([]string) (any, error){
	"operator": cmdOperator, "schedules": cmdSchedules, "sync": cmdSync, "server": cmdServer, "pair": cmdPair,
	"ticks": cmdTicks, "creates": cmdCreates, "waiting": cmdWaiting, "oneshot": cmdOneshot, "limit": cmdLimit, "fill": cmdFill, "store": cmdStore, "mockapi": cmdMockAPI, "provider": cmdProvider, "calib": cmdCalib,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: kload operator|pair|schedules|sync|server|ticks|creates|waiting|oneshot|limit|fill|store|mockapi|provider|calib [flags]")
		os.Exit(2)
	}
	res, err := commands[os.Args[1]](os.Args[2:])
	if res != nil {
		printJSON(res)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kload:", err)
		os.Exit(1)
	}
}

func printJSON(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(b))
}
