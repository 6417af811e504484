package main

import (
	"context"
	"fmt"
	"time"
)

// operatorBench is the comparison under many checks at once.
type operatorBench struct {
	bench
	n, cached int

	limits []limitResult
	turns  turns
}

func cmdOperator(args []string) (any, error) {
	c := &operatorBench{}
	fs := c.flags("operator", 4, 12*time.Second)
	fs.IntVar(&c.n, "n", 2000, "checks at once")
	fs.IntVar(&c.cached, "cached", 10000, "finished checks for the memory of the cache")
	fs.Parse(args)
	return nil, c.run("operator", c.measure, c.write)
}

// measure interleaves: limit, A, B, limit, A, B, ...
func (c *operatorBench) measure(ctx context.Context) error {
	for round := range c.rounds {
		if err := c.measureLimit(ctx); err != nil {
			return fmt.Errorf("limit: %w", err)
		}
		for _, s := range c.subjects {
			if err := c.turn(ctx, s, round); err != nil {
				return fmt.Errorf("%s, round %d: %w", s.name, round+1, err)
			}
		}
	}
	return nil
}

func (c *operatorBench) measureLimit(ctx context.Context) error {
	p, err := c.startPlane(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	var l limitResult
	if err := c.kload(ctx, &l, "limit", "--kubeconfig", p.Kubeconfig, "--n", fmt.Sprint(c.n), "--also", p.pids()); err != nil {
		return err
	}
	c.limits = append(c.limits, l)
	return c.note(l, fmt.Sprintf("limit    %6.1f checks/s (raw writes, no operator)", l.CombinedPerS))
}

func (c *operatorBench) turn(ctx context.Context, s subject, round int) error {
	st, err := c.startStage(ctx, s, fmt.Sprintf("%s-%d.log", s.name, round+1))
	if err != nil {
		return err
	}
	defer st.stop()
	t := &turn{Cmd: "operator", Name: s.name, Round: round + 1, Oneshot: &oneshotResult{}}
	err = c.take(ctx, st, t, func() (loaded, error) {
		err := c.kload(ctx, t.Oneshot, append([]string{"oneshot", "--n", fmt.Sprint(c.n)}, st.loadFlags()...)...)
		if t.Oneshot.Cmd != "" {
			err = nil // the result tells of it
		}
		return loaded{t.Oneshot.TotalS, t.Oneshot.Procs}, err
	})
	if err != nil {
		return err
	}
	if round == c.rounds-1 && t.Oneshot.Completed > 0 && c.cached > 0 {
		if err := c.measureCached(ctx, st, t); err != nil {
			return err
		}
	}
	c.turns = append(c.turns, t)
	return c.note(t, fmt.Sprintf("%-8s %6.1f checks/s, %.2f CPU s/1000, peak %.1f MiB, %s", s.name,
		t.Oneshot.ChecksPerS, t.Oneshot.Procs["operator"].Per1k, peakMiB(t.Oneshot.Procs["operator"]), t.machine()))
}

// measureCached reads the memory with many finished checks in the cache.
func (c *operatorBench) measureCached(ctx context.Context, st *stage, t *turn) error {
	err := st.restartOperator(func() error {
		return c.kload(ctx, &fillResult{}, "fill", "--kubeconfig", st.Kubeconfig, "--n", fmt.Sprint(c.cached))
	})
	if err != nil {
		return err
	}
	if t.Cached, err = st.op.settled(ctx, settleLimit); err != nil {
		return err
	}
	again, err := st.mockStats()
	t.ReRun = again.Total - t.Mock.Total
	return err
}
