package main

import (
	"fmt"
	"math"
	"strings"
)

const (
	calibSpread = 1.3 // slowest to fastest calibration of a run on a quiet machine
	othersShare = 0.1 // CPU of other processes, of the operator's turn

	notMeasured = "n/a"
)

func mib(kib int) float64 { return float64(kib) / 1024 }

// report is a text in Markdown, and whether a bar in it was missed or not measured.
type report struct {
	strings.Builder
	missed bool
}

func (r *report) writef(format string, args ...any) { fmt.Fprintf(&r.Builder, format, args...) }

func (r *report) head(columns ...string) {
	r.writef("| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func (r *report) row(what, format string, values ...float64) {
	cells := []string{what}
	for _, v := range values {
		cells = append(cells, figure(format, v))
	}
	r.writef("| %s |\n", strings.Join(cells, " | "))
}

// compare is a row of both operators; total is turns.mean, worst or last of them.
func (r *report) compare(what, format string, total func(string, func(*turn) float64) float64, f func(*turn) float64) {
	r.row(what, format, total(oursName, f), total(peerName, f))
}

func (r *report) barHead() { r.head("bar", "measured", "wanted", "") }

// bar judges a figure. One that could not be measured never passes.
func (r *report) bar(what string, got float64, sign string, want float64, format string) {
	word := "MISS"
	switch {
	case !measured(got) || !measured(want):
		word = notMeasured
	case sign == "<=" && got <= want, sign == ">=" && got >= want, sign == "<" && got < want:
		word = "PASS"
	}
	if word != "PASS" {
		r.missed = true
	}
	r.writef("| %s | %s | %s %s | %s |\n", what, figure(format, got), sign, figure(format, want), word)
}

func measured(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func figure(format string, v float64) string {
	if !measured(v) {
		return notMeasured
	}
	return fmt.Sprintf(format, v)
}

// positive takes a zero for a figure that is lacking.
func positive(v float64) float64 {
	if v > 0 {
		return v
	}
	return math.NaN()
}
