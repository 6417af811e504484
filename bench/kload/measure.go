package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// parallel runs f(0..n-1) on w workers and stops at the first error.
func parallel(n, w int, f func(i int) error) error {
	var next, failed atomic.Int64
	var first atomic.Pointer[error]
	var wg sync.WaitGroup
	for range w {
		wg.Go(func() {
			for failed.Load() == 0 {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if p := first.Load(); p != nil {
		return *p
	}
	return nil
}

// procStat is what /proc says of a process.
type procStat struct {
	RSSKiB  int     `json:"rss_kib"`
	AnonKiB int     `json:"rss_anon_kib"`
	HWMKiB  int     `json:"hwm_kib"`
	CPU     float64 `json:"cpu_s"` // utime+stime
	User    float64 `json:"utime_s"`
	Sys     float64 `json:"stime_s"`
}

func readProc(pid int) (s procStat, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return s, err
	}
	sc := bufio.NewScanner(bytes.NewReader(b))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 2 {
			continue
		}
		kib, _ := strconv.Atoi(f[1])
		switch f[0] {
		case "VmRSS:":
			s.RSSKiB = kib
		case "RssAnon:":
			s.AnonKiB = kib
		case "VmHWM:":
			s.HWMKiB = kib
		}
	}
	if b, err = os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil {
		return s, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	u, _ := strconv.ParseFloat(f[11], 64)
	y, _ := strconv.ParseFloat(f[12], 64)
	s.User, s.Sys, s.CPU = u/100, y/100, r3((u+y)/100) // CLK_TCK is 100
	return s, nil
}

type procDelta struct {
	Before procStat `json:"before"`
	After  procStat `json:"after"`
	CPU    float64  `json:"cpu_s"`
	Per1k  float64  `json:"cpu_s_per_1000,omitempty"`
}

// procs reads the operator, the others that were named, and the harness itself.
func (c *common) procs() map[string]procStat {
	m := map[string]procStat{}
	add := func(name string, pid int) {
		if s, err := readProc(pid); err == nil {
			m[name] = s
		}
	}
	if *c.pid > 0 {
		add("operator", *c.pid)
	}
	for _, kv := range strings.Split(*c.also, ",") {
		if name, pid, ok := strings.Cut(kv, "="); ok {
			n, _ := strconv.Atoi(pid)
			add(name, n)
		}
	}
	add("harness", syscall.Getpid())
	// All of the machine, to see what others took: busy and stolen CPU seconds.
	if b, err := os.ReadFile("/proc/stat"); err == nil {
		line, _, _ := strings.Cut(string(b), "\n")
		var v [8]float64
		for i, f := range strings.Fields(line)[1:] {
			if i < len(v) {
				v[i], _ = strconv.ParseFloat(f, 64)
			}
		}
		m["machine_busy"] = procStat{CPU: r3((v[0] + v[1] + v[2] + v[5] + v[6]) / 100)}
		m["machine_steal"] = procStat{CPU: r3(v[7] / 100)}
	}
	return m
}

func procDiff(a, b map[string]procStat, checks int) map[string]procDelta {
	m := map[string]procDelta{}
	for name, before := range a {
		after, ok := b[name]
		if !ok {
			continue // it died
		}
		d := procDelta{Before: before, After: after, CPU: r3(after.CPU - before.CPU)}
		if checks > 0 {
			d.Per1k = r3(d.CPU / float64(checks) * 1000)
		}
		m[name] = d
	}
	return m
}

// closedWatches counts the watches that the API server closed because their
// client (or its own serving of it) was too slow.
const closedWatches = "closed watches"

// untilQuiet waits until nobody has written our objects or events for a while, so
// that what an operator puts off is counted too. It returns the requests by then,
// and whether it became quiet within the limit.
func (k *kube) untilQuiet(ctx context.Context, quiet, limit time.Duration) (map[string]float64, bool, error) {
	before, err := k.requests(ctx)
	for end := time.Now().Add(limit); err == nil && time.Until(end) >= quiet; {
		time.Sleep(quiet)
		var now map[string]float64
		if now, err = k.requests(ctx); err == nil && writesOf(now) == writesOf(before) {
			return now, true, nil
		}
		before = now
	}
	return before, false, err
}

// mustBeQuiet is untilQuiet for figures that mean nothing while writes go on.
func (k *kube) mustBeQuiet(ctx context.Context, quiet time.Duration) (map[string]float64, error) {
	req, became, err := k.untilQuiet(ctx, quiet, quietLimit)
	if err == nil && !became {
		err = fmt.Errorf("writes did not end within %v", quietLimit)
	}
	return req, err
}

// requests reads apiserver_request_total by "VERB resource/subresource".
func (k *kube) requests(ctx context.Context) (map[string]float64, error) {
	raw, err := k.Get().AbsPath("/metrics").SetHeader("Accept", "text/plain").Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	m := map[string]float64{}
	r := bufio.NewReaderSize(raw, 1<<20)
	for {
		l, err := r.ReadString('\n')
		if strings.HasPrefix(l, "apiserver_terminated_watchers_total{") {
			v, _ := strconv.ParseFloat(strings.TrimSpace(l[strings.LastIndexByte(l, ' ')+1:]), 64)
			m[closedWatches] += v
		} else if rest, ok := strings.CutPrefix(l, "apiserver_request_total{"); ok {
			labels, val, _ := strings.Cut(rest, "} ")
			get := func(n string) string {
				_, v, ok := strings.Cut(","+labels, ","+n+`="`)
				if !ok {
					return ""
				}
				v, _, _ = strings.Cut(v, `"`)
				return v
			}
			key := get("verb") + " " + get("resource")
			if s := get("subresource"); s != "" {
				key += "/" + s
			}
			if code := get("code"); !strings.HasPrefix(code, "2") && code != "0" {
				key += " " + code
			}
			v, _ := strconv.ParseFloat(strings.TrimSpace(val), 64)
			m[key] += v
		}
		if err == io.EOF {
			return m, nil
		} else if err != nil {
			return nil, err
		}
	}
}

// writesOf sums up the writes of our objects and of events in what requests or requestsPer tell.
func writesOf(requests map[string]float64) float64 {
	sum := 0.
	for key, count := range requests {
		verb, resource, _ := strings.Cut(key, " ")
		switch verb {
		case "POST", "PUT", "PATCH", "DELETE", "DELETECOLLECTION", "APPLY":
			if strings.HasPrefix(resource, "healthchecks") || strings.HasPrefix(resource, "scheduledhealthchecks") || strings.HasPrefix(resource, "events") {
				sum += count
			}
		}
	}
	return sum
}

// requestsPer gives the difference per check: by verb, and by verb and resource.
func requestsPer(a, b map[string]float64, n int) (byVerb, byKey map[string]float64) {
	byVerb, byKey = map[string]float64{}, map[string]float64{}
	total := 0.0
	for key, v := range b {
		if d := v - a[key]; d > 0 && key != closedWatches {
			per := d / float64(n)
			verb, _, _ := strings.Cut(key, " ")
			byVerb[verb] += per
			total += per
			if per >= 0.002 {
				byKey[key] = r3(per)
			}
		}
	}
	byVerb["total"] = total
	for v, x := range byVerb {
		byVerb[v] = r3(x)
	}
	return
}

type dist struct {
	N   int     `json:"n"`
	Min float64 `json:"min"`
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// distMS sums up durations in milliseconds.
func distMS(d []time.Duration) dist {
	if len(d) == 0 {
		return dist{}
	}
	slices.Sort(d)
	at := func(p float64) float64 {
		i := int(math.Ceil(p*float64(len(d)))) - 1
		return r3(float64(d[max(0, i)].Microseconds()) / 1000)
	}
	return dist{len(d), at(0), at(0.5), at(0.99), at(1)}
}

func r3(x float64) float64 { return math.Round(x*1000) / 1000 }

func newRun() string { return strconv.FormatInt(time.Now().UnixMilli()%1e10, 36) }

// index reads the number that ends a name made by this harness.
func index(name string) int {
	i, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	if err != nil {
		return -1
	}
	return i
}
