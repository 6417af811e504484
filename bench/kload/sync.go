package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

const syncLimit = 4 * time.Minute // for an operator to have read everything

// syncBench compares what operators need to know many finished checks.
type syncBench struct {
	bench
	n, bytes int

	store storeResult
	turns []*syncTurn
}

// syncTurn is one operator's memory: with nothing, with all checks, and after they were deleted.
type syncTurn struct {
	Cmd    string    `json:"cmd"`
	Name   string    `json:"name"`
	Idle   procStat  `json:"idle"`
	Synced procStat  `json:"synced"`  // its peak is that of the first list
	Gone   *procStat `json:"deleted"` // ours only
	AskedN int       `json:"checks_asked"`
}

func cmdSync(args []string) (any, error) {
	c := &syncBench{}
	fs := c.flags("sync", 1, 12*time.Second)
	fs.IntVar(&c.n, "n", 50000, "finished checks")
	fs.IntVar(&c.bytes, "bytes", 2000, "size of each as JSON, without managedFields")
	fs.Parse(args)
	return nil, c.run("sync", c.measure, c.write)
}

// measure uses one control plane: both operators without checks, then with them, ours last; then
// the checks are deleted.
func (c *syncBench) measure(ctx context.Context) error {
	ours, peer := &syncTurn{Cmd: "sync", Name: oursName}, &syncTurn{Cmd: "sync", Name: peerName}
	c.turns = []*syncTurn{ours, peer}
	st, err := c.startStage(ctx, c.subjects[1], "sync-"+peerName+".log")
	if err != nil {
		return err
	}
	defer st.stop()
	if peer.Idle, err = c.idle(ctx, st); err != nil {
		return err
	}
	if err := c.change(st, c.subjects[0]); err != nil {
		return err
	}
	if ours.Idle, err = c.idle(ctx, st); err != nil {
		return err
	}
	st.op.stop()
	store := []string{"store", "--kubeconfig", st.Kubeconfig, "--n", fmt.Sprint(c.n), "--bytes", fmt.Sprint(c.bytes)}
	if err := c.kload(ctx, &c.store, store...); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for i, t := range []*syncTurn{peer, ours} {
		if err := c.change(st, c.subjects[1-i]); err != nil {
			return err
		}
		synced, err := st.op.settled(ctx, syncLimit)
		if err != nil {
			return err
		}
		t.Synced = *synced
	}
	if err := c.kload(ctx, &storeResult{}, append(store, "--delete")...); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if ours.Gone, err = st.op.settled(ctx, syncLimit); err != nil {
		return err
	}
	asked, err := st.mockStats()
	ours.AskedN = asked.Total
	for _, t := range c.turns {
		line := fmt.Sprintf("%-8s idle %.1f, peak %.1f, with checks %.1f MiB", t.Name, mib(t.Idle.RSSKiB), mib(t.Synced.HWMKiB), mib(t.Synced.RSSKiB))
		if err := c.note(t, line); err != nil {
			return err
		}
	}
	return err
}

func (c *syncBench) idle(ctx context.Context, st *stage) (procStat, error) {
	if err := st.op.sleep(ctx, c.settle); err != nil {
		return procStat{}, err
	}
	return readProc(st.op.pid())
}

// change stops the operator of a stage and starts another.
func (c *syncBench) change(st *stage, s subject) error {
	st.op.stop()
	op, err := startLogged(st.env, filepath.Join(c.out, "sync-"+s.name+".log"), s.command)
	if err == nil {
		st.op = op
	}
	return err
}

const (
	syncPeak      = 1.4   // of what stays
	syncPerObject = 3000. // bytes
	syncPeerShare = 0.5
	syncGone      = 2. // of the idle process
)

func (c *syncBench) write(r *report) {
	ours, peer := c.turns[0], c.turns[1]
	perObject := func(t *syncTurn) float64 {
		return float64(t.Synced.AnonKiB-t.Idle.AnonKiB) * 1024 / float64(c.n)
	}
	both := func(what, format string, f func(*syncTurn) float64) { r.row(what, format, f(ours), f(peer)) }
	r.writef("\n%d finished HealthChecks of %d bytes (JSON without managedFields)\n\n", c.n, c.store.Bytes)
	r.head("", oursName, peerName)
	both("idle VmRSS, MiB", "%.1f", func(t *syncTurn) float64 { return mib(t.Idle.RSSKiB) })
	both("idle RssAnon, MiB", "%.1f", func(t *syncTurn) float64 { return mib(t.Idle.AnonKiB) })
	both("first list: peak VmRSS (VmHWM), MiB", "%.1f", func(t *syncTurn) float64 { return mib(t.Synced.HWMKiB) })
	both("with all of them: VmRSS, MiB", "%.1f", func(t *syncTurn) float64 { return mib(t.Synced.RSSKiB) })
	both("with all of them: RssAnon, MiB", "%.1f", func(t *syncTurn) float64 { return mib(t.Synced.AnonKiB) })
	both("RssAnon beyond idle, bytes per check", "%.0f", perObject)
	both("CPU seconds from the start until then", "%.1f", func(t *syncTurn) float64 { return t.Synced.CPU })
	r.row("all deleted: VmRSS, MiB", "%.1f", mib(ours.Gone.RSSKiB))
	r.row("all deleted: RssAnon, MiB", "%.1f", mib(ours.Gone.AnonKiB))
	r.WriteString("\n")
	r.barHead()
	r.bar("peak VmRSS of the first list, of the VmRSS after it", mib(ours.Synced.HWMKiB)/mib(ours.Synced.RSSKiB), "<=", syncPeak, "%.2f")
	r.bar("RssAnon beyond idle, bytes per check", perObject(ours), "<=", syncPerObject, "%.0f")
	r.bar("... of the peer's", perObject(ours)/perObject(peer), "<=", syncPeerShare, "%.2f")
	r.bar("peak VmRSS, of the peer's", mib(ours.Synced.HWMKiB)/mib(peer.Synced.HWMKiB), "<=", syncPeerShare, "%.2f")
	r.bar("VmRSS when all are deleted, of the idle one", mib(ours.Gone.RSSKiB)/mib(ours.Idle.RSSKiB), "<=", syncGone, "%.2f")
	r.bar("checks asked for", float64(ours.AskedN), "<=", 0, "%.0f")
	r.bar("checks seen: RssAnon beyond idle, bytes per check", perObject(ours), ">=", float64(c.bytes)/4, "%.0f")
}
