package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	healthInterval = 10 * time.Millisecond
	startInterval  = time.Millisecond
	requestLimit   = 5 * time.Minute
	settleIdle     = time.Second
	callsPerCheck  = 3 // look, write down, classify
)

// serverBench loads the check API with a provider that takes its time.
type serverBench struct {
	bench
	n, rows         int
	think           time.Duration
	loopN, loopMore int
	loopParallel    int
	starts          int
	serverFlags     string
	load, loop      *serverTurn
	startMS         dist
}

// serverTurn is what a number of checks did to one server process.
type serverTurn struct {
	Cmd      string        `json:"cmd"`
	N        int           `json:"n"`
	Parallel int           `json:"parallel"`
	Idle     procStat      `json:"idle"` // of the server
	End      procStat      `json:"end"`  // its peak is that of the whole turn
	Wall     float64       `json:"wall_s"`
	CheckMS  dist          `json:"check_ms"`
	HealthMS dist          `json:"healthz_ms"`
	NotPass  int           `json:"not_pass"`
	Failures []string      `json:"failures"` // the first few
	Provider providerStats `json:"provider"`
}

func cmdServer(args []string) (any, error) {
	c := &serverBench{}
	fs := c.commonFlags("server")
	fs.IntVar(&c.n, "n", 1000, "checks in flight")
	fs.DurationVar(&c.think, "think", 5*time.Second, "how long a model call takes")
	fs.IntVar(&c.rows, "rows", 20, "pods that a check lists")
	fs.IntVar(&c.loopN, "loop-n", 100, "checks of the loop's CPU")
	fs.IntVar(&c.loopMore, "loop-more", 12, "their model calls with a large context")
	fs.IntVar(&c.loopParallel, "loop-parallel", 20, "of these at once")
	fs.IntVar(&c.starts, "starts", 15, "how often it is started")
	fs.StringVar(&c.serverFlags, "server-flags", "", "further flags of the server")
	fs.Parse(args)
	return nil, c.run("server", c.measure, c.write)
}

func (c *serverBench) measure(ctx context.Context) error {
	var err error
	if c.load, err = c.turn(ctx, "load", c.n, c.n, "--delay", c.think.String(), "--rows", fmt.Sprint(c.rows)); err != nil {
		return err
	}
	// Two lists of 24 KiB, which is as much as a tool answers.
	if c.loop, err = c.turn(ctx, "loop", c.loopN, c.loopParallel, "--delay", "50ms", "--rows", "200", "--lists", "2", "--more", fmt.Sprint(c.loopMore)); err != nil {
		return err
	}
	return c.measureStarts(ctx)
}

// served is a server process and the stub of its provider and cluster.
type served struct {
	stub, server *helper
	stubURL, url string
	client       *http.Client
}

func (c *serverBench) serve(ctx context.Context, log string, provider ...string) (*served, error) {
	stub, line, err := startHelper(ctx, startGrace, nil, append([]string{self, "provider"}, provider...)...)
	if err != nil {
		return nil, err
	}
	s := &served{stub: stub, client: &http.Client{Timeout: requestLimit, Transport: &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: 4096}}}
	var told struct{ URL, CA string }
	if err := json.Unmarshal(line, &told); err != nil {
		s.stop()
		return nil, err
	}
	s.stubURL = told.URL
	kubeconfig := filepath.Join(c.out, "server.kubeconfig")
	if err := writeKubeconfig(kubeconfig, told.URL, told.CA); err != nil {
		s.stop()
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		s.stop()
		return nil, err
	}
	s.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	command := append(append([]string{}, c.subjects[0].command...), "--host", "127.0.0.1", "--port", fmt.Sprint(port),
		"--max-concurrent-executions", fmt.Sprint(max(c.n, 64)))
	command = append(command, strings.Fields(c.serverFlags)...)
	env := []string{"KUBECONFIG=" + kubeconfig, "MODEL=openai/stub", "OPENAI_API_KEY=bench", "OPENAI_API_BASE=" + told.URL + "/v1",
		"CERTIFICATE=" + base64.StdEncoding.EncodeToString([]byte(told.CA)), "LOG_LEVEL=WARNING", "HTTPS_PROXY=", "HTTP_PROXY=",
		fmt.Sprintf("HOLMES_MODEL_MAX_CONCURRENT_CALLS=%d", max(c.n, 64))}
	if s.server, err = startLogged(env, filepath.Join(c.out, log), command); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *served) stop() {
	for _, h := range []*helper{s.server, s.stub} {
		if h != nil {
			h.stop()
		}
	}
}

// ready waits for /readyz.
func (s *served) ready(ctx context.Context) error {
	for end := time.Now().Add(startGrace); time.Now().Before(end); {
		if resp, err := s.client.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := s.server.sleep(ctx, startInterval); err != nil {
			return err
		}
	}
	return fmt.Errorf("the server is not ready; see %s", s.server.log)
}

func (c *serverBench) turn(ctx context.Context, name string, n, parallelN int, provider ...string) (*serverTurn, error) {
	s, err := c.serve(ctx, "server-"+name+".log", provider...)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := s.server.sleep(ctx, settleIdle); err != nil {
		return nil, err
	}
	t := &serverTurn{Cmd: name, N: n, Parallel: parallelN}
	if t.Idle, err = readProc(s.server.pid()); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	health := make(chan []time.Duration)
	go func() { health <- s.askHealth(ended) }()
	started := time.Now()
	took := make([]time.Duration, n)
	var mu sync.Mutex
	parallel(n, parallelN, func(i int) error {
		begun := time.Now()
		err := s.check(ctx, fmt.Sprintf("default/bench-%d", i))
		took[i] = time.Since(begun)
		if err != nil {
			mu.Lock()
			if t.NotPass++; len(t.Failures) < 5 {
				t.Failures = append(t.Failures, err.Error())
			}
			mu.Unlock()
		}
		return nil
	})
	t.Wall = r3(time.Since(started).Seconds())
	close(ended)
	t.HealthMS, t.CheckMS = distMS(<-health), distMS(took)
	if t.End, err = readProc(s.server.pid()); err != nil {
		return nil, err
	}
	if err := c.stubStats(s, &t.Provider); err != nil {
		return nil, err
	}
	line := fmt.Sprintf("%s: %d checks, %d not passed, slowest %.2f s, peak %.1f MiB, healthz p99 %.1f ms, CPU %.2f s, %d model calls (%d large), %d connections",
		name, n, t.NotPass, t.CheckMS.Max/1000, mib(t.End.HWMKiB), t.HealthMS.P99, t.End.CPU-t.Idle.CPU, t.Provider.Calls, t.Provider.BigCalls, t.Provider.Connections)
	return t, c.note(t, line)
}

func (c *serverBench) stubStats(s *served, stats *providerStats) error {
	client := &http.Client{Timeout: startGrace, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := client.Get(s.stubURL + "/stats")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(stats)
}

func (s *served) check(ctx context.Context, name string) error {
	body := []byte(`{"query":"Are all pods of the payment gateway healthy?","timeout":120}`)
	req, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/check/execute", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Check-Name", name)
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var got struct{ Status, Error string }
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &got); err != nil || got.Status != "pass" {
		return fmt.Errorf("HTTP %d: %s", resp.StatusCode, text)
	}
	return nil
}

// askHealth asks as a kubelet does, with a connection for each question.
func (s *served) askHealth(ended <-chan struct{}) []time.Duration {
	client := &http.Client{Timeout: requestLimit, Transport: &http.Transport{DisableKeepAlives: true}}
	var took []time.Duration
	tick := time.NewTicker(healthInterval)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return took
		case <-tick.C:
		}
		begun := time.Now()
		resp, err := client.Get(s.url + "/healthz")
		if err != nil || resp.StatusCode != http.StatusOK {
			took = append(took, requestLimit) // it counts as one that never came
		} else {
			took = append(took, time.Since(begun))
		}
		if err == nil {
			resp.Body.Close()
		}
	}
}

// measureStarts tells how long it takes from exec to ready.
func (c *serverBench) measureStarts(ctx context.Context) error {
	var took []time.Duration
	for range c.starts {
		d, err := c.startOnce(ctx)
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	c.startMS = distMS(took)
	return c.note(map[string]any{"cmd": "start", "ms": c.startMS}, fmt.Sprintf("start to ready: fastest %.1f, median %.1f, slowest %.1f ms", c.startMS.Min, c.startMS.P50, c.startMS.Max))
}

func (c *serverBench) startOnce(ctx context.Context) (time.Duration, error) {
	s, err := c.serve(ctx, "server-start.log")
	if err != nil {
		return 0, err
	}
	defer s.stop()
	err = s.ready(ctx)
	return time.Since(s.server.started), err
}

const (
	serverRSS     = 120. // MiB
	serverSlack   = 1.1  // of the ideal
	serverHealth  = 50.  // ms
	serverLoopCPU = 2.   // ms per model call
	serverStart   = 50.  // ms
)

func (c *serverBench) write(r *report) {
	load, loop := c.load, c.loop
	ideal := c.think.Seconds() * callsPerCheck
	perCall := func(t *serverTurn, calls int) float64 {
		return (t.End.CPU - t.Idle.CPU) / float64(calls) * 1000
	}
	r.writef("\n%d checks at once, %d model calls of %s each over TLS, and a list of %d pods\n\n", c.n, callsPerCheck, c.think, c.rows)
	r.head("", oursName)
	r.row("idle VmRSS, MiB", "%.1f", mib(load.Idle.RSSKiB))
	r.row("model calls", "%.0f", float64(load.Provider.Calls))
	r.row("most in flight", "%.0f", float64(load.Provider.Most))
	r.row("connections to provider and cluster", "%.0f", float64(load.Provider.Connections))
	r.row("bytes of a request", "%.0f", float64(load.Provider.Bytes)/float64(load.Provider.Calls))
	r.row("CPU of a model call, ms", "%.2f", perCall(load, load.Provider.Calls))
	r.row("check, median, s", "%.2f", load.CheckMS.P50/1000)
	r.row("/healthz, median, ms", "%.2f", load.HealthMS.P50)
	r.row("start to ready, median, ms", "%.1f", c.startMS.P50)
	r.WriteString("\n")
	r.barHead()
	r.bar("checks not passed", float64(load.NotPass+loop.NotPass), "<=", 0, "%.0f")
	r.bar("in flight at once", float64(load.Provider.Most), ">=", float64(c.n)*0.99, "%.0f")
	r.bar("peak RSS (VmHWM), MiB", mib(load.End.HWMKiB), "<=", serverRSS, "%.1f")
	r.bar("slowest check, s", load.CheckMS.Max/1000, "<=", ideal*serverSlack, "%.2f")
	r.bar("/healthz p99, ms", load.HealthMS.P99, "<", serverHealth, "%.1f")
	r.bar("CPU of a model call with 50 kB of context, ms", perCall(loop, loop.Provider.BigCalls), "<=", serverLoopCPU, "%.2f")
	r.bar("start to ready, fastest, ms", c.startMS.Min, "<=", serverStart, "%.1f")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	return strconv.Atoi(port)
}
