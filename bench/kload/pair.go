package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"time"
)

// pairBench has two of our operators work at once on one API server, each in a
// namespace of its own: whatever disturbs one disturbs the other, so it tells
// apart CPU that differs by 1 or 2 %.
type pairBench struct {
	bench
	n int

	turns []pairTurn
}

type pairTurn struct {
	Cmd   string     `json:"cmd"`
	Round int        `json:"round"`
	Per1k [2]float64 `json:"cpu_s_per_1000"`
}

var pairNamespaces = [2]string{"pair-a", "pair-b"}

func cmdPair(args []string) (any, error) {
	c := &pairBench{}
	fs := c.flags("pair", 8, 3*time.Second)
	fs.IntVar(&c.n, "n", 1000, "checks at once for each operator")
	fs.Parse(args)
	if len(c.subjects) != 2 || c.rounds < 2 {
		return nil, fmt.Errorf("--ours and --peer are needed, and at least 2 rounds")
	}
	return nil, c.run("pair", c.measure, c.write)
}

func (c *pairBench) measure(ctx context.Context) error {
	st, err := c.startStage(ctx, c.operator(0), "pair-a.log")
	if err != nil {
		return err
	}
	defer st.stop()
	k, err := newCommon("pair").client([]string{"--kubeconfig", st.Kubeconfig})
	if err != nil {
		return err
	}
	for _, ns := range pairNamespaces {
		if _, err := k.post(ctx, "/api/v1/namespaces", []byte(`{"metadata":{"name":"`+ns+`"}}`)); err != nil {
			return err
		}
	}
	other, err := startLogged(st.env, filepath.Join(c.out, "pair-b.log"), c.operator(1).command)
	if err != nil {
		return err
	}
	defer other.stop()
	ops := [2]*helper{st.op, other}
	for _, op := range ops {
		if err := op.sleep(ctx, c.settle); err != nil {
			return err
		}
	}
	for round := range c.rounds + 1 { // the first fills caches and does not count
		t, err := c.turn(ctx, k, ops, round)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if round > 0 {
			c.turns = append(c.turns, t)
		}
		if err := c.note(t, fmt.Sprintf("round %d: A %.3f, B %.3f CPU s/1000, B of A %.3f", round, t.Per1k[0], t.Per1k[1], t.Per1k[1]/t.Per1k[0])); err != nil {
			return err
		}
	}
	return nil
}

// operator is the command of one of the two, told its namespace.
func (c *pairBench) operator(i int) subject {
	s := c.subjects[i]
	s.command = append([]string{"env", "HOLMES_OPERATOR_NAMESPACES=" + pairNamespaces[i]}, s.command...)
	return s
}

func (c *pairBench) turn(ctx context.Context, k *kube, ops [2]*helper, round int) (t pairTurn, err error) {
	t = pairTurn{Cmd: "pair", Round: round}
	var before, after [2]procStat
	for i, op := range ops {
		if before[i], err = readProc(op.pid()); err != nil {
			return t, err
		}
	}
	run := newRun()
	err = parallel(2*c.n, 16, func(i int) error {
		ns := pairNamespaces[i%2]
		_, err := k.post(ctx, hcPathIn(ns), hcJSONIn(ns, fmt.Sprintf("kp-%s-%06d", run, i/2), run))
		return err
	})
	if err != nil {
		return t, err
	}
	if _, err := k.mustBeQuiet(ctx, 2*time.Second); err != nil {
		return t, err
	}
	for i, op := range ops {
		if after[i], err = readProc(op.pid()); err != nil {
			return t, err
		}
		t.Per1k[i] = (after[i].CPU - before[i].CPU) * 1000 / float64(c.n)
	}
	for _, ns := range pairNamespaces {
		if err := c.takeAway(ctx, k, ns); err != nil {
			return t, err
		}
	}
	return t, ops[0].sleep(ctx, time.Second)
}

// takeAway deletes all checks of a round, which must have passed.
func (c *pairBench) takeAway(ctx context.Context, k *kube, ns string) error {
	raw, err := k.Delete().AbsPath(hcPathIn(ns)).DoRaw(ctx)
	if err != nil {
		return err
	}
	var list struct {
		Items []struct{ Status struct{ Result string } }
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	passed := 0
	for _, item := range list.Items {
		if item.Status.Result == "pass" {
			passed++
		}
	}
	if passed != c.n {
		return fmt.Errorf("%d of %d checks passed in %s", passed, c.n, ns)
	}
	return nil
}

func (c *pairBench) write(r *report) {
	var sum [2]float64
	var logs, squares float64
	n := float64(len(c.turns))
	for _, t := range c.turns {
		sum[0], sum[1] = sum[0]+t.Per1k[0], sum[1]+t.Per1k[1]
		l := math.Log(t.Per1k[1] / t.Per1k[0])
		logs, squares = logs+l, squares+l*l
	}
	mean := logs / n
	spread := math.Sqrt(max(0, squares/n-mean*mean) / (n - 1)) // of the mean
	r.writef("\nTwice %d HealthChecks at once, %s each, %d rounds\n\n", c.n, c.delay, len(c.turns))
	r.head("", "A", "B", "B of A", "give or take")
	r.row("CPU seconds per 1,000 checks (mean)", "%.3f", sum[0]/n, sum[1]/n, math.Exp(mean), spread)
}
