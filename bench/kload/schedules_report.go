package main

import (
	"fmt"
	"math"
	"strings"
)

const (
	createShare    = 0.9    // of the raw create rate
	runCPUShare    = 1. / 3 // of the peer's
	skewSeconds    = 2.5    // p99
	writesPerRun   = 6.
	waitingPercent = 0.2 // of one core
)

// meanRate is creates per second within a burst, mean of the ticks; not a number when a tick lacks it.
func meanRate(r *ticksResult) float64 {
	sum := 0.
	for _, t := range r.Ticks {
		sum += positive(t.PerS)
	}
	return sum / float64(len(r.Ticks))
}

// Figures of a turn with ticks. Without a single run all but the missed ticks are lacking.

func ofRuns(f func(*ticksResult) float64) func(*turn) float64 {
	return func(t *turn) float64 {
		if t.Ticks.Runs == 0 {
			return math.NaN()
		}
		return f(t.Ticks)
	}
}

// ofWork is for what a run costs: it is lacking when the operator had not done with its runs.
func ofWork(f func(*ticksResult) float64) func(*turn) float64 {
	return ofRuns(func(r *ticksResult) float64 {
		if !r.Quiet {
			return math.NaN()
		}
		return f(r)
	})
}

func seconds(d dist, ms float64) float64 {
	if d.N == 0 {
		return math.NaN()
	}
	return ms / 1000
}

func createRate(t *turn) float64 { return meanRate(t.Ticks) }
func missed(t *turn) float64     { return float64(t.Ticks.Missed) }
func tickPeak(t *turn) float64   { return operatorFigure(t.Ticks.Procs, peakMiB) }

var (
	skewP50    = ofRuns(func(r *ticksResult) float64 { return seconds(r.Skew, r.Skew.P50) })
	skewP99    = ofRuns(func(r *ticksResult) float64 { return seconds(r.Skew, r.Skew.P99) })
	skewMax    = ofRuns(func(r *ticksResult) float64 { return seconds(r.Skew, r.Skew.Max) })
	endP99     = ofRuns(func(r *ticksResult) float64 { return seconds(r.End, r.End.P99) })
	writesEach = ofWork(func(r *ticksResult) float64 { return positive(r.Writes) })
	doubled    = ofRuns(func(r *ticksResult) float64 { return float64(r.Doubled + r.Stray) })
	notPass    = ofRuns(func(r *ticksResult) float64 { return float64(r.NotPass) })
	runCPU     = ofWork(func(r *ticksResult) float64 {
		return operatorFigure(r.Procs, func(p procDelta) float64 { return p.Per1k })
	})
)

func rawRate(raw []createsResult) func(round int) float64 {
	return func(round int) float64 { return positive(raw[round-1].PerS) }
}

func (c *schedulesBench) write(r *report) {
	if c.runs("a") {
		c.writeEvery(r)
	}
	if c.runs("b") {
		c.writeOnce(r)
	}
	if c.runs("c") {
		c.writeWaiting(r)
	}
	r.WriteString("\n")
	r.barHead()
	if c.runs("a") {
		c.barsEvery(r)
	}
	if c.runs("b") {
		c.barsOnce(r)
	}
	if c.runs("c") {
		c.barsWaiting(r)
	}
}

func (c *schedulesBench) writeEvery(r *report) {
	ts := c.every
	least, most := ts.calibration()
	r.writef("\n## a: %d every-minute schedules, %d ticks, checks of %s, %d rounds; calibration %.0f to %.0f ms\n\n", c.n, c.minutes, c.delay, c.rounds, least, most)
	r.WriteString(ts.disturbance())
	writeUnquiet(r, ts)
	r.head("", oursName, peerName)
	r.compare("minute to creation, p50 s (mean)", "%.2f", ts.mean, skewP50)
	r.compare("minute to creation, p99 s (worst)", "%.2f", ts.worst, skewP99)
	r.compare("minute to creation, max s (worst)", "%.2f", ts.worst, skewMax)
	r.compare("creates/s in the burst (mean)", "%.1f", ts.mean, createRate)
	raw := rawRate(c.raw)
	r.compare("... of the raw create rate", "%.2f", ts.mean, func(t *turn) float64 { return createRate(t) / raw(t.Round) })
	r.compare("minute to the run's end, p99 s (worst)", "%.2f", ts.worst, endP99)
	r.compare("operator CPU seconds per 1,000 runs (mean)", "%.2f", ts.mean, runCPU)
	r.compare("API writes of the operator per run (worst)", "%.2f", ts.worst, writesEach)
	r.compare("peak RSS, MiB (worst)", "%.1f", ts.worst, tickPeak)
	r.compare("ticks missed (worst)", "%.0f", ts.worst, missed)
	r.compare("ticks doubled, or of no due minute (worst)", "%.0f", ts.worst, doubled)
	r.compare("runs not ended or not pass (worst)", "%.0f", ts.worst, notPass)
	writeRaw(r, c.raw)
}

// writeUnquiet says why figures of what a run costs are lacking.
func writeUnquiet(r *report, ts turns) {
	for _, t := range ts {
		if t.Ticks.Runs > 0 && !t.Ticks.Quiet {
			r.writef("%s, round %d: it still wrote when the time was over, so what its runs cost was not measured.\n\n", t.Name, t.Round)
		}
	}
}

func writeRaw(r *report, raw []createsResult) {
	var rates []string
	for _, x := range raw {
		rates = append(rates, fmt.Sprintf("%.1f/s on %d connections", x.PerS, x.Connections))
	}
	r.writef("\nRaw create rate of this API server (`kload creates`), by round: %s\n", strings.Join(rates, ", "))
}

func (c *schedulesBench) writeOnce(r *report) {
	ts := c.once
	r.writef("\n## b: %d schedules on one minute\n\n%s", c.atOnce, ts.disturbance())
	writeUnquiet(r, ts)
	r.head("", oursName)
	row := func(what, format string, f func(*turn) float64) { r.row(what, format, ts.last(oursName, f)) }
	row("minute to creation, p99 s", "%.2f", skewP99)
	row("creates/s in the burst", "%.1f", createRate)
	row("operator CPU seconds per 1,000 runs", "%.2f", runCPU)
	row("API writes of the operator per run", "%.2f", writesEach)
	row("peak RSS, MiB", "%.1f", tickPeak)
	row("runs not ended or not pass", "%.0f", notPass)
	writeRaw(r, c.rawOnce)
}

func (c *schedulesBench) writeWaiting(r *report) {
	t := c.standing[0]
	w := t.Waiting
	r.writef("\n## c: %d schedules that are not due, for %.0f s\n\n%s", w.N, w.WindowS, c.standing.disturbance())
	if !w.Quiet {
		r.writef("The operator still wrote %.0f s after the schedules were made.\n\n", w.QuietS)
	}
	if w.Planned < w.N {
		r.writef("Only %d schedules have a status.nextScheduleTime: the operator does not show that it knows the others, so its rest proves nothing.\n\n", w.Planned)
	}
	r.head("", oursName)
	r.row("until it was quiet, s", "%.0f", w.QuietS)
	r.row("API writes", "%.0f", w.Writes)
	r.row("CPU, % of one core", "%.3f", waitingCPU(w))
	r.row("peak RSS, MiB", "%.1f", operatorFigure(w.Procs, peakMiB))
}

func waitingCPU(w *waitingResult) float64 {
	return operatorFigure(w.Procs, func(p procDelta) float64 { return 100 * p.CPU / w.WindowS })
}

func (c *schedulesBench) barsEvery(r *report) {
	ts := c.every
	r.bar("a: creates/s, of the raw create rate", ts.ratio(createRate, rawRate(c.raw)), ">=", createShare, "%.2f")
	r.bar("a: minute to creation, p99 s", ts.worst(oursName, skewP99), "<=", skewSeconds, "%.2f")
	r.bar("a: ticks missed", ts.worst(oursName, missed), "<=", 0, "%.0f")
	r.bar("a: ticks doubled, or of no due minute", ts.worst(oursName, doubled), "<=", 0, "%.0f")
	r.bar("a: runs not ended or not pass", ts.worst(oursName, notPass), "<=", 0, "%.0f")
	r.bar("a: CPU per run, of the peer's", ts.ratio(runCPU, ts.peerOf(runCPU)), "<=", runCPUShare, "%.2f")
	r.bar("a: API writes per run", ts.worst(oursName, writesEach), "<=", writesPerRun, "%.2f")
}

func (c *schedulesBench) barsOnce(r *report) {
	ts := c.once
	r.bar("b: ticks missed", ts.last(oursName, missed), "<=", 0, "%.0f")
	r.bar("b: ticks doubled, or of no due minute", ts.last(oursName, doubled), "<=", 0, "%.0f")
	r.bar("b: creates/s, of the raw create rate", ts.ratio(createRate, rawRate(c.rawOnce)), ">=", createShare, "%.2f")
}

func (c *schedulesBench) barsWaiting(r *report) {
	w := c.standing[0].Waiting
	writes, cpu := w.Writes, waitingCPU(w)
	if w.Planned < w.N {
		writes, cpu = math.NaN(), math.NaN()
	}
	r.bar("c: API writes", writes, "<=", 0, "%.0f")
	r.bar("c: CPU, % of one core", cpu, "<", waitingPercent, "%.3f")
}
