package main

import (
	"math"
	"strings"
	"testing"
)

func TestABarPassesOnlyOnAMeasuredFigure(t *testing.T) {
	for _, x := range []struct {
		got, want float64
		sign      string
		word      string
	}{
		{0.9, 0.9, ">=", "PASS"}, {0.89, 0.9, ">=", "MISS"},
		{0, 0, "<=", "PASS"}, {1, 0, "<=", "MISS"},
		{1, 2, "<", "PASS"}, {2, 2, "<", "MISS"},
		{math.NaN(), 1, "<=", notMeasured}, {math.Inf(1), 1, ">=", notMeasured}, {1, math.NaN(), "<", notMeasured},
	} {
		r := &report{}
		r.bar("x", x.got, x.sign, x.want, "%.2f")
		if !strings.HasSuffix(r.String(), "| "+x.word+" |\n") || r.missed == (x.word == "PASS") {
			t.Errorf("%v %s %v: %s (missed: %v)", x.got, x.sign, x.want, r.String(), r.missed)
		}
	}
}

func TestAReportOfATurnWithoutRunsPassesNoBar(t *testing.T) {
	empty := func(name string) *turn {
		return &turn{Name: name, Round: 1, Ticks: &ticksResult{ticksSum: ticksSum{Missed: 3, Ticks: []tickResult{{}}}}}
	}
	c := &schedulesBench{raw: []createsResult{{PerS: 100}}, rawOnce: []createsResult{{PerS: 100}}, only: "abc",
		every: turns{empty(oursName), empty(peerName)}, once: turns{empty(oursName)},
		standing: turns{{Name: oursName, Waiting: &waitingResult{N: 10, WindowS: 60, Quiet: true, Procs: map[string]procDelta{"operator": {}}}}}}
	r := &report{}
	c.write(r)
	if strings.Contains(r.String(), "PASS") || !r.missed {
		t.Error(r.String())
	}
}

func TestWritesAreCountedOfOurObjectsAndEventsWithTheirFailures(t *testing.T) {
	got := writesOf(map[string]float64{"POST healthchecks": 1, "PUT healthchecks/status": 2, "PUT scheduledhealthchecks/status 409": 0.5, "POST events": 1,
		"PATCH events": 0.25, "DELETE healthchecks": 0.125, "GET healthchecks": 7, "WATCH scheduledhealthchecks": 7, "PUT leases": 7})
	if got != 4.875 {
		t.Errorf("%f writes", got)
	}
}
