package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	stopGrace   = 15 * time.Second
	startGrace  = 30 * time.Second // until a helper has printed its line
	planeGrace  = 3 * time.Minute
	settleLimit = time.Minute
	self        = "/proc/self/exe" // work that is to be told apart runs in a process of its own
)

// comparison runs two operators in turn, each time with a fresh control plane.
type comparison struct {
	testcluster, crds, out string
	n, cached, rounds      int
	delay, settle          time.Duration
	subjects               []subject // ours first
	log                    *os.File  // one line of JSON per measurement

	limits []limitResult
	turns  []turn
}

type subject struct {
	name    string
	command []string
}

// turn is one operator's go at the work.
type turn struct {
	Cmd     string        `json:"cmd"`
	Name    string        `json:"name"`
	Round   int           `json:"round"`
	At      time.Time     `json:"at"`
	CalibMS [2]float64    `json:"calib_ms"` // before and after
	Idle    procStat      `json:"idle"`
	Oneshot oneshotResult `json:"oneshot"`
	Mock    mockStats     `json:"mock"`
	OthersS float64       `json:"others_cpu_s"` // CPU that processes not of this bench took meanwhile
	StealS  float64       `json:"steal_cpu_s"`  // and the hypervisor
	Cached  *procStat     `json:"cached,omitempty"`
	ReRun   int           `json:"finished_checks_run_again"`
}

func cmdOperator(args []string) (any, error) {
	c := &comparison{}
	fs := flag.NewFlagSet("operator", flag.ExitOnError)
	fs.StringVar(&c.testcluster, "testcluster", "", "the program of tests/cluster")
	fs.StringVar(&c.crds, "crds", "", "folder of the CRDs, used for both operators")
	fs.StringVar(&c.out, "out", "", "folder for results and logs")
	ours := fs.String("ours", "", "command of the operator under test")
	peer := fs.String("peer", "", "command of the one to compare with")
	fs.IntVar(&c.n, "n", 2000, "checks at once")
	fs.IntVar(&c.cached, "cached", 10000, "finished checks for the memory of the cache")
	fs.IntVar(&c.rounds, "rounds", 2, "turns of each operator")
	fs.DurationVar(&c.delay, "delay", 50*time.Millisecond, "how long a check takes")
	fs.DurationVar(&c.settle, "settle", 12*time.Second, "from the operator's start to the load")
	fs.Parse(args)
	c.subjects = []subject{{"holmes", strings.Fields(*ours)}, {"peer", strings.Fields(*peer)}}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return nil, err
	}
	var err error
	base := filepath.Join(c.out, "operator-"+time.Now().UTC().Format("20060102-150405"))
	if c.log, err = os.Create(base + ".jsonl"); err != nil {
		return nil, err
	}
	defer c.log.Close()
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	text, passed := c.report()
	fmt.Print(text)
	if err := os.WriteFile(base+".md", []byte(text), 0o644); err != nil {
		return nil, err
	}
	if !passed {
		return nil, fmt.Errorf("a bar was missed; the measurements are in %s.jsonl", base)
	}
	return nil, nil
}

// run interleaves: limit, A, B, limit, A, B, ...
func (c *comparison) run(ctx context.Context) error {
	for round := range c.rounds {
		if err := c.measureLimit(ctx); err != nil {
			return fmt.Errorf("limit: %w", err)
		}
		for _, s := range c.subjects {
			if err := c.measure(ctx, s, round); err != nil {
				return fmt.Errorf("%s, round %d: %w", s.name, round+1, err)
			}
		}
	}
	return nil
}

func (c *comparison) measureLimit(ctx context.Context) error {
	p, err := c.startPlane(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	var l limitResult
	if err := c.kload(ctx, &l, "limit", "--kubeconfig", p.Kubeconfig, "--n", fmt.Sprint(c.n), "--also", p.pids()); err != nil {
		return err
	}
	c.limits = append(c.limits, l)
	return c.note(l, fmt.Sprintf("limit    %6.1f checks/s (raw writes, no operator)", l.CombinedPerS))
}

func (c *comparison) measure(ctx context.Context, s subject, round int) error {
	p, err := c.startPlane(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	mock, line, err := startHelper(ctx, startGrace, nil, self, "mockapi", "--delay", c.delay.String())
	if err != nil {
		return err
	}
	defer mock.stop()
	var api struct{ URL string }
	if err := json.Unmarshal(line, &api); err != nil {
		return err
	}
	env := []string{"KUBECONFIG=" + p.Kubeconfig, "HOLMES_API_URL=" + api.URL, "HOLMES_METRICS_ADDRESS=127.0.0.1:0"}
	logPath := filepath.Join(c.out, fmt.Sprintf("%s-%d.log", s.name, round+1))
	op, err := startLogged(env, logPath, s.command)
	if err != nil {
		return err
	}
	defer func() { op.stop() }()
	t := turn{Cmd: "operator", Name: s.name, Round: round + 1, At: time.Now().UTC()}
	if err := op.sleep(ctx, c.settle); err != nil {
		return err
	}
	if t.Idle, err = readProc(op.pid()); err != nil {
		return err
	}
	if t.CalibMS[0], err = c.calib(ctx); err != nil {
		return err
	}
	loadErr := c.kload(ctx, &t.Oneshot, "oneshot", "--kubeconfig", p.Kubeconfig, "--n", fmt.Sprint(c.n), "--pid", fmt.Sprint(op.pid()),
		"--also", p.pids()+fmt.Sprintf(",mock=%d", mock.pid()))
	if t.Oneshot.Cmd == "" {
		return loadErr // else the result tells of it
	}
	if t.CalibMS[1], err = c.calib(ctx); err != nil {
		return err
	}
	if t.Mock, err = readStats(api.URL); err != nil {
		return err
	}
	t.OthersS, t.StealS = others(t.Oneshot.Procs)
	if round == c.rounds-1 && t.Oneshot.Completed > 0 && c.cached > 0 {
		op.stop()
		if err := c.kload(ctx, &fillResult{}, "fill", "--kubeconfig", p.Kubeconfig, "--n", fmt.Sprint(c.cached)); err != nil {
			return err
		}
		if op, err = startLogged(env, logPath, s.command); err != nil {
			return err
		}
		if t.Cached, err = op.settled(ctx); err != nil {
			return err
		}
		again, err := readStats(api.URL)
		if err != nil {
			return err
		}
		t.ReRun = again.Total - t.Mock.Total
	}
	c.turns = append(c.turns, t)
	return c.note(t, fmt.Sprintf("%-8s %6.1f checks/s, %.2f CPU s/1000, peak %.1f MiB, calib %.0f/%.0f ms, other processes %.1f CPU s", s.name,
		t.Oneshot.ChecksPerS, t.Oneshot.Procs["operator"].Per1k, mib(t.Oneshot.Procs["operator"].After.HWMKiB), t.CalibMS[0], t.CalibMS[1], t.OthersS))
}

// note writes a measurement to the log and a line for who waits.
func (c *comparison) note(v any, line string) error {
	fmt.Fprintln(os.Stderr, line)
	return json.NewEncoder(c.log).Encode(v)
}

// kload runs a subcommand in a process of its own, so that its CPU is told apart.
func (c *comparison) kload(ctx context.Context, out any, args ...string) error {
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if len(bytes.TrimSpace(text)) > 0 {
		if jsonErr := json.Unmarshal(text, out); jsonErr != nil {
			return jsonErr
		}
	}
	return err
}

func (c *comparison) calib(ctx context.Context) (float64, error) {
	var r struct {
		MS float64 `json:"calib_ms"`
	}
	err := c.kload(ctx, &r, "calib")
	return r.MS, err
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

func readStats(url string) (s mockStats, err error) {
	resp, err := http.Get(url + "/stats")
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// plane is a fresh etcd and kube-apiserver with our CRDs.
type plane struct {
	*helper
	dir          string
	Kubeconfig   string `json:"kubeconfig"`
	EtcdPID      int    `json:"etcd_pid"`
	APIServerPID int    `json:"apiserver_pid"`
}

func (c *comparison) startPlane(ctx context.Context) (*plane, error) {
	dir, err := os.MkdirTemp("", "kload-")
	if err != nil {
		return nil, err
	}
	h, line, err := startHelper(ctx, planeGrace, nil, c.testcluster, "up", "--dir", dir, "--no-kubelet", "--no-controller-manager", "--parent-pid", fmt.Sprint(os.Getpid()))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p := &plane{helper: h, dir: dir}
	err = json.Unmarshal(line, p)
	if err == nil {
		var k *kube
		if k, err = newCommon("crds").client([]string{"--kubeconfig", p.Kubeconfig}); err == nil {
			err = k.applyCRDs(ctx, c.crds)
		}
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *plane) stop() {
	p.helper.stop()
	os.RemoveAll(p.dir)
}

func (p *plane) pids() string { return fmt.Sprintf("apiserver=%d,etcd=%d", p.APIServerPID, p.EtcdPID) }

// helper is a process that ends with this one.
type helper struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

func start(env []string, stdout, stderr io.Writer, command ...string) (*helper, error) {
	h := &helper{cmd: exec.Command(command[0], command[1:]...), done: make(chan struct{})}
	h.cmd.Env = append(os.Environ(), env...)
	h.cmd.Stdout, h.cmd.Stderr = stdout, stderr
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { h.cmd.Wait(); close(h.done) }()
	return h, nil
}

// startHelper returns when the process has printed its first line.
func startHelper(ctx context.Context, limit time.Duration, env []string, command ...string) (*helper, []byte, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	h, err := start(env, w, os.Stderr, command...)
	w.Close()
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	lines := make(chan []byte, 1)
	go func() {
		b := bufio.NewReader(r)
		line, _ := b.ReadBytes('\n')
		lines <- line
		io.Copy(io.Discard, b)
		r.Close()
	}()
	select {
	case line := <-lines:
		if len(line) > 0 {
			return h, line, nil
		}
	case <-ctx.Done():
	case <-time.After(limit):
	}
	h.stop()
	return nil, nil, fmt.Errorf("%s did not start", strings.Join(command, " "))
}

// startLogged adds what the process says to a file.
func startLogged(env []string, path string, command []string) (*helper, error) {
	if len(command) == 0 {
		return nil, fmt.Errorf("no command")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := start(env, f, f, command...)
	if err == nil {
		h.log = path
	}
	return h, err
}

func (h *helper) pid() int { return h.cmd.Process.Pid }

func (h *helper) stop() {
	h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.done:
	case <-time.After(stopGrace):
		h.cmd.Process.Kill()
		<-h.done
	}
}

// sleep fails when the process ends meanwhile.
func (h *helper) sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-h.done:
		return fmt.Errorf("the operator ended; see %s", h.log)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// settled waits until the memory has not changed by 1 % for 5 s.
func (h *helper) settled(ctx context.Context) (*procStat, error) {
	var last procStat
	still := 0
	for end := time.Now().Add(settleLimit); time.Now().Before(end) && still < 5; {
		if err := h.sleep(ctx, time.Second); err != nil {
			return nil, err
		}
		now, err := readProc(h.pid())
		if err != nil {
			return nil, err
		}
		if d := now.AnonKiB - last.AnonKiB; d*100 < last.AnonKiB && -d*100 < last.AnonKiB && now.CPU-last.CPU < 0.1 {
			still++
		} else {
			still = 0
		}
		last = now
	}
	return &last, nil
}
