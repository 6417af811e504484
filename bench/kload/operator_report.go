package main

import (
	"fmt"
	"math"
)

const (
	limitShare     = 0.9    // of the raw write limit
	cpuShare       = 1. / 3 // of the peer's
	idleAnonMiB    = 8.
	idleRSSMiB     = 24.
	cachedAnonMiB  = 60.
	writesPerCheck = 3. // beyond the event Started
)

// write is the tables of measurements and of bars.
func (c *operatorBench) write(r *report) {
	limit := func(round int) float64 { return positive(c.limits[round-1].CombinedPerS) }
	rate := func(t *turn) float64 { return t.Oneshot.ChecksPerS }
	cpu := func(t *turn) float64 {
		return operatorFigure(t.Oneshot.Procs, func(p procDelta) float64 { return p.Per1k })
	}
	peak := func(t *turn) float64 { return operatorFigure(t.Oneshot.Procs, peakMiB) }
	idleAnon := func(t *turn) float64 { return mib(t.Idle.AnonKiB) }
	idleRSS := func(t *turn) float64 { return mib(t.Idle.RSSKiB) }
	writes := func(t *turn) float64 { return writesOf(t.Oneshot.Req) - 1 } // one create is the harness's
	beyond := func(t *turn) float64 { return writes(t) - 1 }
	wrong := func(t *turn) float64 {
		return float64(c.n-t.Oneshot.Completed+t.Oneshot.NotPass) + float64(t.Mock.Again+t.Mock.Bad+t.ReRun)
	}
	cached := func(t *turn) float64 {
		if t.Cached == nil {
			return math.NaN()
		}
		return mib(t.Cached.AnonKiB)
	}
	ts := c.turns
	least, most := ts.calibration()
	r.writef("\n%d HealthChecks at once, %s each, %d rounds; calibration %.0f to %.0f ms\n\n", c.n, c.delay, c.rounds, least, most)
	r.WriteString(ts.disturbance())
	r.head("", oursName, peerName)
	r.compare("checks/s (mean)", "%.1f", ts.mean, rate)
	r.compare("operator CPU seconds per 1,000 checks (mean)", "%.2f", ts.mean, cpu)
	r.compare("peak RSS, MiB (worst)", "%.1f", ts.worst, peak)
	r.compare("API writes of the operator per check (worst)", "%.2f", ts.worst, writes)
	r.compare("added to Completed, p50 ms (mean)", "%.0f", ts.mean, func(t *turn) float64 { return t.Oneshot.LatSeen.P50 })
	r.compare("idle RssAnon, MiB (worst)", "%.1f", ts.worst, idleAnon)
	r.compare("idle VmRSS, MiB (worst)", "%.1f", ts.worst, idleRSS)
	r.compare(fmt.Sprintf("RssAnon with %d finished checks, MiB", c.cached), "%.1f", ts.last, cached)
	r.compare("checks lost, wrong or run again (worst)", "%.0f", ts.worst, wrong)
	r.WriteString("\nRaw write limit of this API server (`kload limit`, combined), by round:")
	for _, l := range c.limits {
		r.writef(" %.1f", l.CombinedPerS)
	}
	r.WriteString(" checks/s\n\n")

	r.barHead()
	r.bar("checks/s, of the peer's", ts.ratio(rate, ts.peerOf(rate)), ">=", 1, "%.2f")
	r.bar("checks/s, of the raw write limit", ts.ratio(rate, limit), ">=", limitShare, "%.2f")
	r.bar("CPU per check, of the peer's", ts.ratio(cpu, ts.peerOf(cpu)), "<=", cpuShare, "%.2f")
	r.bar("peak RSS, MiB", ts.worst(oursName, peak), "<", ts.worst(peerName, peak), "%.1f")
	r.bar("idle RssAnon, MiB", ts.worst(oursName, idleAnon), "<=", idleAnonMiB, "%.1f")
	r.bar("idle VmRSS, MiB", ts.worst(oursName, idleRSS), "<=", idleRSSMiB, "%.1f")
	if c.cached > 0 {
		r.bar(fmt.Sprintf("RssAnon with %d finished checks, MiB", c.cached), ts.last(oursName, cached), "<=", cachedAnonMiB, "%.1f")
	}
	r.bar("API writes per check beyond the event Started", ts.worst(oursName, beyond), "<=", writesPerCheck, "%.2f")
	r.bar("checks lost, wrong or run again", ts.worst(oursName, wrong), "<=", 0, "%.0f")
}
