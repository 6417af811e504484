package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
)

// turn is one operator's go at a load.
type turn struct {
	Cmd     string     `json:"cmd"` // the benchmark, and the case of it
	Name    string     `json:"name"`
	Round   int        `json:"round"`
	At      time.Time  `json:"at"`
	CalibMS [2]float64 `json:"calib_ms"` // before and after
	Idle    procStat   `json:"idle"`
	Mock    mockStats  `json:"mock"`
	OthersS float64    `json:"others_cpu_s"` // CPU that processes not of this bench took meanwhile
	StealS  float64    `json:"steal_cpu_s"`  // and the hypervisor
	WindowS float64    `json:"window_s"`     // while the load was measured

	Oneshot *oneshotResult `json:"oneshot,omitempty"` // the load's result is one of these
	Ticks   *ticksResult   `json:"ticks,omitempty"`
	Waiting *waitingResult `json:"waiting,omitempty"`

	Cached *procStat `json:"cached,omitempty"`
	ReRun  int       `json:"finished_checks_run_again"`
}

// loaded is what every load tells: for how long it measured, and what the processes took.
type loaded struct {
	seconds float64
	procs   map[string]procDelta
}

// take gives the operator of a stage time to settle, and runs load between two calibrations.
func (b *bench) take(ctx context.Context, st *stage, t *turn, load func() (loaded, error)) error {
	t.At = time.Now().UTC()
	if err := st.op.sleep(ctx, b.settle); err != nil {
		return err
	}
	var err error
	if t.Idle, err = readProc(st.op.pid()); err != nil {
		return err
	}
	if t.CalibMS[0], err = b.calib(ctx); err != nil {
		return err
	}
	l, err := load()
	if err != nil {
		return err
	}
	if t.CalibMS[1], err = b.calib(ctx); err != nil {
		return err
	}
	t.WindowS = l.seconds
	t.OthersS, t.StealS = others(l.procs)
	t.Mock, err = st.mockStats()
	return err
}

func (t *turn) machine() string {
	return fmt.Sprintf("calib %.0f/%.0f ms, other processes %.1f CPU s", t.CalibMS[0], t.CalibMS[1], t.OthersS)
}

func others(procs map[string]procDelta) (other, steal float64) {
	other = procs["machine_busy"].CPU
	for name, p := range procs {
		if !strings.HasPrefix(name, "machine_") {
			other -= p.CPU
		}
	}
	return r3(max(0, other)), procs["machine_steal"].CPU
}

// operatorFigure is f of the operator's process; not a number when it ended under the load.
func operatorFigure(procs map[string]procDelta, f func(procDelta) float64) float64 {
	p, ok := procs["operator"]
	if !ok {
		return math.NaN()
	}
	return f(p)
}

func peakMiB(p procDelta) float64 { return mib(p.After.HWMKiB) }

// turns are those of one case.
type turns []*turn

// mean of f over the turns of one operator. A figure that a turn lacks (not a
// number) makes the mean one that is lacking, here and in all below.
func (ts turns) mean(name string, f func(*turn) float64) float64 {
	own := ts.of(name)
	sum := 0.
	for _, t := range own {
		sum += f(t)
	}
	return sum / float64(len(own))
}

// worst is the largest f over the turns of one operator.
func (ts turns) worst(name string, f func(*turn) float64) float64 {
	most := math.NaN()
	for i, t := range ts.of(name) {
		if v := f(t); i == 0 {
			most = v
		} else {
			most = max(most, v)
		}
	}
	return most
}

// last is f of the last turn of one operator.
func (ts turns) last(name string, f func(*turn) float64) float64 {
	own := ts.of(name)
	if len(own) == 0 {
		return math.NaN()
	}
	return f(own[len(own)-1])
}

func (ts turns) of(name string) (own turns) {
	for _, t := range ts {
		if t.Name == name {
			own = append(own, t)
		}
	}
	return own
}

// ratio compares neighbours in time, as the machine's speed drifts: it is the
// mean over the rounds of ours to what base says of the same round.
func (ts turns) ratio(f func(*turn) float64, base func(round int) float64) float64 {
	return ts.mean(oursName, func(t *turn) float64 { return f(t) / base(t.Round) })
}

// peerOf gives the peer's f of a round.
func (ts turns) peerOf(f func(*turn) float64) func(round int) float64 {
	return func(round int) float64 {
		for _, t := range ts.of(peerName) {
			if t.Round == round {
				return f(t)
			}
		}
		return math.NaN()
	}
}

// calibration is the least and the largest time that the fixed piece of work took.
func (ts turns) calibration() (least, most float64) {
	least = math.Inf(1)
	for _, t := range ts {
		least = min(least, t.CalibMS[0], t.CalibMS[1])
		most = max(most, t.CalibMS[0], t.CalibMS[1])
	}
	return least, most
}

// disturbance is a sentence when the rates of these turns mean little, or empty.
func (ts turns) disturbance() string {
	least, most := ts.calibration()
	others := 0.
	for _, t := range ts {
		others = max(others, (t.OthersS+t.StealS)/(t.WindowS+1))
	}
	if most < least*calibSpread && others < othersShare {
		return ""
	}
	return fmt.Sprintf("Disturbed: calibration %.0f to %.0f ms, other processes took up to %.2f CPUs. Rates of this run mean little; run it again on a quiet machine.\n\n", least, most, others)
}
