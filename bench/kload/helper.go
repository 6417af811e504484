package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	stopGrace   = 15 * time.Second
	startGrace  = 30 * time.Second // until a helper has printed its line
	settleLimit = time.Minute
)

// helper is a process that ends with this one.
type helper struct {
	cmd     *exec.Cmd
	log     string
	started time.Time
	done    chan struct{}
}

func start(env []string, stdout, stderr io.Writer, command ...string) (*helper, error) {
	h := &helper{cmd: exec.Command(command[0], command[1:]...), done: make(chan struct{})}
	h.cmd.Env = append(os.Environ(), env...)
	h.cmd.Stdout, h.cmd.Stderr = stdout, stderr
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	h.started = time.Now()
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

// settled waits until the memory has not changed by 1 % for 5 s, at most for the limit.
func (h *helper) settled(ctx context.Context, limit time.Duration) (*procStat, error) {
	var last procStat
	still := 0
	for end := time.Now().Add(limit); time.Now().Before(end) && still < 5; {
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
