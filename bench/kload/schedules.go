package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// schedulesBench is the comparison under schedules:
//
//	a  every-minute schedules, both operators
//	b  many schedules on one minute, ours alone
//	c  many schedules that are not due, ours alone
type schedulesBench struct {
	bench
	n, minutes, atOnce, waiting int
	window                      time.Duration
	only                        string

	raw      []createsResult // of case a, by round
	rawOnce  []createsResult // of case b
	every    turns
	once     turns
	standing turns
}

func cmdSchedules(args []string) (any, error) {
	c := &schedulesBench{}
	fs := c.flags("schedules", 2, 5*time.Second)
	fs.IntVar(&c.n, "n", 1000, "a: every-minute schedules")
	fs.IntVar(&c.minutes, "minutes", 2, "a: ticks of each turn")
	fs.IntVar(&c.atOnce, "at-once", 5000, "b: schedules on one minute")
	fs.IntVar(&c.waiting, "waiting", 10000, "c: schedules that are not due")
	fs.DurationVar(&c.window, "window", time.Minute, "c: how long to measure")
	fs.StringVar(&c.only, "only", "abc", "the cases to run")
	fs.Parse(args)
	if c.only == "" || strings.Trim(c.only, "abc") != "" {
		return nil, fmt.Errorf("--only takes some of the letters a, b and c; got %q", c.only)
	}
	if c.n < 1 || c.minutes < 1 || c.rounds < 1 || c.atOnce < 1 || c.waiting < 1 {
		return nil, fmt.Errorf("every count must be at least 1")
	}
	return nil, c.run("schedules", c.measure, c.write)
}

func (c *schedulesBench) runs(letter string) bool { return strings.Contains(c.only, letter) }

func (c *schedulesBench) measure(ctx context.Context) error {
	cases := []struct {
		letter  string
		measure func(context.Context) error
	}{{"a", c.measureEvery}, {"b", c.measureOnce}, {"c", c.measureWaiting}}
	for _, x := range cases {
		if !c.runs(x.letter) {
			continue
		}
		if err := x.measure(ctx); err != nil {
			return fmt.Errorf("case %s: %w", x.letter, err)
		}
	}
	return nil
}

// measureEvery interleaves: raw rate, ours, peer, raw rate, ours, peer, ...
func (c *schedulesBench) measureEvery(ctx context.Context) error {
	for round := range c.rounds {
		raw, err := c.measureRaw(ctx, c.n)
		if err != nil {
			return err
		}
		c.raw = append(c.raw, raw)
		for _, s := range c.subjects {
			t := &turn{Cmd: "schedules a", Name: s.name, Round: round + 1}
			if err := c.ticks(ctx, s, t, "--n", fmt.Sprint(c.n), "--minutes", fmt.Sprint(c.minutes)); err != nil {
				return fmt.Errorf("%s, round %d: %w", s.name, round+1, err)
			}
			c.every = append(c.every, t)
		}
	}
	return nil
}

func (c *schedulesBench) measureOnce(ctx context.Context) error {
	raw, err := c.measureRaw(ctx, c.atOnce)
	if err != nil {
		return err
	}
	c.rawOnce = append(c.rawOnce, raw)
	t := &turn{Cmd: "schedules b", Name: oursName, Round: 1}
	c.once = append(c.once, t)
	return c.ticks(ctx, c.subjects[0], t, "--n", fmt.Sprint(c.atOnce), "--once")
}

func (c *schedulesBench) measureRaw(ctx context.Context, n int) (r createsResult, err error) {
	p, err := c.startPlane(ctx)
	if err != nil {
		return r, err
	}
	defer p.stop()
	if err := c.kload(ctx, &r, "creates", "--kubeconfig", p.Kubeconfig, "--n", fmt.Sprint(n), "--also", p.pids()); err != nil {
		return r, fmt.Errorf("raw create rate: %w", err)
	}
	return r, c.note(r, fmt.Sprintf("raw      %6.1f creates/s (no operator, %d connections)", r.PerS, r.Connections))
}

func (c *schedulesBench) ticks(ctx context.Context, s subject, t *turn, flags ...string) error {
	t.Ticks = &ticksResult{}
	return c.perform(ctx, s, t, func(st *stage) (loaded, error) {
		err := c.kload(ctx, t.Ticks, append(append([]string{"ticks"}, flags...), st.loadFlags()...)...)
		return loaded{t.Ticks.WindowS, t.Ticks.Procs}, err
	}, func() string {
		x := t.Ticks
		return fmt.Sprintf("%6s creates/s, skew p99 %s s, missed %d, doubled %d, %s writes/run, %s CPU s/1000", figure("%.1f", createRate(t)), figure("%.2f", skewP99(t)),
			x.Missed, x.Doubled+x.Stray, figure("%.2f", writesEach(t)), figure("%.2f", runCPU(t)))
	})
}

func (c *schedulesBench) measureWaiting(ctx context.Context) error {
	t := &turn{Cmd: "schedules c", Name: oursName, Round: 1, Waiting: &waitingResult{}}
	c.standing = append(c.standing, t)
	return c.perform(ctx, c.subjects[0], t, func(st *stage) (loaded, error) {
		err := c.kload(ctx, t.Waiting, append([]string{"waiting", "--n", fmt.Sprint(c.waiting), "--window", c.window.String()}, st.loadFlags()...)...)
		return loaded{t.Waiting.WindowS, t.Waiting.Procs}, err
	}, func() string {
		x := t.Waiting
		return fmt.Sprintf("%d waiting: %.0f writes, %.2f CPU s in %.0f s", x.N, x.Writes, x.Procs["operator"].CPU, x.WindowS)
	})
}

// perform runs a load on a stage of its own and notes what it measured.
func (c *schedulesBench) perform(ctx context.Context, s subject, t *turn, load func(*stage) (loaded, error), line func() string) error {
	st, err := c.startStage(ctx, s, fmt.Sprintf("%s-%s-%d.log", strings.ReplaceAll(t.Cmd, " ", "-"), s.name, t.Round))
	if err != nil {
		return err
	}
	defer st.stop()
	if err := c.take(ctx, st, t, func() (loaded, error) { return load(st) }); err != nil {
		return err
	}
	return c.note(t, fmt.Sprintf("%-8s %s, %s", s.name, line(), t.machine()))
}
