package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const specJSON = `"query":"Are all pods in namespace default healthy?","timeout":30,"mode":"monitor","destinations":[{"type":"slack","config":{"channel":"#alerts"}}]`

func hcJSON(name, run string) []byte { return hcJSONIn("default", name, run) }

func hcJSONIn(namespace, name, run string) []byte {
	return []byte(`{"apiVersion":"holmesgpt.dev/v1alpha1","kind":"HealthCheck","metadata":{"name":"` + name + `","namespace":"` + namespace + `","labels":{"` +
		runLabel + `":"` + run + `"}},"spec":{` + specJSON + `}}`)
}

const quietLimit = 2 * time.Minute // late writes (events) are waited for so long

type oneshotResult struct {
	Cmd        string               `json:"cmd"`
	N          int                  `json:"n"`
	Parallel   int                  `json:"parallel"`
	Completed  int                  `json:"completed"`
	NotPass    int                  `json:"not_pass"`
	CreatePerS float64              `json:"create_per_s"`
	CreateS    float64              `json:"create_s"`
	TotalS     float64              `json:"total_s"`
	ChecksPerS float64              `json:"checks_per_s"`
	LatSeen    dist                 `json:"latency_ms_added_to_completed"`
	LatSent    dist                 `json:"latency_ms_post_sent_to_completed"`
	ReqByVerb  map[string]float64   `json:"requests_per_check"`
	Req        map[string]float64   `json:"requests_per_check_detail"`
	Rewatches  int64                `json:"harness_watch_reconnects"`
	Closed     int                  `json:"watches_closed_by_apiserver"`
	Procs      map[string]procDelta `json:"procs"`
	Error      string               `json:"error,omitempty"`
}

func cmdOneshot(args []string) (any, error) {
	c := newCommon("oneshot")
	n := c.fs.Int("n", 2000, "how many checks")
	par := c.fs.Int("parallel", 32, "creates in flight")
	limit := c.fs.Duration("timeout", 5*time.Minute, "give up after this")
	settle := c.fs.Duration("settle", 3*time.Second, "after the last check, wait until no writes came for this long before the closing counts (late events)")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *limit+quietLimit+10*time.Second)
	defer cancel()
	run := newRun()
	sent := make([]time.Time, *n)
	added := make([]time.Time, *n)
	done := make([]time.Time, *n)
	var mu sync.Mutex
	left, notPass := *n, 0
	all := make(chan struct{})
	wctx, stopWatch := context.WithCancel(ctx)
	defer stopWatch()
	w, err := k.watch(wctx, hcPath, runLabel+"="+run, func(e *event) {
		i := index(e.Object.Metadata.Name)
		if i < 0 || i >= *n || e.Type == "DELETED" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if added[i].IsZero() {
			added[i] = e.at
		}
		if ph := e.Object.Status.Phase; (ph == "Completed" || ph == "Failed") && done[i].IsZero() {
			done[i] = e.at
			if ph == "Failed" || e.Object.Status.Result != "pass" {
				notPass++
			}
			if left--; left == 0 {
				close(all)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	time.Sleep(500 * time.Millisecond)
	req0, err := k.requests(ctx)
	if err != nil {
		return nil, err
	}
	p0 := c.procs()
	start := time.Now()
	err = parallel(*n, *par, func(i int) error {
		sent[i] = time.Now()
		_, err := k.post(ctx, hcPath, hcJSON(fmt.Sprintf("ks-%s-%06d", run, i), run))
		return err
	})
	created := time.Now()
	if err != nil {
		return nil, err
	}
	res := &oneshotResult{Cmd: "oneshot", N: *n, Parallel: *par}
	select {
	case <-all:
	case err := <-w.errs:
		res.Error = err.Error()
	case <-time.After(*limit - time.Since(start)):
		res.Error = "timed out"
	}
	req1, err := k.mustBeQuiet(ctx, *settle)
	if err != nil {
		return nil, err
	}
	p1 := c.procs()
	stopWatch()
	mu.Lock()
	defer mu.Unlock()
	var last time.Time
	var seenD, sentD []time.Duration
	for i := range done {
		if done[i].IsZero() {
			continue
		}
		if done[i].After(last) {
			last = done[i]
		}
		seenD = append(seenD, done[i].Sub(added[i]))
		sentD = append(sentD, done[i].Sub(sent[i]))
	}
	res.Completed, res.NotPass, res.Rewatches = *n-left, notPass, w.reconnects.Load()
	res.CreateS = r3(created.Sub(start).Seconds())
	res.CreatePerS = r3(float64(*n) / created.Sub(start).Seconds())
	if !last.IsZero() {
		res.TotalS = r3(last.Sub(start).Seconds())
		res.ChecksPerS = r3(float64(res.Completed) / last.Sub(start).Seconds())
	}
	res.LatSeen, res.LatSent = distMS(seenD), distMS(sentD)
	res.Closed = int(req1[closedWatches] - req0[closedWatches])
	res.ReqByVerb, res.Req = requestsPer(req0, req1, *n)
	res.Procs = procDiff(p0, p1, res.Completed)
	if res.Error != "" {
		return res, fmt.Errorf("%s", res.Error)
	}
	return res, nil
}
