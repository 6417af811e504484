package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

type limitResult struct {
	Cmd          string               `json:"cmd"`
	N            int                  `json:"n"`
	Parallel     int                  `json:"parallel"`
	Watched      bool                 `json:"watched"`
	CreatesPerS  float64              `json:"creates_per_s"`
	StatusPerS   float64              `json:"status_writes_per_s"`
	ImpliedPerS  float64              `json:"implied_checks_per_s"`
	CombinedPerS float64              `json:"combined_checks_per_s"` // 1 create + 2 status writes, each worker one after the other
	Procs        map[string]procDelta `json:"procs"`
}

func cmdLimit(args []string) (any, error) {
	c := newCommon("limit")
	n := c.fs.Int("n", 5000, "how many checks")
	par := c.fs.Int("parallel", 64, "requests in flight")
	watched := c.fs.Bool("watch", true, "hold one watch open meanwhile, as an operator does")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	run := newRun()
	if *watched {
		wctx, stop := context.WithCancel(ctx)
		defer stop()
		if _, err := k.watch(wctx, hcPath, "", func(*event) {}); err != nil {
			return nil, err
		}
	}
	name := func(p string, i int) string { return fmt.Sprintf("%s-%s-%06d", p, run, i) }
	version := func(raw []byte) (string, error) {
		var o struct {
			Metadata struct{ ResourceVersion string }
		}
		err := json.Unmarshal(raw, &o)
		return o.Metadata.ResourceVersion, err
	}
	status := func(name, rv string, step int) ([]byte, error) {
		st := `{"phase":"Running","startTime":"2026-01-01T00:00:00Z"}`
		if step == 1 {
			st = `{"phase":"Completed","startTime":"2026-01-01T00:00:00Z","completionTime":"2026-01-01T00:00:01Z","result":"pass","message":"All pods are healthy.",` +
				`"rationale":"Every pod in the namespace is Running and Ready; no restarts in the last hour.","duration":0.05,"conditions":[{"type":"Complete","status":"True",` +
				`"reason":"CheckCompleted","message":"All pods are healthy.","lastTransitionTime":"2026-01-01T00:00:01Z"}]}`
		}
		return k.put(ctx, hcPath+"/"+name+"/status", []byte(`{"apiVersion":"holmesgpt.dev/v1alpha1","kind":"HealthCheck","metadata":{"name":"`+name+
			`","namespace":"default","resourceVersion":"`+rv+`","labels":{"`+runLabel+`":"`+run+`"}},"spec":{`+specJSON+`},"status":`+st+`}`))
	}
	rvs := make([]string, *n)
	p0 := c.procs()
	t0 := time.Now()
	if err := parallel(*n, *par, func(i int) error {
		raw, err := k.post(ctx, hcPath, hcJSON(name("kl", i), run))
		if err == nil {
			rvs[i], err = version(raw)
		}
		return err
	}); err != nil {
		return nil, err
	}
	t1 := time.Now()
	for step := range 2 {
		if err := parallel(*n, *par, func(i int) error {
			raw, err := status(name("kl", i), rvs[i], step)
			if err == nil {
				rvs[i], err = version(raw)
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	t2 := time.Now()
	if err := parallel(*n, *par, func(i int) error {
		raw, err := k.post(ctx, hcPath, hcJSON(name("km", i), run))
		for step := 0; step < 2 && err == nil; step++ {
			var rv string
			if rv, err = version(raw); err == nil {
				raw, err = status(name("km", i), rv, step)
			}
		}
		return err
	}); err != nil {
		return nil, err
	}
	t3 := time.Now()
	N := float64(*n)
	cr, sw := N/t1.Sub(t0).Seconds(), 2*N/t2.Sub(t1).Seconds()
	res := &limitResult{Cmd: "limit", N: *n, Parallel: *par, Watched: *watched, CreatesPerS: r3(cr), StatusPerS: r3(sw),
		ImpliedPerS: r3(1 / (1/cr + 2/sw)), CombinedPerS: r3(N / t3.Sub(t2).Seconds()), Procs: procDiff(p0, c.procs(), 2**n)}
	return res, nil
}

// cmdCalib does a fixed amount of work on two cores. The time it takes tells how
// fast the machine is just now (a virtual machine's neighbours slow it down), so
// that runs at different times can be compared.
func cmdCalib([]string) (any, error) {
	start := time.Now()
	err := parallel(2, 2, func(int) error {
		for range 12000 {
			var v map[string]any
			if err := json.Unmarshal(hcJSON("calib", "calib"), &v); err != nil {
				return err
			}
			if _, err := json.Marshal(v); err != nil {
				return err
			}
		}
		return nil
	})
	return map[string]any{"cmd": "calib", "calib_ms": r3(float64(time.Since(start).Microseconds()) / 1000)}, err
}
