package main

import (
	"slices"
	"sync"
	"time"
)

// child is a HealthCheck that a schedule made, with the times at which the watch saw it.
type child struct {
	schedule           int
	tick, added, ended time.Time
	pass               bool
}

// children collects those of the schedules <prefix>0 to <prefix>n-1.
type children struct {
	prefix string
	n      int

	mu     sync.Mutex
	byName map[string]*child
	ended  int
}

func newChildren(prefix string, n int) *children {
	return &children{prefix: prefix, n: n, byName: map[string]*child{}}
}

func (c *children) see(e *event) {
	parent := e.Object.Metadata.Labels[scheduledBy]
	i := index(parent)
	if i < 0 || i >= c.n || parent != scheduleName(c.prefix, i) || e.Type == "DELETED" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.byName[e.Object.Metadata.Name]
	if x == nil {
		x = &child{schedule: i, tick: tickOf(e), added: e.at}
		c.byName[e.Object.Metadata.Name] = x
	}
	if s := e.Object.Status; (s.Phase == "Completed" || s.Phase == "Failed") && x.ended.IsZero() {
		x.ended = e.at
		x.pass = s.Phase == "Completed" && s.Result == "pass"
		c.ended++
	}
}

func (c *children) endedCount() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// tickResult is what became of one tick of all schedules.
type tickResult struct {
	At      string  `json:"at"`
	Skew    dist    `json:"skew_ms_created"`
	PerS    float64 `json:"create_per_s"` // between the 5th and the 95th percentile
	Missed  int     `json:"missed"`
	Doubled int     `json:"doubled"`
}

// ticksSum is what became of all ticks.
type ticksSum struct {
	Ticks   []tickResult `json:"ticks"`
	Skew    dist         `json:"all_skew_ms_created"`
	End     dist         `json:"all_skew_ms_ended"`
	Runs    int          `json:"runs"` // children of any tick
	Missed  int          `json:"missed"`
	Doubled int          `json:"doubled"`
	Stray   int          `json:"children_of_no_measured_tick"`
	NotPass int          `json:"not_ended_or_not_pass"`
}

// sum sorts the children by the full minutes from first on.
func (c *children) sum(first time.Time, minutes int) ticksSum {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := ticksSum{Runs: len(c.byName)}
	byTick := make([]map[int][]*child, minutes) // and by schedule
	for m := range byTick {
		byTick[m] = map[int][]*child{}
	}
	var ends []time.Duration
	for _, x := range c.byName {
		if !x.pass {
			s.NotPass++
		}
		if m := int(x.tick.Sub(first) / time.Minute); !x.tick.Before(first) && m < minutes {
			byTick[m][x.schedule] = append(byTick[m][x.schedule], x)
			if !x.ended.IsZero() {
				ends = append(ends, x.ended.Sub(x.tick))
			}
		} else {
			s.Stray++
		}
	}
	var skews []time.Duration
	for m, bySchedule := range byTick {
		t, own := sumTick(first.Add(time.Duration(m)*time.Minute), bySchedule, c.n)
		s.Ticks = append(s.Ticks, t)
		s.Missed += t.Missed
		s.Doubled += t.Doubled
		skews = append(skews, own...)
	}
	s.Skew, s.End = distMS(skews), distMS(ends)
	return s
}

// sumTick also returns how long after the tick each schedule's first child came.
func sumTick(at time.Time, bySchedule map[int][]*child, n int) (tickResult, []time.Duration) {
	t := tickResult{At: at.UTC().Format(time.RFC3339), Missed: n - len(bySchedule)}
	var skews []time.Duration
	var added []time.Time
	for _, own := range bySchedule {
		t.Doubled += len(own) - 1
		first := own[0].added
		for _, x := range own {
			added = append(added, x.added)
			if x.added.Before(first) {
				first = x.added
			}
		}
		skews = append(skews, first.Sub(at))
	}
	t.Skew, t.PerS = distMS(skews), r3(burstRate(added))
	return t, skews
}

// burstRate is events per second between the 5th and the 95th percentile of their
// times, which leaves out the ramp and the stragglers; 0 when there are too few.
func burstRate(at []time.Time) float64 {
	const fewest = 20
	if len(at) < fewest {
		return 0
	}
	slices.SortFunc(at, time.Time.Compare)
	from, to := len(at)/20, len(at)-1-len(at)/20
	took := at[to].Sub(at[from]).Seconds()
	if took <= 0 {
		return 0
	}
	return float64(to-from) / took
}
