package main

import (
	"context"
	"fmt"
	"time"
)

const (
	ticksLimit   = 6 * time.Minute  // beyond the ticks
	leadMin      = 15 * time.Second // from the first schedule's creation to its tick
	leadPer      = 5 * time.Millisecond
	leadLimit    = 58 * time.Second
	readyBefore  = 5 * time.Second // the schedules exist so long before their first tick
	countBefore  = 3 * time.Second // requests are counted from here: reading the counts takes CPU too
	probeBefore  = time.Second     // and CPU from here
	everyGrace   = 50 * time.Second
	onceGrace    = 2 * time.Minute
	lateWrites   = 3 * time.Second // none for so long: the operator has done with its runs
	beforeNext   = 3 * time.Second // the closing counts are taken so long before the next tick
	pollInterval = 100 * time.Millisecond
)

type ticksResult struct {
	Cmd     string  `json:"cmd"`
	N       int     `json:"n"`
	Once    bool    `json:"once"`
	MakeS   float64 `json:"make_schedules_s"`
	WindowS float64 `json:"window_s"`
	Quiet   bool    `json:"quiet"` // the operator had done with its runs when CPU and writes were counted
	ticksSum
	Writes    float64              `json:"writes_per_run"` // of the operator: the harness makes none meanwhile
	Req       map[string]float64   `json:"requests_per_run_detail"`
	Rewatches int64                `json:"harness_watch_reconnects"`
	Closed    int                  `json:"watches_closed_by_apiserver"`
	Procs     map[string]procDelta `json:"procs"`
	Error     string               `json:"error,omitempty"`
}

// cmdTicks makes schedules that are all due at the same full minutes, and watches
// what the operator makes of them.
func cmdTicks(args []string) (any, error) {
	c := newCommon("ticks")
	n := c.fs.Int("n", 1000, "how many schedules")
	minutes := c.fs.Int("minutes", 2, "how many ticks of every-minute schedules")
	once := c.fs.Bool("once", false, "one tick only: schedules of the one coming minute of this day")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	if *once {
		*minutes = 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), ticksLimit+time.Duration(*minutes)*time.Minute)
	defer cancel()
	seen := newChildren("kc-"+newRun()+"-", *n)
	w, err := k.watch(ctx, hcPath, scheduledBy, seen.see)
	if err != nil {
		return nil, err
	}
	res := &ticksResult{Cmd: "ticks", N: *n, Once: *once}
	first, err := c.makeDue(ctx, k, seen, res)
	if err != nil {
		return nil, err
	}
	sleepUntil(first.Add(-countBefore))
	req0, err := k.requests(ctx)
	if err != nil {
		return nil, err
	}
	sleepUntil(first.Add(-probeBefore))
	p0, start := c.procs(), time.Now()
	res.Error = seen.await(w, *n**minutes, first, *minutes, *once)
	limit := onceGrace
	if !*once {
		limit = time.Until(first.Add(time.Duration(*minutes)*time.Minute - beforeNext))
	}
	req1, quiet, err := k.untilQuiet(ctx, lateWrites, limit)
	if err != nil {
		return nil, err
	}
	p1 := c.procs()
	res.Quiet, res.WindowS = quiet, r3(time.Since(start).Seconds())
	res.ticksSum = seen.sum(first, *minutes)
	res.Rewatches, res.Closed = w.reconnects.Load(), int(req1[closedWatches]-req0[closedWatches])
	res.Procs = procDiff(p0, p1, res.Runs)
	if res.Runs > 0 {
		_, res.Req = requestsPer(req0, req1, res.Runs)
		res.Writes = r3(writesOf(res.Req))
	}
	if res.Error != "" {
		return res, fmt.Errorf("%s", res.Error)
	}
	return res, nil
}

// makeDue creates the schedules early in a minute and returns their first tick,
// the end of that minute. So no tick falls into their making, and the operator
// has known them for a while when it comes.
func (c *common) makeDue(ctx context.Context, k *kube, seen *children, res *ticksResult) (time.Time, error) {
	lead := leadMin + time.Duration(seen.n)*leadPer
	if lead > leadLimit {
		return time.Time{}, fmt.Errorf("%d schedules are too many to be made within a minute", seen.n)
	}
	now := time.Now()
	first := now.Truncate(time.Minute).Add(time.Minute)
	if first.Sub(now) < lead {
		sleepUntil(first.Add(time.Second))
		first = first.Add(time.Minute)
	}
	cron := "* * * * *"
	if res.Once {
		cron = first.UTC().Format("4 15 * * *")
	}
	start := time.Now()
	if err := k.makeSchedules(ctx, seen.prefix, cron, seen.n); err != nil {
		return first, err
	}
	res.MakeS = r3(time.Since(start).Seconds())
	if time.Until(first) < readyBefore {
		return first, fmt.Errorf("the schedules took %.0f s to make: too late for their tick", res.MakeS)
	}
	return first, nil
}

// await returns when so many children have ended or their time is over; a failed
// watch is the only error.
func (c *children) await(w *watcher, want int, first time.Time, minutes int, once bool) string {
	grace := everyGrace // ends before the next tick
	if once {
		grace = onceGrace
	}
	end := first.Add(time.Duration(minutes-1)*time.Minute + grace)
	for time.Now().Before(end) && c.endedCount() < want {
		select {
		case err := <-w.errs:
			return err.Error()
		case <-time.After(pollInterval):
		}
	}
	return ""
}

func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
