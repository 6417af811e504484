package main

import (
	"context"
	"fmt"
	"time"
)

const (
	waitingLimit = 10 * time.Minute
	doneLimit    = 3 * time.Minute // for the operator to have done with new schedules
	quietFor     = 10 * time.Second
	monthsAway   = 6 // the tick
)

type waitingResult struct {
	Cmd     string               `json:"cmd"`
	N       int                  `json:"n"`
	MakeS   float64              `json:"make_schedules_s"`
	QuietS  float64              `json:"until_quiet_s"`
	Quiet   bool                 `json:"quiet"`
	WindowS float64              `json:"window_s"`
	Writes  float64              `json:"writes"` // of the operator within the window
	Req     map[string]float64   `json:"requests"`
	Planned int                  `json:"schedules_with_next_time"`
	Procs   map[string]procDelta `json:"procs"`
}

// cmdWaiting makes schedules that are not due for months, waits until the operator
// writes no more, and then measures what it does while there is nothing to do.
func cmdWaiting(args []string) (any, error) {
	c := newCommon("waiting")
	n := c.fs.Int("n", 10000, "how many schedules")
	window := c.fs.Duration("window", time.Minute, "how long to measure")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitingLimit+*window)
	defer cancel()
	res := &waitingResult{Cmd: "waiting", N: *n}
	start := time.Now()
	if err := k.makeSchedules(ctx, "kw-"+newRun()+"-", fmt.Sprintf("0 0 1 %d *", time.Now().AddDate(0, monthsAway, 0).Month()), *n); err != nil {
		return nil, err
	}
	res.MakeS = r3(time.Since(start).Seconds())
	made := time.Now()
	req0, quiet, err := k.untilQuiet(ctx, quietFor, doneLimit)
	if err != nil {
		return nil, err
	}
	res.Quiet, res.QuietS = quiet, r3(time.Since(made).Seconds())
	p0 := c.procs()
	start = time.Now()
	time.Sleep(*window)
	p1 := c.procs()
	res.WindowS = r3(time.Since(start).Seconds())
	req1, err := k.requests(ctx)
	if err != nil {
		return nil, err
	}
	_, res.Req = requestsPer(req0, req1, 1)
	res.Writes, res.Procs = writesOf(res.Req), procDiff(p0, p1, 0)
	res.Planned, err = k.planned(ctx)
	return res, err
}
