package main

import (
	"fmt"
	"strings"
)

const (
	limitShare     = 0.9    // of the raw write limit
	cpuShare       = 1. / 3 // of the peer's
	idleAnonMiB    = 8.
	idleRSSMiB     = 24.
	cachedAnonMiB  = 60.
	writesPerCheck = 3. // beyond the event Started

	calibSpread = 1.3 // slowest to fastest calibration of a run on a quiet machine
	othersShare = 0.1 // CPU of other processes, of the operator's turn
)

func mib(kib int) float64 { return float64(kib) / 1024 }

// writes is the operator's API writes per check: all but the harness's one create.
func (r *oneshotResult) writes() float64 {
	sum := -1.
	for key, per := range r.Req {
		verb, resource, _ := strings.Cut(key, " ")
		switch verb {
		case "POST", "PUT", "PATCH", "DELETE", "APPLY":
			if strings.HasPrefix(resource, "healthchecks") || strings.HasPrefix(resource, "events") {
				sum += per
			}
		}
	}
	return sum
}

// mean of f over the turns of one operator.
func (c *comparison) mean(name string, f func(*turn) float64) float64 {
	sum, n := 0., 0.
	for i := range c.turns {
		if c.turns[i].Name == name {
			sum += f(&c.turns[i])
			n++
		}
	}
	return sum / n
}

// worst is the largest f over the turns of one operator.
func (c *comparison) worst(name string, f func(*turn) float64) float64 {
	most := 0.
	for i := range c.turns {
		if c.turns[i].Name == name {
			most = max(most, f(&c.turns[i]))
		}
	}
	return most
}

// ratio compares neighbours in time, as the machine's speed drifts: it is the
// mean over the rounds of ours to what base says of the same round.
func (c *comparison) ratio(f func(*turn) float64, base func(round int) float64) float64 {
	return c.mean(c.subjects[0].name, func(t *turn) float64 { return f(t) / base(t.Round) })
}

// peerOf gives the peer's f of a round.
func (c *comparison) peerOf(f func(*turn) float64) func(round int) float64 {
	return func(round int) float64 {
		for i := range c.turns {
			if c.turns[i].Name == c.subjects[1].name && c.turns[i].Round == round {
				return f(&c.turns[i])
			}
		}
		return 0
	}
}

// disturbance is a sentence when the rates of this run mean little, or empty.
func (c *comparison) disturbance() string {
	least, most := c.calibration(false), c.calibration(true)
	others := 0.
	for _, t := range c.turns {
		others = max(others, (t.OthersS+t.StealS)/(t.Oneshot.TotalS+1))
	}
	if most < least*calibSpread && others < othersShare {
		return ""
	}
	return fmt.Sprintf("Disturbed: calibration %.0f to %.0f ms, other processes took up to %.2f CPUs. Rates of this run mean little; run it again on a quiet machine.\n\n", least, most, others)
}

// report is the tables, in Markdown, and whether every bar was met.
func (c *comparison) report() (string, bool) {
	limit := func(round int) float64 { return c.limits[round-1].CombinedPerS }
	rate := func(t *turn) float64 { return t.Oneshot.ChecksPerS }
	cpu := func(t *turn) float64 { return t.Oneshot.Procs["operator"].Per1k }
	peak := func(t *turn) float64 { return mib(t.Oneshot.Procs["operator"].After.HWMKiB) }
	idleAnon := func(t *turn) float64 { return mib(t.Idle.AnonKiB) }
	idleRSS := func(t *turn) float64 { return mib(t.Idle.RSSKiB) }
	beyond := func(t *turn) float64 { return t.Oneshot.writes() - 1 }
	writes := func(t *turn) float64 { return t.Oneshot.writes() }
	wrong := func(t *turn) float64 {
		return float64(c.n-t.Oneshot.Completed+t.Oneshot.NotPass) + float64(t.Mock.Again+t.Mock.Bad+t.ReRun)
	}
	cached := func(t *turn) float64 {
		if t.Cached == nil {
			return 0
		}
		return mib(t.Cached.AnonKiB)
	}
	ours, peer := c.subjects[0].name, c.subjects[1].name

	var b strings.Builder
	fmt.Fprintf(&b, "\n%d HealthChecks at once, %s each, %d rounds; calibration %.0f to %.0f ms\n\n", c.n, c.delay, c.rounds, c.calibration(false), c.calibration(true))
	b.WriteString(c.disturbance())
	b.WriteString("| | " + ours + " | " + peer + " |\n|---|---|---|\n")
	row := func(what, format string, f func(*turn) float64, total func(string, func(*turn) float64) float64) {
		fmt.Fprintf(&b, "| %s | "+format+" | "+format+" |\n", what, total(ours, f), total(peer, f))
	}
	row("checks/s (mean)", "%.1f", rate, c.mean)
	row("operator CPU seconds per 1,000 checks (mean)", "%.2f", cpu, c.mean)
	row("peak RSS, MiB (worst)", "%.1f", peak, c.worst)
	row("API writes of the operator per check (worst)", "%.2f", writes, c.worst)
	row("added to Completed, p50 ms (mean)", "%.0f", func(t *turn) float64 { return t.Oneshot.LatSeen.P50 }, c.mean)
	row("idle RssAnon, MiB (worst)", "%.1f", idleAnon, c.worst)
	row("idle VmRSS, MiB (worst)", "%.1f", idleRSS, c.worst)
	row(fmt.Sprintf("RssAnon with %d finished checks, MiB", c.cached), "%.1f", cached, c.worst)
	row("checks lost, wrong or run again (worst)", "%.0f", wrong, c.worst)
	b.WriteString("\nRaw write limit of this API server (`kload limit`, combined), by round:")
	for _, l := range c.limits {
		fmt.Fprintf(&b, " %.1f", l.CombinedPerS)
	}
	b.WriteString(" checks/s\n\n")

	b.WriteString("| bar | measured | wanted | |\n|---|---|---|---|\n")
	passed := true
	bar := func(what string, got float64, sign string, want float64, format string) {
		ok, word := got <= want, "PASS"
		if sign == ">=" {
			ok = got >= want
		} else if sign == "<" {
			ok = got < want
		}
		if !ok {
			passed, word = false, "MISS"
		}
		fmt.Fprintf(&b, "| %s | "+format+" | %s "+format+" | %s |\n", what, got, sign, want, word)
	}
	bar("checks/s, of the peer's", c.ratio(rate, c.peerOf(rate)), ">=", 1, "%.2f")
	bar("checks/s, of the raw write limit", c.ratio(rate, limit), ">=", limitShare, "%.2f")
	bar("CPU per check, of the peer's", c.ratio(cpu, c.peerOf(cpu)), "<=", cpuShare, "%.2f")
	bar("peak RSS, MiB", c.worst(ours, peak), "<", c.worst(peer, peak), "%.1f")
	bar("idle RssAnon, MiB", c.worst(ours, idleAnon), "<=", idleAnonMiB, "%.1f")
	bar("idle VmRSS, MiB", c.worst(ours, idleRSS), "<=", idleRSSMiB, "%.1f")
	if c.cached > 0 {
		bar(fmt.Sprintf("RssAnon with %d finished checks, MiB", c.cached), c.worst(ours, cached), "<=", cachedAnonMiB, "%.1f")
	}
	bar("API writes per check beyond the event Started", c.worst(ours, beyond), "<=", writesPerCheck, "%.2f")
	bar("checks lost, wrong or run again", c.worst(ours, wrong), "<=", 0, "%.0f")
	return b.String(), passed
}

// calibration is the least or the largest time that the fixed piece of work took.
func (c *comparison) calibration(largest bool) float64 {
	v := c.turns[0].CalibMS[0]
	for _, t := range c.turns {
		for _, ms := range t.CalibMS {
			if largest {
				v = max(v, ms)
			} else {
				v = min(v, ms)
			}
		}
	}
	return v
}
