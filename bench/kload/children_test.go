package main

import (
	"fmt"
	"math"
	"testing"
	"time"
)

var minute = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func childEvent(schedule, name, scheduledAtText string, at time.Time, phase string) *event {
	e := &event{Type: "ADDED", at: at}
	e.Object.Metadata.Name = name
	e.Object.Metadata.Labels = map[string]string{scheduledBy: schedule}
	if scheduledAtText != "" {
		e.Object.Metadata.Annotations = map[string]string{scheduledAt: scheduledAtText}
	}
	e.Object.Status.Phase = phase
	if phase == "Completed" {
		e.Object.Status.Result = "pass"
	}
	return e
}

func TestTickIsWhatTheChildSaysAndElseTheMinuteItCame(t *testing.T) {
	for _, x := range []struct {
		what, name, annotation string
		at, want               time.Time
	}{
		{"annotation", "kc-1-00000-20261126-120000-123456", "2026-11-26T12:00:00Z", minute.Add(90 * time.Second), minute},
		{"unix minutes", fmt.Sprintf("kc-1-00000-%d", minute.Unix()/60), "", minute.Add(90 * time.Second), minute},
		{"a hash of digits is no time", "kc-1-00000-123456", "", minute.Add(2 * time.Second), minute},
		{"a little early", "kc-1-00000-abcdef", "", minute.Add(-900 * time.Millisecond), minute},
		{"late", "kc-1-00000-abcdef", "", minute.Add(58 * time.Second), minute},
		{"not a time", "kc-1-00000-abcdef", "noon", minute.Add(2 * time.Second), minute},
	} {
		if got := tickOf(childEvent("kc-1-00000", x.name, x.annotation, x.at, "")); !got.Equal(x.want) {
			t.Errorf("%s: tick %s, want %s", x.what, got.UTC(), x.want)
		}
	}
}

func TestSumTellsMissedDoubledStrayAndUnfinishedApart(t *testing.T) {
	c := newChildren("kc-1-", 3)
	tick := func(schedule, m, copies int, phase string) {
		for i := range copies {
			at := minute.Add(time.Duration(m) * time.Minute)
			c.see(childEvent(scheduleName("kc-1-", schedule), fmt.Sprintf("%d-%d-%d", schedule, m, i), at.Format(time.RFC3339), at.Add(time.Second), phase))
		}
	}
	tick(0, 0, 1, "Completed")
	tick(0, 1, 1, "Completed")
	tick(1, 0, 2, "Completed") // doubled
	tick(1, 1, 1, "Running")   // unfinished
	tick(2, 1, 1, "Failed")    // its first tick is missed
	tick(2, 5, 1, "Completed") // never due
	tick(2, -1, 1, "Completed")
	c.see(childEvent("kc-2-00000", "x", "", minute, "Completed")) // of another run
	c.see(childEvent("kc-1-00009", "y", "", minute, "Completed"))
	got := c.sum(minute, 2)
	if got.Runs != 8 || got.Missed != 1 || got.Doubled != 1 || got.Stray != 2 || got.NotPass != 2 || c.endedCount() != 7 {
		t.Errorf("%+v, ended %d", got, c.endedCount())
	}
	if got.Skew.N != 5 || got.Skew.Max != 1000 || got.Ticks[0].Missed != 1 || got.Ticks[1].Missed != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAChildIsSeenOnceAndEndsOnce(t *testing.T) {
	c := newChildren("kc-1-", 1)
	for i, phase := range []string{"", "Running", "Completed", "Completed"} {
		e := childEvent("kc-1-00000", "x", minute.Format(time.RFC3339), minute.Add(time.Duration(i)*time.Second), phase)
		if i > 0 {
			e.Type = "MODIFIED"
		}
		c.see(e)
	}
	got := c.sum(minute, 1)
	if got.Runs != 1 || got.Skew.Max != 0 || got.End.Max != 2000 || c.endedCount() != 1 {
		t.Errorf("%+v", got)
	}
}

func TestBurstRateLeavesOutRampAndStragglers(t *testing.T) {
	var at []time.Time
	for i := range 100 {
		at = append(at, minute.Add(time.Duration(i)*10*time.Millisecond))
	}
	at[99] = at[99].Add(time.Minute)
	at[0] = at[0].Add(-time.Minute)
	if got := burstRate(at); math.Abs(got-100) > 1e-9 {
		t.Errorf("%f creates/s, want 100", got)
	}
	if got := burstRate(at[:19]); got != 0 {
		t.Errorf("%f of too few", got)
	}
}
