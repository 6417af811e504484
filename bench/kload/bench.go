package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	oursName = "holmes"
	peerName = "peer"
	self     = "/proc/self/exe" // work that is to be told apart runs in a process of its own
)

// bench is what every benchmark with a report has in common.
type bench struct {
	testcluster, crds, out string
	rounds                 int
	delay, settle          time.Duration
	subjects               []subject // ours first
	log                    *os.File  // one line of JSON per measurement
}

type subject struct {
	name    string
	command []string
}

// flags are those of every comparison; rounds and settle are defaults.
func (b *bench) flags(name string, rounds int, settle time.Duration) *flag.FlagSet {
	fs := b.commonFlags(name)
	fs.StringVar(&b.testcluster, "testcluster", "", "the program of tests/cluster")
	fs.StringVar(&b.crds, "crds", "", "folder of the CRDs, used for both operators")
	fs.Func("peer", "command of the one to compare with, after --ours", b.add(peerName))
	fs.IntVar(&b.rounds, "rounds", rounds, "turns of each operator")
	fs.DurationVar(&b.delay, "delay", 50*time.Millisecond, "how long a check takes")
	fs.DurationVar(&b.settle, "settle", settle, "from the operator's start to the load")
	return fs
}

// commonFlags are those of every benchmark.
func (b *bench) commonFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ExitOnError)
	fs.StringVar(&b.out, "out", "", "folder for results and logs")
	fs.Func("ours", "command of what is measured", b.add(oursName))
	return fs
}

func (b *bench) add(name string) func(string) error {
	return func(text string) error {
		b.subjects = append(b.subjects, subject{name, strings.Fields(text)})
		return nil
	}
}

// run measures, prints the report and keeps it; it fails when a bar was missed.
func (b *bench) run(name string, measure func(context.Context) error, write func(*report)) error {
	if len(b.subjects) == 0 || b.subjects[0].name != oursName {
		return fmt.Errorf("--ours is needed, and then --peer")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	base := filepath.Join(b.out, name+"-"+time.Now().UTC().Format("20060102-150405"))
	var err error
	if b.log, err = os.Create(base + ".jsonl"); err != nil {
		return err
	}
	defer b.log.Close()
	if err := measure(ctx); err != nil {
		return err
	}
	r := &report{}
	write(r)
	fmt.Print(r.String())
	if err := os.WriteFile(base+".md", []byte(r.String()), 0o644); err != nil {
		return err
	}
	if r.missed {
		return fmt.Errorf("a bar was missed or not measured; the measurements are in %s.jsonl", base)
	}
	return nil
}

// note writes a measurement to the log and a line for who waits.
func (b *bench) note(v any, line string) error {
	fmt.Fprintln(os.Stderr, line)
	return json.NewEncoder(b.log).Encode(v)
}

// kload runs a subcommand in a process of its own, so that its CPU is told apart.
func (b *bench) kload(ctx context.Context, out any, args ...string) error {
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

func (b *bench) calib(ctx context.Context) (float64, error) {
	var r struct {
		MS float64 `json:"calib_ms"`
	}
	err := b.kload(ctx, &r, "calib")
	return r.MS, err
}
